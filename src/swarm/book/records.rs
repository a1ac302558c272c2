//! The peers' records that are kept in memory.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::swarm::facts::{PeerNumber, PeerState};
use crate::swarm::place::Whereabouts;
use crate::swarm::presence::Presence;
use crate::table::Table;

use super::ceiling::Ceiling;
use super::{Figures, Peer};

/// Records kept of one swarm. The largest swarms of the thesis had 45,000 peers;
/// who comes in under a new name each time may not make us keep more than this.
const MAX_RECORDS: usize = 200_000;

/// What is forgotten at once when there are too many: a quarter.
const FORGET_SHARE: usize = 4;

/// The records of one swarm's peers.
#[derive(Debug)]
pub(super) struct Records {
    /// A table of values as large as these would waste half of them, and copy them all
    /// whenever it grows.
    peers: Table<PeerNumber, Box<Peer>>,
    pub(super) ceiling: Ceiling,
    next: PeerNumber,
    /// Those whose rows changed.
    dirty: BTreeSet<PeerNumber>,
    /// How many stand where; those that are forgotten stay counted.
    census: Table<(PeerState, Presence), usize>,
}

impl Records {
    /// None; `next` is the first number that may be given.
    pub(super) fn new(next: PeerNumber) -> Self {
        Records {
            peers: Table::default(),
            ceiling: Ceiling::at(MAX_RECORDS),
            next: PeerNumber(next.0.max(1)),
            dirty: BTreeSet::new(),
            census: Table::default(),
        }
    }

    /// A record as the store has it.
    pub(super) fn restore(&mut self, number: PeerNumber, peer: Peer) {
        *self.census.entry(standing(&peer)).or_default() += 1;
        self.peers.insert(number, Box::new(peer));
        self.next = self.next.max(PeerNumber(number.0.saturating_add(1)));
    }

    /// A new record.
    pub(super) fn enter(&mut self, peer: Peer) -> PeerNumber {
        let number = self.next;
        self.restore(number, peer);
        self.dirty.insert(number);
        number
    }

    pub(super) fn get(&self, number: PeerNumber) -> Option<&Peer> {
        self.peers.get(&number).map(|it| &**it)
    }

    /// Those of which this is true.
    pub(super) fn select(&self, wanted: impl Fn(&Peer) -> bool) -> Vec<PeerNumber> {
        let all = self.peers.iter();
        let found = all.filter(|(_, peer)| wanted(peer));
        found.map(|(number, _)| *number).collect()
    }

    /// How many rows are to be stored.
    pub(super) fn dirty(&self) -> usize {
        self.dirty.len()
    }

    /// Changes a record, whose row is to be stored then.
    pub(super) fn change<T>(
        &mut self,
        number: PeerNumber,
        change: impl FnOnce(&mut Peer) -> T,
    ) -> Option<T> {
        let peer = self.peers.get_mut(&number)?;
        let before = standing(peer);
        let answer = change(peer);
        let after = standing(peer);
        if before != after {
            if let Some(count) = self.census.get_mut(&before) {
                *count = count.saturating_sub(1);
            }
            *self.census.entry(after).or_default() += 1;
        }
        self.dirty.insert(number);
        Some(answer)
    }

    /// Notes where a peer's address is. Its row is not written for that alone.
    pub(super) fn located(&mut self, number: PeerNumber, at: Whereabouts) {
        if let Some(peer) = self.peers.get_mut(&number) {
            peer.whereabouts = Some(Box::new(at));
        }
    }

    /// Notes where a peer of an earlier run was met. Nothing of it is stored.
    pub(super) fn found_at(&mut self, number: PeerNumber, at: SocketAddr) {
        if let Some(peer) = self.peers.get_mut(&number) {
            peer.address = Some(at);
        }
    }

    /// The record that a number stands for today.
    pub(super) fn root(&self, number: PeerNumber) -> PeerNumber {
        let mut root = number;
        // A record is merged into one that is not merged: chains are short, and
        // they do not close.
        while let Some(next) = self.peers.get(&root).and_then(|it| it.merged_into) {
            root = next;
        }
        root
    }

    /// Whether there are as many as may be.
    pub(super) fn is_full(&self) -> bool {
        self.ceiling.is_reached(self.peers.len())
    }

    /// Forgets those that matter least: what was merged, then strangers that came
    /// in once, then who is complete; the longest unseen first. Who is met now, or
    /// not yet stored, stays.
    pub(super) fn forget(&mut self, is_live: impl Fn(PeerNumber) -> bool) {
        let idle = self.peers.iter();
        let idle = idle.filter(|(number, _)| !self.dirty.contains(number) && !is_live(**number));
        let mut idle: Vec<_> = idle
            .map(|(number, peer)| (peer.worth(), peer.seen_at, *number))
            .collect();
        let most = self.peers.len() / FORGET_SHARE;
        if idle.len() > most {
            idle.select_nth_unstable(most);
            idle.truncate(most);
        }
        for (.., number) in idle {
            self.peers.remove(&number);
        }
        self.ceiling.cleared(self.peers.len());
    }

    /// Records whose rows changed, at most `most` of them; they count as stored.
    pub(super) fn take_dirty(&mut self, most: usize) -> Vec<PeerNumber> {
        let taken: Vec<_> = self.dirty.iter().take(most).copied().collect();
        for number in &taken {
            self.dirty.remove(number);
        }
        taken
    }

    /// These rows were not stored after all.
    pub(super) fn mark_dirty(&mut self, numbers: &[PeerNumber]) {
        self.dirty.extend(numbers);
    }

    /// Whether a row is still to be stored.
    pub(super) fn has_news(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// What is known of peers, for a person who watches.
    pub(super) fn count_in(&self, figures: &mut Figures) {
        for ((state, presence), count) in &self.census {
            let slot = match state {
                PeerState::Merged => continue,
                PeerState::Unknown => &mut figures.unsettled,
                PeerState::Below | PeerState::PartialSeed => &mut figures.below,
                PeerState::CompleteAtFirst => &mut figures.complete_at_first,
                PeerState::Confirmed => &mut figures.confirmed,
                PeerState::NotCounted => &mut figures.not_counted,
            };
            *slot += count;
            if *state == PeerState::Below {
                figures.unknown.enter(*presence, *count as u64);
            }
            if *state != PeerState::Unknown {
                figures.observed += count;
            }
        }
    }
}

/// By what a record is counted.
fn standing(peer: &Peer) -> (PeerState, Presence) {
    (peer.state(), peer.presence)
}
