//! What one peer's sessions add up to: a confirmed download, or why not.
//!
//! A [`History`] is one peer's record. It folds the reports of all its sessions and
//! holds the rules on which every number rests:
//!
//! - it confirms once, and only from a settled observation below the threshold to
//!   one at or above it;
//! - the first rise decides: confirmed or not, later ones are `again`. A record
//!   whose rise could not be believed is never confirmed afterwards, for nothing
//!   that it shows later proves that it downloads *now*;
//! - a provisional 0 (silence) is replaced by the next session that knows better,
//!   and proves nothing until HAVE messages uphold it;
//! - pieces that no line could carry taint the record for good; a disk check taints
//!   only a rise that it reaches itself.

mod proof;
#[cfg(test)]
mod tests;

pub use self::proof::Proof;

use super::facts::{Evidence, Observation, PeerState, Verdict};
use super::progress::{Crossing, Few, Report, Seen};
use super::yardstick::Yardstick;
use crate::moment::Moment;

/// A rise to the threshold, judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// What became of it.
    pub verdict: Verdict,
    /// The last observation below the threshold.
    pub below: Observation,
    /// The first one at or above it.
    pub reached: Observation,
    /// Whether one session saw both.
    pub evidence: Evidence,
}

impl Rise {
    /// Whether it counts.
    pub fn is_confirmed(&self) -> bool {
        self.verdict == Verdict::Confirmed
    }
}

/// One peer's record over all its sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    first: Option<Observation>,
    last: Option<Observation>,
    below: Option<Observation>,
    state: PeerState,
    proof: Proof,
    revealed: Few,
    marks: Marks,
}

/// What else must survive a restart, beside state and proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    /// The first observation is silence alone.
    provisional: bool,
    /// Pieces were gained faster than any line can carry.
    implausible: bool,
    /// Fell below the threshold after having been above.
    fallen: bool,
}

impl History {
    /// From a store's row. `code` is what [`code`](Self::code) gave; the pieces that
    /// the peer revealed are not stored.
    pub fn restore(
        first: Option<Observation>,
        last: Option<Observation>,
        below: Option<Observation>,
        state: PeerState,
        code: u8,
    ) -> Self {
        History {
            first,
            last,
            below,
            state,
            proof: Proof::from_code(code & 0x0f),
            revealed: Few::default(),
            marks: Marks {
                provisional: code & 0x10 != 0,
                implausible: code & 0x20 != 0,
                fallen: code & 0x40 != 0,
            },
        }
    }

    /// Proof and marks in a byte: bits 0–3 the proof, 4 provisional, 5 implausible,
    /// 6 fallen back.
    pub fn code(&self) -> u8 {
        let Marks {
            provisional,
            implausible,
            fallen,
        } = self.marks;
        let marks = [(provisional, 0x10), (implausible, 0x20), (fallen, 0x40)];
        let set = marks.iter().filter(|(is, _)| *is);
        set.fold(self.proof.code(), |code, (_, bit)| code | bit)
    }

    /// The first settled observation.
    pub fn first(&self) -> Option<Observation> {
        self.first
    }

    /// The last observation.
    pub fn last(&self) -> Option<Observation> {
        self.last
    }

    /// The last settled observation below the threshold.
    pub fn below(&self) -> Option<Observation> {
        self.below
    }

    /// Where the peer stands.
    pub fn state(&self) -> PeerState {
        self.state
    }

    /// Whether it can be told from a super-seeder.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Whether the peer's next rise could still be confirmed.
    pub fn open(&self) -> bool {
        matches!(
            self.state,
            PeerState::Unknown | PeerState::Below | PeerState::PartialSeed
        )
    }

    /// Folds a session's report in. Returns the rise to the threshold that it
    /// completes, if any.
    pub fn take(&mut self, report: &Report, by: &Yardstick) -> Option<Rise> {
        match report {
            Report::Settled(seen) | Report::Replaced(seen) => self.settled(seen, by),
            Report::Step(seen) => {
                self.step(seen, by);
                None
            }
            Report::Crossed(crossing) => self.crossed(crossing, by),
            Report::FellBack(seen) => {
                self.step(seen, by);
                self.marks.fallen = !self.open() && !by.reached(seen.pieces);
                None
            }
            Report::PartialSeed(seen) => {
                self.step(seen, by);
                if self.state == PeerState::Below {
                    self.state = PeerState::PartialSeed;
                }
                None
            }
        }
    }

    /// The session ended unsettled, having heard of so many pieces below the
    /// threshold: a later observation, if there was a first one.
    pub fn glimpsed(&mut self, is: Observation) {
        if self.first.is_some() && !self.marks.provisional {
            self.note_last(is);
        }
    }

    /// Takes in the record of the same peer under another number (a twin). What
    /// was decided of either stays decided.
    pub fn absorb(&mut self, other: &History) {
        if self.open() && matches!(other.state, PeerState::Confirmed | PeerState::NotCounted) {
            self.state = other.state;
        }
        self.marks.implausible |= other.marks.implausible;
        if let Some(below) = other.below {
            self.note_below(below);
        }
        if let Some(last) = other.last {
            self.note_last(last);
        }
    }

    /// A session's first settled observation.
    fn settled(&mut self, seen: &Seen, by: &Yardstick) -> Option<Rise> {
        if seen.provisional && self.first.is_some() {
            // Silence tells nothing to one who knows better.
            return None;
        }
        let replaced = self.marks.provisional && seen.pieces > 0;
        if self.first.is_none() || replaced {
            self.begin(seen, by);
            return None;
        }
        self.step(seen, by);
        if by.reached(seen.pieces) {
            // Without an observation below there is nothing to rise from.
            let below = self.below?;
            self.rise(below, seen.observation(), Evidence::AcrossSessions, None)
        } else {
            self.marks.fallen |= !self.open();
            None
        }
    }

    /// A step, or the end of a session: what is known of progress.
    fn step(&mut self, seen: &Seen, by: &Yardstick) {
        if seen.provisional {
            return;
        }
        let replaced = self.marks.provisional && by.reached(seen.pieces);
        let Some(last) = self.last.filter(|_| !replaced) else {
            self.begin(seen, by);
            return;
        };
        let is = seen.observation();
        self.marks.provisional = false;
        self.marks.implausible |= seen.implausible || self.leapt(is, seen.holds_back, by);
        self.proof = self.proof.with(seen, &self.revealed);
        self.revealed = self.revealed.joined(&seen.revealed);
        if by.reached(is.pieces) {
            self.note_last(is);
            return;
        }
        if self.state == PeerState::PartialSeed && is.pieces > last.pieces {
            self.state = PeerState::Below;
        }
        self.note_below(is);
    }

    /// The threshold was reached within a session.
    fn crossed(&mut self, crossing: &Crossing, by: &Yardstick) -> Option<Rise> {
        let (seen, is) = (&crossing.seen, crossing.seen.observation());
        if self.first.is_none() || self.marks.provisional {
            // No settled observation below was handed in: it was complete for all
            // that is known.
            self.begin(seen, by);
            return None;
        }
        self.note_below(crossing.from);
        self.step(seen, by);
        let checking = crossing.checking.then_some(Verdict::Checking);
        self.rise(crossing.from, is, Evidence::InSession, checking)
    }

    /// The first observation, or the first one better than silence.
    fn begin(&mut self, seen: &Seen, by: &Yardstick) {
        let is = seen.observation();
        let above = by.reached(is.pieces);
        *self = History {
            first: Some(is),
            last: Some(is),
            below: (!above).then_some(is),
            state: if above {
                PeerState::CompleteAtFirst
            } else {
                PeerState::Below
            },
            proof: Proof::default().with(seen, &Few::default()),
            revealed: seen.revealed,
            marks: Marks {
                provisional: seen.provisional && !above,
                implausible: seen.implausible,
                fallen: false,
            },
        };
    }

    /// A rise from `below` to `reached`, unless the record was above already.
    fn rise(
        &mut self,
        below: Observation,
        reached: Observation,
        evidence: Evidence,
        checking: Option<Verdict>,
    ) -> Option<Rise> {
        let verdict = if self.open() {
            let verdict = self.doubt().or(checking).unwrap_or(Verdict::Confirmed);
            self.state = match verdict {
                Verdict::Confirmed => PeerState::Confirmed,
                _ => PeerState::NotCounted,
            };
            verdict
        } else if self.marks.fallen {
            Verdict::Again
        } else {
            return None;
        };
        self.marks.fallen = false;
        Some(Rise {
            verdict,
            below,
            reached,
            evidence,
        })
    }

    fn doubt(&self) -> Option<Verdict> {
        if !self.proof.downloads() {
            Some(Verdict::Unproven)
        } else if self.marks.implausible {
            Some(Verdict::Implausible)
        } else {
            None
        }
    }

    fn leapt(&self, is: Observation, holds_back: bool, by: &Yardstick) -> bool {
        let below = self.below.filter(|below| below.at <= is.at);
        below.is_some_and(|below| by.implausible(below, is, holds_back))
    }

    fn note_below(&mut self, is: Observation) {
        if later(self.below, is.at) {
            self.below = Some(is);
        }
        self.note_last(is);
    }

    fn note_last(&mut self, is: Observation) {
        if later(self.last, is.at) {
            self.last = Some(is);
        }
    }
}

/// Whether `at` is not before what is noted: two sessions may report at once.
fn later(noted: Option<Observation>, at: Moment) -> bool {
    noted.is_none_or(|noted| noted.at <= at)
}
