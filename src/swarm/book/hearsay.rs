//! What gossip says of the peers at the addresses that it names (BEP 11). Nobody has
//! seen it: it hints at how to contact them, and never counts as progress.

use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::protocol::peer::pex::PexFlags;
use crate::swarm::facts::{PeerNumber, Source};

use super::Book;

/// What waits to be stored, at most; beyond that it is passed over.
const MOST: usize = 10_000;

/// What was said of a peer, to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearsay {
    /// Of whom.
    pub peer: PeerNumber,
    /// When.
    pub at: Moment,
    /// All that was said within the hour; never nothing.
    pub flags: PexFlags,
}

/// What was said of the peer at one address within an hour, all of it together: each
/// row of it says more than the one before, so that there are no more than the five
/// flags, whoever contradicts whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    began: Moment,
    at: Moment,
    flags: PexFlags,
    /// It is stored, or waits for that.
    passed_on: bool,
}

impl Said {
    /// All of it.
    pub(super) fn flags(&self) -> PexFlags {
        self.flags
    }

    /// One more word, added to what was said before within `hour`.
    fn heard(before: Option<Said>, now: Moment, flags: PexFlags, hour: Duration) -> Said {
        match before.filter(|it| now.since(it.began) < hour) {
            Some(before) if before.flags.has(flags) => before,
            Some(before) => Said {
                at: now,
                flags: before.flags.with(flags),
                passed_on: false,
                ..before
            },
            None => Said {
                began: now,
                at: now,
                flags,
                passed_on: false,
            },
        }
    }
}

impl Book {
    /// Peers name addresses, and say so of who is there.
    pub fn rumoured(&mut self, now: Moment, named: &[(SocketAddr, PexFlags)]) {
        let addresses: Vec<_> = named.iter().map(|(address, _)| *address).collect();
        self.found(now, Source::Pex, &addresses);
        let hour = self.terms.pace.gossip_hour();
        for (address, flags) in named {
            let (at, flags) = (canonical(*address), flags.known());
            // No flag at all: nothing was said.
            if flags == PexFlags::default() {
                continue;
            }
            if let Some(address) = self.addresses.get_mut(at) {
                address.said = Some(Said::heard(address.said, now, flags, hour));
                self.pass_on(at);
            }
        }
    }

    /// What was said of who is at an address is to be stored, once the peer there has a
    /// number.
    pub(super) fn pass_on(&mut self, at: SocketAddr) {
        let Some(address) = self.addresses.get_mut(at) else {
            return;
        };
        let (Some(peer), Some(said)) = (address.peer, &mut address.said) else {
            return;
        };
        if !said.passed_on && self.hearsay.len() < MOST {
            said.passed_on = true;
            self.hearsay.push(Hearsay {
                peer: self.records.root(peer),
                at: said.at,
                flags: said.flags,
            });
        }
    }

    /// Hearsay that is to be stored, at most `most` of it; it counts as stored.
    pub fn take_hearsay(&mut self, most: usize) -> Vec<Hearsay> {
        self.hearsay.drain(..most.min(self.hearsay.len())).collect()
    }

    /// It was not stored after all.
    pub fn put_back_hearsay(&mut self, hearsay: &[Hearsay]) {
        self.hearsay.extend(hearsay);
    }
}
