//! Who cannot be dialled, and may be met where a peer introduces us (BEP 55).

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::swarm::facts::{Direction, PeerNumber, Source};
use crate::swarm::ways::Ways;

use super::sessions::Session;
use super::{Book, Contact, SessionId};

impl Book {
    /// Where nobody answers when we dial, and whom we do not meet otherwise: when an
    /// introduction may lead there.
    pub fn unanswered(&self, at: SocketAddr) -> Option<Moment> {
        let at = canonical(at);
        let peer = self.addresses.get(at)?.peer;
        if peer.is_some_and(|it| self.is_met(it)) {
            return None;
        }
        self.addresses.unanswered(at)
    }

    /// An introduction is asked for at `asked_at`: the next contact is to wait for it.
    pub fn await_introduction(&mut self, at: SocketAddr, asked_at: Moment) {
        let due = asked_at + self.terms.pace.rendezvous_wait();
        self.addresses.delay(canonical(at), due);
    }

    /// A session that we dialled is about to be given up: its peer can introduce us to
    /// others only over uTP, and is to be dialled by that. False: not again so soon, for
    /// it may speak none with us; or its own completion is still to be seen.
    pub fn redial(&mut self, now: Moment, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(id) else {
            return false;
        };
        let met = session.peer.map(|it| self.records.root(it));
        let met = met.and_then(|it| self.records.get(it));
        let is_watched = met.is_none_or(|it| it.history.open());
        !is_watched && self.addresses.redial(now, session.address)
    }

    /// Whether nobody was ever met at an address that may be contacted.
    pub fn is_unmet(&self, at: SocketAddr) -> bool {
        let at = canonical(at);
        let known = self.addresses.get(at);
        self.terms.policy.permits(at) && known.is_none_or(|it| it.peer.is_none() && !it.dialable)
    }

    /// The peer at an address and we were introduced to each other: a contact at once,
    /// unless it may not be contacted now, or is met already.
    pub fn introduced(&mut self, now: Moment, at: SocketAddr) -> Option<Contact> {
        let at = canonical(at);
        if !self.terms.ways.utp {
            return None;
        }
        if self.addresses.get(at).is_none() {
            self.found(now, Source::Pex, &[at]);
        }
        let (records, sessions) = (&self.records, &self.sessions);
        let is_met = |peer| sessions.is_live(records.root(peer));
        let attempt = self.addresses.take(now, at, is_met)?;
        let address = self.addresses.get(at)?;
        let (dialable, told_at) = (address.dialable, address.told_at);
        let ways = Ways::through_a_hole(self.terms.ways, &self.hints(at, address));
        let source = address.first_source;
        let session = Session {
            introduced: true,
            ..Session::new(now, at, Direction::Outgoing, attempt, source)
        };
        Some(Contact {
            session: self.sessions.open(session),
            address: at,
            ways,
            dialable,
            expected: None,
            told_at,
        })
    }

    fn is_met(&self, peer: PeerNumber) -> bool {
        self.sessions.is_live(self.records.root(peer))
    }
}
