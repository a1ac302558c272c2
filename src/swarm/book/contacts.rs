//! Which addresses are known, and whom to contact now.

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::address::{IpFamily, canonical};
use crate::protocol::peer::family::Family;
use crate::protocol::peer::pex::PexFlags;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Attempt, Direction, Outcome, Source};
use crate::swarm::pace::Pace;
use crate::swarm::ways::{Hints, Ways};

use super::addresses::{Address, KnownAddress, Named};
use super::sessions::Session;
use super::{Book, Contact, SessionId};

impl Book {
    /// A source names addresses.
    pub fn found(&mut self, now: Moment, source: Source, found: &[SocketAddr]) {
        let (mut new, mut known, mut excluded) = (0, 0, 0);
        for address in found {
            let address = canonical(*address);
            if !self.terms.policy.permits(address) {
                excluded += u64::from(self.terms.policy.excludes(address.ip()));
                continue;
            }
            match self.addresses.name(now, address, source) {
                Named::New => {
                    new += 1;
                    self.find_again(now, address);
                }
                Named::Known => known += 1,
                Named::NoRoom => {}
            }
        }
        self.tally.source(now, source, |it| {
            it.received += found.len() as u64;
            it.new += new;
            it.came_to.enter(AddressState::NotContacted, new);
            it.duplicate += known;
            it.excluded += excluded;
        });
    }

    /// Addresses that the book of this swarm's predecessor knew: they were counted
    /// then. The first contacts are due at `due`.
    pub fn recall(&mut self, due: Moment, known: &[KnownAddress]) {
        for it in known {
            self.addresses.recall(due, it);
            self.find_again(due, it.address);
        }
    }

    /// Addresses known, and what came of each.
    pub fn addresses(&self) -> impl Iterator<Item = KnownAddress> + '_ {
        self.addresses.iter()
    }

    /// Whom to contact now; to be called while there are slots.
    pub fn next_contact(&mut self, now: Moment) -> Option<Contact> {
        let (address, attempt) = loop {
            let (records, sessions) = (&self.records, &self.sessions);
            let is_met = |peer| sessions.is_live(records.root(peer));
            let (address, attempt) = self.addresses.next(now, is_met)?;
            match self.calls_itself(now, address) {
                Some(due) => self.addresses.put_off(address, due),
                None => break (address, attempt),
            }
        };
        Some(self.open_contact(now, address, attempt))
    }

    /// Whom to try although the network of a family is down, if anybody waits for it.
    pub fn next_try(&mut self, now: Moment, family: IpFamily) -> Option<Contact> {
        let (records, sessions) = (&self.records, &self.sessions);
        let is_met = |peer| sessions.is_live(records.root(peer));
        let (address, attempt) = self.addresses.next_parked(family, is_met)?;
        Some(self.open_contact(now, address, attempt))
    }

    /// Whether anybody of a family without network is to be contacted.
    pub fn is_awaited(&self, family: IpFamily) -> bool {
        let mut parked = self.addresses.parked.iter();
        parked.any(|it| IpFamily::of(it.ip()) == family)
    }

    /// The network of a family is down: contacts wait. Or it is back.
    pub fn pause(&mut self, now: Moment, family: IpFamily, is_down: bool) {
        self.sessions.end_doubts(now);
        let paused = &mut self.addresses.paused;
        match (paused.iter().position(|it| *it == family), is_down) {
            (None, true) => paused.push(family),
            (Some(index), false) => {
                paused.remove(index);
                self.addresses.unpark(now, family);
                self.sessions.doubt(family, now + Pace::DOUBT);
            }
            _ => {}
        }
    }

    /// Plans contacts now with at most so many of those who are expected to answer and
    /// with whom no session is open. Answers how many.
    pub fn call_on(&mut self, now: Moment, family: IpFamily, most: u32) -> u32 {
        let (records, sessions) = (&self.records, &self.sessions);
        let is_met = |peer| sessions.is_live(records.root(peer));
        self.addresses.call_on(now, family, most, is_met)
    }

    fn open_contact(&mut self, now: Moment, address: SocketAddr, attempt: Attempt) -> Contact {
        let known = self.addresses.get(address);
        let hints = known.map(|it| self.hints(address, it)).unwrap_or_default();
        let source = known.map_or(Source::Tracker, |it| it.first_source);
        let dialable = known.is_some_and(|it| it.dialable);
        let expected = known.and_then(|it| it.expected(now));
        let told_at = known.and_then(|it| it.told_at);
        let session = Session::new(now, address, Direction::Outgoing, attempt, source);
        Contact {
            session: self.sessions.open(session),
            address,
            ways: Ways::new(self.terms.ways, &hints),
            dialable,
            expected,
            told_at,
        }
    }

    /// What is known of who is at an address, for those who dial it.
    pub(super) fn hints(&self, at: SocketAddr, address: &Address) -> Hints {
        Hints {
            lessons: address.lessons,
            family: self.family_at(at),
            said: address.said.map_or_else(PexFlags::default, |it| it.flags()),
        }
    }

    /// The family of the peer that was met at an address.
    pub(super) fn family_at(&self, at: SocketAddr) -> Option<Family> {
        let peer = self.addresses.get(at)?.peer?;
        Some(self.records.get(self.records.root(peer))?.family)
    }

    /// Whether an IPv6 host has opened a session and not told where it listens: here,
    /// a source says. A second connection may cost us the first, so it is left alone
    /// until the moment answered.
    fn calls_itself(&mut self, now: Moment, address: SocketAddr) -> Option<Moment> {
        let SocketAddr::V6(at) = address else {
            return None;
        };
        let id = self.sessions.homeless_from(*at.ip())?;
        let session = self.sessions.get_mut(id)?;
        let Some(peer) = session.peer else {
            return Some(now + self.terms.pace.hold_review());
        };
        session.home = Some(address);
        self.addresses.get_mut(address)?.peer = Some(peer);
        self.came(address, AddressState::Met);
        Some(now + self.terms.pace.revisit_first())
    }

    /// The contact cannot start before `due`: it was no attempt.
    pub fn put_off(&mut self, contact: &Contact, due: Moment) {
        self.sessions.close(contact.session);
        self.addresses.put_off(contact.address, due);
    }

    /// The contact does start.
    pub fn contacting(&mut self, now: Moment, contact: &Contact) {
        self.addresses.start(now, contact.address);
        if let Some(session) = self.sessions.get(contact.session) {
            let source = session.source;
            self.tally.source(now, source, |it| it.contacted += 1);
        }
    }

    /// How many contacts are due that are worth the end of another session.
    pub fn pressing(&mut self, now: Moment) -> usize {
        self.addresses.pressing(now)
    }

    /// When [`Self::next_contact`] may have something.
    pub fn next_due(&self) -> Option<Moment> {
        self.addresses.next_due()
    }

    /// Somebody connected to us and asked for this torrent.
    pub fn accepted(&mut self, now: Moment, remote: SocketAddr) -> SessionId {
        self.sessions.open(Session::new(
            now,
            canonical(remote),
            Direction::Incoming,
            Attempt::Incoming,
            Source::Incoming,
        ))
    }

    /// An incoming connection that was turned away before it became a session.
    pub fn turned_away(&mut self, now: Moment, outcome: Outcome) {
        self.tally
            .ended(now, Attempt::Incoming, Family::Other, outcome);
    }
}
