//! The addresses of one swarm: who named them, and when to contact them.

mod address;
mod forgetting;
mod introductions;
mod lasting;
mod outages;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Attempt, Direction, PeerNumber, Source, Sources};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::{Agenda, ContactHistory, Discipline, Parting, Rank, Standing};
use crate::swarm::ways::Lessons;
use crate::table::Table;

pub(super) use address::Address;
pub use address::KnownAddress;

/// Addresses kept of one swarm. The largest swarms of the thesis had 45,000
/// peers; a liar may not make us keep more than this.
const MAX_ADDRESSES: usize = 200_000;

/// What is put off is put off, however short a test makes a minute.
const A_MOMENT: Duration = Duration::from_millis(1);

/// What naming an address came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    New,
    Known,
    /// The book is full.
    NoRoom,
}

/// What came of an address is better than what had come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Risen {
    pub(super) known: KnownAddress,
    pub(super) to: AddressState,
}

/// The addresses of one swarm.
#[derive(Debug)]
pub(super) struct Addresses {
    known: Table<SocketAddr, Box<Address>>,
    /// Addresses at most.
    pub(super) most: usize,
    agenda: Agenda<SocketAddr>,
    delay: Duration,
    pace: Pace,
    discipline: Discipline,
    swept_at: Option<Moment>,
    /// Families without network, and whom to contact once it is back.
    pub(super) paused: Vec<IpFamily>,
    pub(super) parked: VecDeque<SocketAddr>,
}

impl Addresses {
    pub(super) fn new(delay: Duration, pace: Pace, discipline: Discipline) -> Self {
        Addresses {
            known: Table::default(),
            most: MAX_ADDRESSES,
            agenda: Agenda::default(),
            delay,
            pace,
            discipline,
            swept_at: None,
            paused: Vec::new(),
            parked: VecDeque::new(),
        }
    }

    pub(super) fn get(&self, at: SocketAddr) -> Option<&Address> {
        self.known.get(&at).map(|it| &**it)
    }

    pub(super) fn get_mut(&mut self, at: SocketAddr) -> Option<&mut Address> {
        self.known.get_mut(&at).map(|it| &mut **it)
    }

    /// When the next contact with an address is due.
    pub(super) fn due(&self, at: SocketAddr) -> Option<Moment> {
        self.agenda.due(at)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// A source names an address: a new one is due at once, a known one sooner
    /// than its back-off says.
    pub(super) fn name(&mut self, now: Moment, at: SocketAddr, source: Source) -> Named {
        if let Some(known) = self.known.get_mut(&at) {
            known.sources = known.sources.with(source, now);
            known.known_at = now;
            self.hasten(now, at);
            return Named::Known;
        }
        if !self.has_room(now) {
            return Named::NoRoom;
        }
        let rank = Rank::New(now);
        let address = Address {
            sources: Sources::default().with(source, now),
            first_source: source,
            hour: now.hour(),
            state: AddressState::NotContacted,
            known_at: now,
            contacts: ContactHistory::default(),
            rank,
            busy: false,
            dialable: false,
            own: false,
            delayed: false,
            introduced: false,
            to_redial: false,
            redialled_at: None,
            peer: None,
            said: None,
            told_at: None,
            lessons: Lessons::default(),
        };
        self.known.insert(at, Box::new(address));
        self.agenda.plan(at, now, rank);
        Named::New
    }

    /// The address most worth a contact now; it is busy from here on. Who is met
    /// elsewhere (`is_met`), or came in, is left alone until that is over.
    pub(super) fn next(
        &mut self,
        now: Moment,
        is_met: impl Fn(PeerNumber) -> bool,
    ) -> Option<(SocketAddr, Attempt)> {
        while let Some(at) = self.agenda.pop(now) {
            if self.paused.contains(&IpFamily::of(at.ip())) {
                self.parked.push_back(at);
                continue;
            }
            let Some(address) = self.known.get_mut(&at) else {
                continue;
            };
            if address.busy || address.own {
                continue;
            }
            if address.peer.is_some_and(&is_met) {
                let later = now + self.pace.revisit_first().max(A_MOMENT);
                self.agenda.plan(at, later, address.rank);
                continue;
            }
            return Some((at, address.occupy()));
        }
        None
    }

    /// How many are due that are worth the end of another session.
    pub(super) fn pressing(&mut self, now: Moment) -> usize {
        self.agenda.pressing(now)
    }

    /// When [`Self::next`] may have something.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.agenda.next()
    }

    /// The contact starts.
    pub(super) fn start(&mut self, now: Moment, at: SocketAddr) {
        if let Some(address) = self.known.get_mut(&at) {
            address.contacts.start(now);
            address.delayed = false;
        }
    }

    /// The contact does not start; it may at `due`, and stands in line behind
    /// those that were named in the meantime.
    pub(super) fn put_off(&mut self, at: SocketAddr, due: Moment) {
        if let Some(address) = self.known.get_mut(&at) {
            address.busy = false;
            if let Rank::New(_) = address.rank {
                address.rank = Rank::New(due);
            }
            self.agenda.plan(at, due, address.rank);
        }
    }

    /// The session or contact is over: plans the next one.
    pub(super) fn release(
        &mut self,
        now: Moment,
        at: SocketAddr,
        direction: Direction,
        parting: Parting,
        standing: Option<&Standing>,
    ) {
        let Some(address) = self.known.get_mut(&at) else {
            return;
        };
        if direction == Direction::Incoming && address.busy {
            // The contact under way plans the next one.
            return;
        }
        address.busy = false;
        if parting.reached() {
            address.known_at = now;
        }
        if address.own {
            return;
        }
        let contacts = &mut address.contacts;
        let mut due = match direction {
            Direction::Incoming => {
                contacts.after_call(now, parting, standing, self.delay, self.pace)
            }
            Direction::Outgoing => contacts.next(now, parting, standing, self.delay, self.pace),
        };
        let earliest = contacts.earliest(self.pace);
        if self.discipline == Discipline::SoonestFirst {
            address.rank = Rank::of(now, contacts.last_start, standing);
        }
        if std::mem::take(&mut address.to_redial) {
            address.lessons.prefer_utp();
            // Until it knows that we have left.
            due = earliest.max(now + self.pace.return_at_once());
        }
        self.agenda.plan(at, due, address.rank);
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
            self.agenda.plan(at, soon, address.rank);
        }
    }
}
