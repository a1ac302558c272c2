//! The addresses of one swarm: who named them, and when to contact them.

mod address;
mod forgetting;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Attempt, Direction, PeerNumber, Source, Sources};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::{Agenda, ContactHistory, Discipline, Parting, Rank, Standing};
use crate::swarm::ways::Lessons;

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
    known: HashMap<SocketAddr, Address>,
    /// Addresses at most.
    pub(super) most: usize,
    agenda: Agenda<SocketAddr>,
    delay: Duration,
    pace: Pace,
    discipline: Discipline,
    swept_at: Option<Moment>,
}

impl Addresses {
    pub(super) fn new(delay: Duration, pace: Pace, discipline: Discipline) -> Self {
        Addresses {
            known: HashMap::new(),
            most: MAX_ADDRESSES,
            agenda: Agenda::default(),
            delay,
            pace,
            discipline,
            swept_at: None,
        }
    }

    pub(super) fn get(&self, at: SocketAddr) -> Option<&Address> {
        self.known.get(&at)
    }

    pub(super) fn get_mut(&mut self, at: SocketAddr) -> Option<&mut Address> {
        self.known.get_mut(&at)
    }

    /// All, as a successor has to know them.
    pub(super) fn iter(&self) -> impl Iterator<Item = KnownAddress> + '_ {
        self.known.iter().map(|(at, it)| it.known(*at))
    }

    /// This came of a contact with an address, or of a call that named it. Answers if it
    /// is better than what had come of it.
    pub(super) fn came(&mut self, at: SocketAddr, to: AddressState) -> Option<Risen> {
        let address = self.known.get_mut(&at).filter(|it| it.state < to)?;
        let known = address.known(at);
        address.state = to;
        Some(Risen { known, to })
    }

    /// An address as the book of this swarm's predecessor knew it; when the next contact
    /// may be.
    pub(super) fn recall(&mut self, due: Moment, it: &KnownAddress) {
        if self.name(due, it.address, it.source) == Named::New
            && let Some(address) = self.known.get_mut(&it.address)
        {
            (address.hour, address.state) = (it.hour, it.state);
        }
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
            to_redial: false,
            redialled_at: None,
            peer: None,
            said: None,
            told_at: None,
            lessons: Lessons::default(),
        };
        self.known.insert(at, address);
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

    /// An address out of turn, if it may be contacted now; it is busy from here on.
    pub(super) fn take(
        &mut self,
        now: Moment,
        at: SocketAddr,
        is_met: impl Fn(PeerNumber) -> bool,
    ) -> Option<Attempt> {
        let address = self.known.get_mut(&at)?;
        let taken = address.busy || address.own || address.peer.is_some_and(&is_met);
        if taken || address.contacts.earliest(self.pace) > now {
            return None;
        }
        self.agenda.cancel(at);
        Some(address.occupy())
    }

    /// The next contact is to come no sooner than `due`: a better one may come first. Once
    /// a contact: who names the address again and again does not keep us from it.
    pub(super) fn delay(&mut self, at: SocketAddr, due: Moment) {
        if let Some(address) = self.known.get_mut(&at).filter(|it| !it.delayed)
            && self.agenda.due(at).is_some_and(|planned| planned < due)
        {
            address.delayed = true;
            self.agenda.plan(at, due, address.rank);
        }
    }

    /// Where nobody answered the last contact, and none is under way: when the next one
    /// may start.
    pub(super) fn unanswered(&self, at: SocketAddr) -> Option<Moment> {
        let address = self.known.get(&at)?;
        let silent = address.contacts.is_silent() && !address.busy && !address.own;
        silent.then(|| address.contacts.earliest(self.pace))
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
        let due = match direction {
            Direction::Incoming => {
                contacts.after_call(now, parting, standing, self.delay, self.pace)
            }
            Direction::Outgoing => contacts.next(now, parting, standing, self.delay, self.pace),
        };
        let earliest = contacts.earliest(self.pace);
        if self.discipline == Discipline::SoonestFirst {
            address.rank = rank(now, contacts, standing);
        }
        let mut due = due;
        if std::mem::take(&mut address.to_redial) {
            address.lessons.prefer_utp();
            // Until it knows that we have left.
            due = earliest.max(now + self.pace.return_at_once());
        }
        self.agenda.plan(at, due, address.rank);
    }

    /// The session there is given up for one by uTP: once an hour at most.
    pub(super) fn redial(&mut self, now: Moment, at: SocketAddr) -> bool {
        let hour = self.pace.rendezvous_hour();
        let address = self.known.get_mut(&at).filter(|it| it.busy);
        let due = |it: &Address| it.redialled_at.is_none_or(|then| now.since(then) >= hour);
        let Some(address) = address.filter(|it| due(it)) else {
            return false;
        };
        (address.to_redial, address.redialled_at) = (true, Some(now));
        true
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

fn rank(now: Moment, contacts: &ContactHistory, standing: Option<&Standing>) -> Rank {
    let last = contacts.last_start;
    match standing {
        Some(it) if it.is_complete() => Rank::Complete(last),
        Some(it) => match it.finishes_after(now) {
            Some(finish) => Rank::Finishing(finish),
            None => Rank::Below(last),
        },
        None => Rank::Unreached(last),
    }
}
