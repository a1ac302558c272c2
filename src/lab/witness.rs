//! What each peer has noticed of its guest: the ground on which a miss is
//! explained.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::conduct::Offence;
use super::pace::Pace;
use crate::moment::Moment;
use crate::protocol::peer::pex::PexFlags;

/// Two contacts of one address and port are never closer than this.
const HURRY: Duration = Duration::from_secs(5);

/// What one peer announced, and what its guest was told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// Its first announce to a tracker; of those that no tracker knows, when the first
    /// guest heard of them.
    pub announced: Option<Moment>,
    /// The first connection with a handshake.
    pub met: Option<Moment>,
    /// Connections with a handshake.
    pub sessions: u32,
    /// The last time that a guest was told of fewer pieces than the threshold.
    pub below: Option<Moment>,
    /// The first time that a guest was told of as many.
    pub above: Option<Moment>,
    /// The last connections that a guest opened, by address.
    pub contacted: [Option<Moment>; 2],
}

/// By which of a peer's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// Its first.
    First = 0,
    /// That of the other family.
    Second = 1,
}

/// What all peers of a lab noticed.
#[derive(Debug)]
pub(super) struct Witness {
    pace: Pace,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    shown: Vec<Shown>,
    offences: BTreeMap<Offence, u32>,
    gossip: BTreeMap<SocketAddr, PexFlags>,
}

impl Witness {
    /// For so many peers.
    pub(super) fn new(peers: usize, pace: Pace) -> Self {
        let notes = Notes {
            shown: vec![Shown::default(); peers],
            ..Notes::default()
        };
        Witness {
            pace,
            notes: Mutex::new(notes),
        }
    }

    /// A peer told a tracker of itself, or a guest was told of it.
    pub(super) fn announced(&self, peer: usize, now: Moment) {
        self.note(peer, |it| it.announced = it.announced.or(Some(now)));
    }

    /// A guest had connected to a peer, and handshakes were exchanged.
    pub(super) fn contacted(&self, peer: usize, via: Via, now: Moment) {
        let mut last = None;
        self.note(peer, |it| last = it.contacted[via as usize].replace(now));
        // A tenth of the span is left to the network's jitter.
        let least = self.pace.of(HURRY).mul_f64(0.9);
        if last.is_some_and(|last| now.since(last) < least) {
            self.offended(&[Offence::Hurried]);
        }
    }

    /// Handshakes were exchanged.
    pub(super) fn met(&self, peer: usize, now: Moment) {
        self.note(peer, |it| {
            it.met = it.met.or(Some(now));
            it.sessions += 1;
        });
    }

    /// A guest was told of so many pieces that it is below the threshold, or not.
    pub(super) fn told(&self, peer: usize, below: bool, now: Moment) {
        self.note(peer, |it| match below {
            true => it.below = Some(now),
            false => it.above = it.above.or(Some(now)),
        });
    }

    /// A guest did wrong.
    pub(super) fn offended(&self, offences: &[Offence]) {
        let mut notes = self.lock();
        for offence in offences {
            *notes.offences.entry(*offence).or_default() += 1;
        }
    }

    /// A guest told a peer of others.
    pub(super) fn gossiped(&self, named: Vec<(SocketAddr, PexFlags)>) {
        let mut notes = self.lock();
        for (at, flags) in named {
            let said = notes.gossip.entry(at).or_default();
            *said = said.with(flags);
        }
    }

    /// Of whom a guest told, and all that it said of them.
    pub(super) fn gossip(&self) -> BTreeMap<SocketAddr, PexFlags> {
        self.lock().gossip.clone()
    }

    /// All notes, and how often a guest did what wrong.
    pub(super) fn read(&self) -> (Vec<Shown>, BTreeMap<Offence, u32>) {
        let notes = self.lock();
        (notes.shown.clone(), notes.offences.clone())
    }

    fn note(&self, peer: usize, change: impl FnOnce(&mut Shown)) {
        if let Some(shown) = self.lock().shown.get_mut(peer) {
            change(shown);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
