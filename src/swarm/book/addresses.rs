//! The addresses of one swarm: who named them, and when to contact them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::{Attempt, PeerNumber, Source, Sources};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::{Agenda, ContactHistory, Parting, Rank, Standing};

/// Addresses kept of one swarm. The largest swarms of the thesis had 45,000
/// peers; a liar may not make us keep more than this.
const MAX_ADDRESSES: usize = 200_000;

/// An address that nobody named for so long and that was never reached is
/// forgotten when room is short.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What naming an address came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    New,
    Known,
    /// The book is full.
    NoRoom,
}

/// One address and port.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) sources: Sources,
    /// The source that named it first: figures are credited to it.
    pub(super) first_source: Source,
    /// When a source last named it.
    named_at: Moment,
    pub(super) contacts: ContactHistory,
    /// A session with it is open, or being opened.
    pub(super) busy: bool,
    /// Somebody answered there when we dialled.
    pub(super) dialable: bool,
    /// It is ourselves.
    own: bool,
    /// The peer last met there.
    pub(super) peer: Option<PeerNumber>,
}

/// The addresses of one swarm.
#[derive(Debug)]
pub(super) struct Addresses {
    known: HashMap<SocketAddr, Address>,
    agenda: Agenda<SocketAddr>,
    delay: Duration,
    pace: Pace,
}

impl Addresses {
    pub(super) fn new(delay: Duration, pace: Pace) -> Self {
        Addresses {
            known: HashMap::new(),
            agenda: Agenda::default(),
            delay,
            pace,
        }
    }

    pub(super) fn get(&self, address: SocketAddr) -> Option<&Address> {
        self.known.get(&address)
    }

    pub(super) fn get_mut(&mut self, address: SocketAddr) -> Option<&mut Address> {
        self.known.get_mut(&address)
    }

    /// All, with the source that named each first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SocketAddr, Source)> + '_ {
        self.known.iter().map(|(at, it)| (*at, it.first_source))
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// A source names an address: a new one is due at once, a known one sooner
    /// than its back-off says.
    pub(super) fn name(&mut self, now: Moment, at: SocketAddr, source: Source) -> Named {
        if let Some(known) = self.known.get_mut(&at) {
            known.sources = known.sources.with(source);
            known.named_at = now;
            self.hasten(now, at);
            return Named::Known;
        }
        if self.known.len() >= MAX_ADDRESSES {
            self.forget_stale(now);
        }
        if self.known.len() >= MAX_ADDRESSES {
            return Named::NoRoom;
        }
        let address = Address {
            sources: Sources::default().with(source),
            first_source: source,
            named_at: now,
            contacts: ContactHistory::default(),
            busy: false,
            dialable: false,
            own: false,
            peer: None,
        };
        self.known.insert(at, address);
        self.agenda.plan(at, now, Rank::New(now));
        Named::New
    }

    /// The address most worth a contact now. It is busy from here on.
    pub(super) fn next(&mut self, now: Moment) -> Option<(SocketAddr, Attempt)> {
        while let Some(at) = self.agenda.pop(now) {
            let Some(address) = self.known.get_mut(&at) else {
                continue;
            };
            if address.busy || address.own {
                continue;
            }
            let attempt = match address.contacts.contacts {
                0 => Attempt::First,
                _ => Attempt::Later,
            };
            address.contacts.start(now);
            address.busy = true;
            return Some((at, attempt));
        }
        None
    }

    /// When [`Self::next`] may have something.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.agenda.next()
    }

    /// The contact could not be made now; it is to be made at `due`.
    pub(super) fn put_off(&mut self, at: SocketAddr, due: Moment) {
        if let Some(address) = self.known.get_mut(&at) {
            address.busy = false;
            address.contacts.contacts = address.contacts.contacts.saturating_sub(1);
            let rank = rank(address, None);
            self.agenda.plan(at, due, rank);
        }
    }

    /// A session with the peer at this address is open already: no contact.
    pub(super) fn occupy(&mut self, at: SocketAddr) {
        if let Some(address) = self.known.get_mut(&at) {
            address.busy = true;
            self.agenda.cancel(at);
        }
    }

    /// The session or contact is over: plans the next one.
    pub(super) fn release(
        &mut self,
        now: Moment,
        at: SocketAddr,
        parting: Parting,
        standing: Option<&Standing>,
    ) {
        if let Some(address) = self.known.get_mut(&at) {
            address.busy = false;
            if address.own {
                return;
            }
            let due = address
                .contacts
                .next(now, parting, standing, self.delay, self.pace);
            let rank = rank(address, standing);
            self.agenda.plan(at, due, rank);
        }
    }

    /// It is ourselves: never again.
    pub(super) fn is_own(&mut self, at: SocketAddr) {
        if let Some(address) = self.known.get_mut(&at) {
            address.own = true;
            self.agenda.cancel(at);
        }
    }

    /// Named anew: a peer that was not reached gets another chance before its
    /// back-off is over. Who was reached keeps its appointment.
    fn hasten(&mut self, now: Moment, at: SocketAddr) {
        let Some(address) = self.known.get(&at) else {
            return;
        };
        if address.busy || address.own || address.contacts.failures == 0 {
            return;
        }
        let soon = address.contacts.last_start + self.pace.retry_when_named();
        let soon = soon.max(now).max(address.contacts.earliest(self.pace));
        if self.agenda.due(at).is_some_and(|due| soon < due) {
            let rank = rank(address, None);
            self.agenda.plan(at, soon, rank);
        }
    }

    fn forget_stale(&mut self, now: Moment) {
        let agenda = &mut self.agenda;
        self.known.retain(|at, it| {
            let stale = it.peer.is_none() && !it.busy && now.since(it.named_at) > FORGET_AFTER;
            if stale {
                agenda.cancel(*at);
            }
            !stale
        });
    }
}

fn rank(address: &Address, standing: Option<&Standing>) -> Rank {
    let last = address.contacts.last_start;
    match standing {
        Some(it) if it.is_complete() => Rank::Complete(last),
        Some(it) => match it.expected_finish {
            Some(finish) => Rank::Finishing(finish),
            None => Rank::Below(last),
        },
        None if address.contacts.contacts == 0 => Rank::New(address.named_at),
        None => Rank::Unreached(last),
    }
}
