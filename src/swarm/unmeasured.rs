//! What a session told of its pieces before their number was known.

mod room;

use std::net::SocketAddr;
use std::sync::Arc;

use super::book::{Observed, Who};
use super::progress::{Progress, Report, Seen, Terms};
use crate::moment::Moment;
use crate::protocol::peer::bitfield::{Bitfield, BitfieldError};

use room::Part;
pub use room::Room;

/// One thing that a peer told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It holds one more piece.
    Have(u32),
    /// All that it holds, as it came.
    Bitfield(Box<[u8]>),
    /// It holds all pieces.
    HaveAll,
    /// It holds none.
    HaveNone,
    /// It holds a piece no longer.
    DontHave(u32),
    /// Whether it wants nothing more.
    UploadOnly(bool),
}

/// What a session told of its pieces, each with its time, to be read when the number
/// of pieces is known: as if it had been known all along.
#[derive(Debug)]
pub struct Unmeasured {
    since: Moment,
    told: Vec<(Moment, Told)>,
    part: Part,
}

impl Unmeasured {
    /// A session that has just shaken hands, with its part of the run's room.
    pub fn new(now: Moment, room: &Room) -> Self {
        Unmeasured {
            since: now,
            told: Vec::new(),
            part: room.part(),
        }
    }

    /// Keeps it. False: there is no room for more, and what follows would make no sense
    /// without it.
    #[must_use]
    pub fn keep(&mut self, now: Moment, told: Told) -> bool {
        let bits = match &told {
            Told::Bitfield(bits) => bits.len(),
            _ => 0,
        };
        let fits = self.part.grow(size_of::<(Moment, Told)>() + bits);
        if fits {
            self.told.push((now, told));
        }
        fits
    }

    /// The session's progress up to `now`, with what it would have reported.
    ///
    /// # Errors
    /// A bitfield of another torrent's length. A single piece beyond the last is passed
    /// over.
    pub fn measure(self, terms: Terms, now: Moment) -> Result<Progress, BitfieldError> {
        let mut progress = Progress::new(self.since, terms);
        for (at, told) in self.told {
            let_pass(&mut progress, |due| due < at);
            match told {
                Told::Have(piece) => progress.have(at, piece),
                Told::Bitfield(bits) => {
                    let bits = Bitfield::from_wire(&bits, terms.yardstick.pieces)?;
                    progress.bitfield(at, bits);
                }
                Told::HaveAll => progress.have_all(at),
                Told::HaveNone => progress.have_none(at),
                Told::DontHave(piece) => progress.dont_have(at, piece),
                Told::UploadOnly(says_so) => progress.upload_only(at, says_so),
            }
        }
        let_pass(&mut progress, |due| due <= now);
        Ok(progress)
    }
}

fn let_pass(progress: &mut Progress, is_over: impl Fn(Moment) -> bool) {
    while let Some(due) = progress.poll_timeout().filter(|due| is_over(*due)) {
        progress.handle_timeout(due);
    }
}

/// A session that ended before its torrent was measured.
#[derive(Debug)]
pub struct Kept {
    /// What it told.
    pub told: Unmeasured,
    /// When it ended.
    pub ended_at: Moment,
    /// The other end.
    pub remote: SocketAddr,
    /// Who the peer said it was.
    pub who: Arc<Who>,
    /// The Fast extension on both sides.
    pub fast: bool,
}

impl Kept {
    /// What it would have observed first, and its crossing if there was one, had it
    /// been measured; nothing of a peer that told nothing, or nonsense.
    pub fn observed(self, terms: Terms) -> Option<(Seen, Observed)> {
        let terms = Terms {
            fast: self.fast,
            holds_back: self.who.family.holds_back_have(),
            may_super_seed: self.who.family.may_super_seed(),
            ..terms
        };
        let mut progress = self.told.measure(terms, self.ended_at).ok()?;
        let (mut first, mut crossed) = (None, None);
        while let Some(report) = progress.poll_report() {
            match report {
                Report::Settled(seen) | Report::Replaced(seen) => first = Some(seen),
                Report::Crossed(_) => crossed = crossed.or(Some(report)),
                Report::Step(_) | Report::FellBack(_) | Report::PartialSeed(_) => {}
            }
        }
        let first = first?;
        let observed = Observed {
            who: self.who,
            report: crossed.unwrap_or(Report::Settled(first)),
            best_speed: progress.best_speed().try_into().unwrap_or(u32::MAX),
            expected_finish: None,
        };
        Some((first, observed))
    }
}

/// What ended sessions told, kept until their torrent is measured.
#[derive(Debug, Default)]
pub struct Attic(Vec<Kept>);

impl Attic {
    /// Keeps what a session told, if there is room: for some 3,000 peers of a large
    /// torrent. Those that come later are met again, but their first observation is
    /// lost.
    pub fn keep(&mut self, mut kept: Kept) {
        let told = &mut kept.told;
        if !told.told.is_empty() && told.part.may_stay() && told.part.grow(size_of::<Kept>()) {
            told.told.shrink_to_fit();
            self.0.push(kept);
        }
    }

    /// All of it, in the order in which the sessions ended.
    pub fn take(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::limits;
    use crate::swarm::pace::Pace;
    use crate::swarm::progress::Sums;
    use crate::swarm::yardstick::Yardstick;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn terms() -> Terms {
        Terms {
            yardstick: Yardstick::new(100, 1 << 20, 980),
            fast: true,
            holds_back: false,
            may_super_seed: true,
            sums: Sums::new(1, 100),
            pace: Pace::default(),
        }
    }

    /// The reports of a session that said this and was measured thereafter.
    fn reports(told: Vec<(u64, Told)>) -> Vec<Report> {
        let mut kept = Unmeasured::new(at(0), &Room::default());
        for (millis, told) in told {
            assert!(kept.keep(at(millis), told));
        }
        let mut progress = kept.measure(terms(), at(600_000)).unwrap();
        std::iter::from_fn(|| progress.poll_report()).collect()
    }

    #[test]
    fn a_crossing_before_the_measures_is_seen_with_its_time() {
        let half = Bitfield::from_wire(&[[0xff; 6].as_slice(), &[0; 7]].concat(), 100).unwrap();
        let mut told = vec![(100, Told::Bitfield(half.as_wire().into()))];
        told.extend((48..98).map(|piece| (20_000 + u64::from(piece) * 1000, Told::Have(piece))));
        let reports = reports(told);
        let settled = reports.iter().find_map(|it| match it {
            Report::Settled(seen) => Some((seen.at, seen.pieces)),
            _ => None,
        });
        assert_eq!(
            settled,
            Some((at(350), 48)),
            "when the opening burst was over"
        );
        let crossed = reports.iter().find_map(|it| match it {
            Report::Crossed(crossing) => Some((crossing.seen.at, crossing.from.pieces)),
            _ => None,
        });
        assert_eq!(crossed, Some((at(117_000), 97)));
    }

    #[test]
    fn a_bitfield_of_another_length_is_refused() {
        let mut kept = Unmeasured::new(at(0), &Room::default());
        assert!(kept.keep(at(1), Told::Bitfield([0; 12].into())));
        assert!(kept.measure(terms(), at(2)).is_err());
    }

    #[test]
    fn keeps_no_more_than_its_room() {
        let mut kept = Unmeasured::new(at(0), &Room::default());
        let most = (1..).take_while(|it| kept.keep(at(*it), Told::Have(1)));
        let most = most.count();
        assert!(most > 1_000 && kept.told.len() == most);
        let bits = vec![0; limits::UNMEASURED_BYTES].into();
        assert!(!Unmeasured::new(at(0), &Room::default()).keep(at(1), Told::Bitfield(bits)));
    }
}
