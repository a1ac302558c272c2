//! Whom we tell our peers of (BEP 11): a [`Roster`], one a swarm, holds those that we are
//! in touch with, in the order in which they came; a [`Mouth`] for each session remembers
//! no more than how far down that order its peer was told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::peer::pex::{PeerExchange, PexFlags};

use super::pace::Pace;

/// Whom we are in touch with, at most: the last to come push out the first. A peer is told
/// fifty a minute.
const MOST: usize = 500;

/// Those who left, at most; who was told of an older one is not told that it left.
const MOST_GONE: usize = 500;

/// Waits for news double so often.
const LONGEST_WAIT: u8 = 3;

/// Whom we are in touch with. Its copies are what sessions read.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Numbers those who come and those who leave.
    turn: u64,
    /// Those who are here, by the turn in which they came.
    here: BTreeMap<u64, Acquaintance>,
    turns: HashMap<SocketAddr, u64>,
    gone: VecDeque<Departure>,
    changed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Acquaintance {
    at: SocketAddr,
    flags: PexFlags,
    /// The session is over: it leaves then.
    until: Option<Moment>,
}

#[derive(Clone, Copy, Debug)]
struct Departure {
    at: SocketAddr,
    came: u64,
    left: u64,
}

impl Roster {
    /// We are in touch with a peer, which is as the flags say.
    pub fn meet(&mut self, at: SocketAddr, flags: PexFlags) {
        if let Some(known) = self.turns.get(&at).and_then(|it| self.here.get_mut(it)) {
            self.changed |= known.flags != flags;
            (known.flags, known.until) = (flags, None);
            return;
        }
        if let Some(first) = self
            .here
            .values()
            .next()
            .filter(|_| self.here.len() >= MOST)
        {
            self.leave(first.at);
        }
        self.turn += 1;
        let until = None;
        self.here
            .insert(self.turn, Acquaintance { at, flags, until });
        self.turns.insert(at, self.turn);
        self.changed = true;
    }

    /// We left a peer that can be reached: it is told of until then.
    pub fn part(&mut self, at: SocketAddr, until: Moment) {
        if let Some(known) = self.turns.get(&at).and_then(|it| self.here.get_mut(it)) {
            known.until = Some(until);
        }
    }

    /// A peer left, or is not reached any more.
    pub fn leave(&mut self, at: SocketAddr) {
        let Some(came) = self.turns.remove(&at) else {
            return;
        };
        self.here.remove(&came);
        self.turn += 1;
        let left = self.turn;
        self.gone.push_back(Departure { at, came, left });
        if self.gone.len() > MOST_GONE {
            self.gone.pop_front();
        }
        self.changed = true;
    }

    /// Everybody is forgotten.
    pub fn clear(&mut self) {
        *self = Roster {
            turn: self.turn + 1,
            changed: true,
            ..Roster::default()
        };
    }

    /// The roster as it is now, if it has changed since the last call.
    pub fn publish(&mut self, now: Moment) -> Option<Roster> {
        let over = |it: &&Acquaintance| it.until.is_some_and(|until| until <= now);
        let over: Vec<_> = self.here.values().filter(over).map(|it| it.at).collect();
        over.into_iter().for_each(|at| self.leave(at));
        std::mem::take(&mut self.changed).then(|| self.clone())
    }
}

/// What one session's peer was told.
#[derive(Clone, Debug, Default)]
pub struct Mouth {
    /// Those who came until that turn, and those who left.
    came: u64,
    left: u64,
    spoke_at: Option<Moment>,
    /// None: the peer does not listen.
    due: Option<Moment>,
    /// How often in a row there were no news.
    in_vain: u8,
}

impl Mouth {
    /// A peer at whose address this was said last.
    pub fn after(spoke_at: Option<Moment>) -> Self {
        Mouth {
            spoke_at,
            ..Mouth::default()
        }
    }

    /// The peer listens.
    pub fn open(&mut self, now: Moment, pace: Pace) {
        let earliest = self.spoke_at.map(|it| it + pace.gossip_told_gap());
        self.due
            .get_or_insert(earliest.map_or(now, |it| it.max(now)));
    }

    /// It is told nothing more.
    pub fn shut(&mut self) {
        self.due = None;
    }

    /// When to speak, or to look for something to say.
    pub fn due(&self) -> Option<Moment> {
        self.due
    }

    /// When something was said last.
    pub fn spoke_at(&self) -> Option<Moment> {
        self.spoke_at
    }

    /// What the peer is to be told now: it is not told of itself, which lives at `own`.
    pub fn speak(
        &mut self,
        now: Moment,
        roster: &Roster,
        own: &[SocketAddr],
        pace: Pace,
    ) -> Option<PeerExchange> {
        self.due?;
        let told = self.came;
        let mut said = PeerExchange::default();
        for (turn, it) in roster.here.range(told + 1..) {
            if said.added.len() == Pace::GOSSIP_TOLD {
                break;
            }
            self.came = *turn;
            if !own.contains(&it.at) {
                said.added.push((it.at, it.flags));
            }
        }
        let heard_of = self.left;
        for it in roster.gone.iter().filter(|it| it.left > heard_of) {
            if said.dropped.len() == Pace::GOSSIP_TOLD {
                break;
            }
            self.left = it.left;
            // Who came back is not said to have left.
            let news = it.came <= told && !roster.turns.contains_key(&it.at);
            if news && !own.contains(&it.at) {
                said.dropped.push(it.at);
            }
        }
        if said == PeerExchange::default() {
            self.due = Some(now + pace.gossip_look() * (1 << self.in_vain));
            self.in_vain = (self.in_vain + 1).min(LONGEST_WAIT);
            return None;
        }
        self.in_vain = 0;
        self.spoke_at = Some(now);
        self.due = Some(now + pace.gossip_told_gap());
        Some(said)
    }
}

#[cfg(test)]
mod tests;
