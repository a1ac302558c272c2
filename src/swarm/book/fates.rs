//! What becomes of peers and addresses after they were met, or were not.

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Direction, PeerNumber};
use crate::swarm::pace::Pace;
use crate::swarm::presence::{Door, Presence};

use super::sessions::Session;
use super::{Book, End, Peer};

impl Book {
    /// This came of a contact with an address, or of a call that named it.
    pub(super) fn came(&mut self, at: SocketAddr, to: AddressState) {
        if let Some(risen) = self.addresses.came(at, to) {
            self.tally.risen(&risen);
        }
    }

    /// A session with a peer has ended. It is present as long as there is another.
    pub(super) fn part_from(&mut self, peer: PeerNumber, session: &Session, end: &End) {
        if self.sessions.is_live(peer) || self.closing {
            return;
        }
        let known = || self.records.get(peer)?.address;
        let door = self.door(session.home.or_else(known));
        let presence = Presence::after_session(end.parting, end.outcome, door);
        self.records.change(peer, |it| it.presence = presence);
    }

    /// What a contact says of its address, and of the peer that was met there last.
    pub(super) fn conclude_contact(
        &mut self,
        session: &Session,
        end: &End,
        met: Option<PeerNumber>,
    ) {
        if session.direction == Direction::Incoming {
            return;
        }
        let at = session.address;
        let linked = end.dials.iter().any(|it| it.linked);
        let known = met.is_some();
        let state = AddressState::after_contact(end.parting, end.outcome, linked, known);
        if let Some(state) = state {
            self.came(at, state);
        }
        if !end.parting.reached() {
            self.missed(at, end);
        }
    }

    /// A contact was in vain. It says of a peer what it says of the address where that
    /// was met last.
    fn missed(&mut self, at: SocketAddr, end: &End) {
        let peer = self.addresses.get(at).and_then(|it| it.peer);
        let Some(number) = peer.map(|it| self.records.root(it)) else {
            return;
        };
        let Some(peer) = self.records.get(number) else {
            return;
        };
        if peer.address != Some(at) || self.sessions.is_live(number) {
            return;
        }
        let before = peer.presence;
        let presence = before.after_contact(end.parting, end.outcome);
        if presence != before {
            self.records.change(number, |it| it.presence = presence);
        }
    }

    /// Somebody else is met where `before` was met last.
    pub(super) fn displace(&mut self, at: SocketAddr, before: Option<PeerNumber>, by: PeerNumber) {
        let Some(before) = before.map(|it| self.records.root(it)) else {
            return;
        };
        let lived_there = |it: &Peer| it.address == Some(at);
        let gone = before != self.records.root(by) && !self.sessions.is_live(before);
        if gone && self.records.get(before).is_some_and(lived_there) {
            self.records
                .change(before, |it| it.presence = Presence::Unreachable);
        }
    }

    /// An address is named anew at which an earlier run may have met somebody: what comes
    /// of it comes of that peer.
    pub(super) fn find_again(&mut self, now: Moment, at: SocketAddr) {
        let endpoint = self.terms.hasher.endpoint(at.ip(), at.port());
        let Some(held) = self.identities.by_endpoint(endpoint) else {
            return;
        };
        let number = self.records.root(held.peer);
        let lives_there = |it: &Peer| {
            let nowhere_else = it.address.is_none_or(|known| known == at);
            nowhere_else && now.since(it.seen_at) <= Pace::ADDRESS_GAP
        };
        if self.records.get(number).is_some_and(lives_there)
            && let Some(address) = self.addresses.get_mut(at)
        {
            address.peer.get_or_insert(number);
            self.records.found_at(number, at);
        }
    }

    /// The run ends: who is met now was watched to its end, and what becomes of peers
    /// from here on is our own doing.
    pub fn close(&mut self, now: Moment) {
        self.note_overdue(now);
        self.closing = true;
    }

    /// Notes of whom a visit has long been due: there was no slot for it.
    pub fn note_overdue(&mut self, now: Moment) {
        let late = self.terms.pace.contact_gap();
        let addresses = &self.addresses;
        let overdue = self.records.select(|it| {
            let due = it.address.and_then(|at| addresses.due(at));
            it.counts() && it.presence.awaits_a_visit() && due.is_some_and(|due| due + late < now)
        });
        for number in overdue {
            self.records
                .change(number, |it| it.presence = Presence::NoSlot);
        }
    }

    fn door(&self, home: Option<SocketAddr>) -> Door {
        let address = home.and_then(|at| self.addresses.get(at));
        address.map_or(Door::None, |it| it.door())
    }
}
