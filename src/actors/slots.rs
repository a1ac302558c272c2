//! What all swarms share: session slots, and how often an address is knocked at.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Sessions;
use crate::moment::Moment;
use crate::swarm::facts::Direction;
use crate::swarm::pace::Pace;
use crate::swarm::schedule::Knocks;

/// The sessions of the whole run, a quarter of them kept for incoming peers.
#[derive(Clone, Debug)]
pub struct Slots {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    total: usize,
    outgoing: usize,
    used: AtomicUsize,
    used_outgoing: AtomicUsize,
    knocks: Mutex<Knocks>,
    /// No cap by address: all peers of a lab share a few.
    any_address: bool,
    pace: Pace,
}

/// One session's slot; given back when it falls.
#[derive(Debug)]
pub struct Slot {
    shared: Arc<Shared>,
    direction: Direction,
}

impl Slots {
    /// So many sessions at a time; those kept for incoming peers are not dialled.
    /// `any_address`: without a cap by IP address.
    pub fn new(sessions: Sessions, any_address: bool, pace: Pace) -> Self {
        let outgoing = sessions.outgoing as usize;
        Slots {
            shared: Arc::new(Shared {
                total: outgoing + sessions.incoming as usize,
                outgoing,
                used: AtomicUsize::new(0),
                used_outgoing: AtomicUsize::new(0),
                knocks: Mutex::default(),
                any_address,
                pace,
            }),
        }
    }

    /// A slot for a session, if one is free.
    pub fn take(&self, direction: Direction) -> Option<Slot> {
        let shared = &self.shared;
        if !raise(&shared.used, shared.total) {
            return None;
        }
        if direction == Direction::Outgoing && !raise(&shared.used_outgoing, shared.outgoing) {
            shared.used.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        Some(Slot {
            shared: Arc::clone(shared),
            direction,
        })
    }

    /// Whether a session of this kind could begin now.
    pub fn has_room(&self, direction: Direction) -> bool {
        let shared = &self.shared;
        let outgoing = shared.used_outgoing.load(Ordering::Acquire);
        self.used() < shared.total
            && (direction == Direction::Incoming || outgoing < shared.outgoing)
    }

    /// Sessions in use.
    pub fn used(&self) -> usize {
        self.shared.used.load(Ordering::Acquire)
    }

    /// Sessions in use that were opened by these.
    pub fn used_by(&self, direction: Direction) -> usize {
        let outgoing = self.shared.used_outgoing.load(Ordering::Acquire);
        match direction {
            Direction::Outgoing => outgoing,
            Direction::Incoming => self.used().saturating_sub(outgoing),
        }
    }

    /// Sessions at most.
    pub fn total(&self) -> usize {
        self.shared.total
    }

    /// Whether a contact to `ip` may start now; if not, when.
    ///
    /// # Errors
    /// Too many contacts to this address started within the last half minute.
    pub fn knock(&self, now: Moment, ip: IpAddr) -> Result<(), Moment> {
        if self.shared.any_address {
            return Ok(());
        }
        let knocks = self.shared.knocks.lock();
        let mut knocks = knocks.unwrap_or_else(PoisonError::into_inner);
        knocks.knock(now, ip, self.shared.pace)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(1, Ordering::AcqRel);
        if self.direction == Direction::Outgoing {
            self.shared.used_outgoing.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn raise(counter: &AtomicUsize, most: usize) -> bool {
    counter
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            (used < most).then_some(used + 1)
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(outgoing: u32, incoming: u32) -> Slots {
        Slots::new(Sessions { outgoing, incoming }, true, Pace::default())
    }

    #[test]
    fn keeps_a_quarter_for_who_comes_in() {
        let slots = slots(6, 2);
        let outgoing: Vec<_> = std::iter::from_fn(|| slots.take(Direction::Outgoing)).collect();
        assert_eq!(outgoing.len(), 6);
        let incoming: Vec<_> = std::iter::from_fn(|| slots.take(Direction::Incoming)).collect();
        assert_eq!(incoming.len(), 2);
        assert_eq!(slots.used_by(Direction::Outgoing), 6);
        assert_eq!(slots.used_by(Direction::Incoming), 2);
        drop(outgoing);
        assert_eq!(slots.used(), 2);
        assert!(slots.take(Direction::Outgoing).is_some());
    }

    #[test]
    fn dials_nobody_without_jobs() {
        let slots = slots(0, 3);
        assert!(slots.take(Direction::Outgoing).is_none());
        assert!(slots.take(Direction::Incoming).is_some());
        assert_eq!(slots.used(), 0);
    }
}
