//! Whose a session is, and what it tells.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::moment::Moment;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Direction, PeerNumber, SessionLink, Source, Sources};
use crate::swarm::identity::{Claim, IdentityTerms};
use crate::swarm::pace::Pace;
use crate::swarm::presence::Presence;

use super::sessions::Session;
use super::{Book, Observed, Peer, Reaction, SessionId, Who};

/// How long the marks of identity hold (design, section 6).
const IDENTITY: IdentityTerms = IdentityTerms {
    address_unseen: Pace::ADDRESS_GAP,
    listen_port_gap: Pace::IDENTITY_GAP,
};

/// The session is one too many: its peer has an older one.
struct Superfluous(PeerNumber);

impl Book {
    /// A session has shaken hands. False: there is a session to that peer already,
    /// and this one is to be closed at once.
    pub fn met(&mut self, id: SessionId, who: &Arc<Who>) -> bool {
        self.greeted_by(id, who);
        let Some(number) = self.identities.by_peer_id(who.claim.ids.peer_id) else {
            return true;
        };
        let number = self.records.root(number);
        let alone = !self.sessions.has_other(number, id);
        if !alone {
            self.found_at(id, number);
        }
        alone
    }

    /// A session observed something. None if the book knows no such session.
    pub fn observed(&mut self, now: Moment, id: SessionId, it: &Observed) -> Option<Reaction> {
        self.end_overlaps(now);
        self.sessions.heard(id);
        let session = self.sessions.get(id)?;
        let known = session.peer;
        let moved = session.endpoint != it.who.claim.ids.endpoint;
        let number = match known {
            Some(number) => number,
            None => match self.identify(now, id, it) {
                Ok(number) => number,
                Err(Superfluous(peer)) => {
                    return Some(Reaction {
                        peer,
                        dialable: false,
                        expected_finish: None,
                        rising: None,
                        close: vec![id],
                    });
                }
            },
        };
        let superseded = self.sessions.supersede(number, id);
        if known.is_none() || moved {
            self.settle(now, id, number, it);
        }
        let number = self.merge_twin(now, id, number, it);
        let session = self.sessions.get(id)?.clone();
        let rising = self.fold(now, number, &session, it);
        let peer = self.records.root(number);
        self.enlist(&session, peer);
        let home = session.home.and_then(|at| self.addresses.get(at));
        let root = |number| self.records.root(number);
        Some(Reaction {
            peer,
            dialable: home.is_some_and(|it| it.answers() && it.peer.map(root) == Some(peer)),
            expected_finish: self.records.get(peer)?.expected_finish,
            rising,
            close: superseded
                .into_iter()
                .chain(self.sessions.of(peer).skip(1))
                .collect(),
        })
    }

    /// The peer that makes a claim, if it is known.
    pub(super) fn recognise(
        &self,
        now: Moment,
        claim: &Claim,
    ) -> Option<(PeerNumber, SessionLink)> {
        let known = |number| {
            let number = self.records.root(number);
            let live = self.sessions.is_sure(number);
            self.records.get(number).map(|it| it.known(live))
        };
        let found = self.identities.recognise(now, claim, &IDENTITY, known);
        let (number, link) = found?;
        let number = self.records.root(number);
        self.records.get(number).map(|_| (number, link))
    }

    /// Finds the peer of a session, or makes one. If the peer has an older session,
    /// this one is too many, and nothing that it says is taken in.
    fn identify(
        &mut self,
        now: Moment,
        id: SessionId,
        it: &Observed,
    ) -> Result<PeerNumber, Superfluous> {
        let (number, link) = match self.recognise(now, &it.who.claim) {
            Some(known) => known,
            None => (self.enter(now, it), SessionLink::SameSession),
        };
        if self.sessions.has_older(number, id) {
            self.greeted_by(id, &it.who);
            self.found_at(id, number);
            return Err(Superfluous(number));
        }
        self.sessions.assign(id, number, link);
        self.records.change(number, |peer| {
            peer.visits = peer.visits.saturating_add(1);
            peer.presence = Presence::Watched;
        });
        Ok(number)
    }

    /// The session one too many was dialled: that address is the peer's too, and
    /// not to be dialled while the other one lasts.
    fn found_at(&mut self, id: SessionId, number: PeerNumber) {
        let home = self.sessions.get(id).and_then(|it| it.home);
        let Some(home) = home else {
            return;
        };
        if let Some(address) = self.addresses.get_mut(home) {
            address.peer.get_or_insert(number);
        }
        self.came(home, AddressState::Met);
    }

    /// A new record.
    pub(super) fn enter(&mut self, now: Moment, it: &Observed) -> PeerNumber {
        self.make_room();
        self.records.enter(Peer::met(now, it))
    }

    /// The session says where its peer lives: at its first observation, and when
    /// the port that it listens on becomes known.
    fn settle(&mut self, now: Moment, id: SessionId, number: PeerNumber, it: &Observed) {
        let home = self.home(now, id, it);
        let session = self.sessions.get(id);
        let shows_a_way_in = session.is_some_and(Session::shows_a_way_in);
        let holds = self.adopt(now, number, it);
        let mut source = Source::Incoming;
        let mut sources = Sources::default();
        let mut before = None;
        if let Some(address) = home.and_then(|at| self.addresses.get_mut(at)) {
            if holds || address.peer.is_none() {
                before = address.peer.replace(number);
            }
            address.dialable |= shows_a_way_in;
            (source, sources) = (address.first_source, address.sources);
        }
        if let Some(at) = home {
            self.came(at, AddressState::Met);
            self.displace(at, before, number);
            self.pass_on(at);
        }
        let remote = match self.sessions.get_mut(id) {
            Some(session) => {
                session.home = home;
                session.endpoint = it.who.claim.ids.endpoint;
                session.observed_at.get_or_insert(now);
                session.address
            }
            None => return,
        };
        self.records.change(number, |peer| {
            if peer.visits <= 1 {
                peer.first_source = source;
            }
            peer.sources = peer.sources.and(sources);
            if !sources.contains(source) {
                peer.sources = peer.sources.with(source, now);
            }
            peer.address = home.or(peer.address).or(Some(remote));
        });
    }

    /// The address for further contacts: what was dialled, or what an incoming
    /// peer claims to listen on.
    fn home(&mut self, now: Moment, id: SessionId, it: &Observed) -> Option<SocketAddr> {
        let session = self.sessions.get(id)?;
        if session.direction == Direction::Outgoing {
            return session.home;
        }
        let Some(port) = session.listen_port(it.who.listen_port) else {
            return session.home;
        };
        let claimed = SocketAddr::new(session.address.ip(), port);
        self.found(now, Source::Incoming, &[claimed]);
        self.addresses.get(claimed).map(|_| claimed)
    }

    /// Takes the marks of a claim into a record. Whether the endpoint is its own
    /// now: it may be a neighbour's.
    pub(super) fn adopt(&mut self, now: Moment, number: PeerNumber, it: &Observed) -> bool {
        let claim = &it.who.claim;
        let old = self.records.change(number, |peer| {
            let old = peer.ids;
            peer.ids.peer_id = claim.ids.peer_id;
            peer.ids.address = claim.ids.address;
            (old, peer.dialled)
        });
        let Some((old, was_dialled)) = old else {
            return false;
        };
        self.identities
            .rename(number, old.peer_id, claim.ids.peer_id);
        self.lodge(number, claim);
        let Some(endpoint) = claim.ids.endpoint else {
            return false;
        };
        if !self.may_have(now, number, claim, endpoint) {
            self.begin_overlap(now, number, it, endpoint);
            return false;
        }
        if was_dialled && !claim.dialled {
            // Where it was reached it is found again.
            return old.endpoint == Some(endpoint);
        }
        if let Some(left) = old.endpoint.filter(|left| *left != endpoint) {
            self.identities.leave(number, left);
        }
        self.identities.settle(number, endpoint, claim.dialled);
        self.records.change(number, |peer| {
            peer.ids.endpoint = Some(endpoint);
            peer.dialled |= claim.dialled;
        });
        true
    }

    /// The peer was seen at its host; whoever else is there now, has another name or
    /// another port, is another client.
    fn lodge(&mut self, number: PeerNumber, claim: &Claim) {
        let Some(host) = claim.host() else {
            return;
        };
        let (records, sessions) = (&self.records, &self.sessions);
        let differs = |other| {
            let other = records.root(other);
            let unlike = |it: &Peer| it.unlike(&claim.prefix, claim.lair);
            other != number && (sessions.is_live(other) || records.get(other).is_some_and(unlike))
        };
        self.identities.lodge(number, host, differs);
    }

    /// Whether the claimant may have the endpoint, or somebody else is met there.
    fn may_have(&self, now: Moment, number: PeerNumber, claim: &Claim, endpoint: u64) -> bool {
        let Some(held) = self.identities.by_endpoint(endpoint) else {
            return true;
        };
        let holder = self.records.root(held.peer);
        let Some(rival) = self.records.get(holder).filter(|_| holder != number) else {
            return true;
        };
        if self.sessions.is_sure(holder) {
            return claim.dialled && rival.prefix != claim.prefix;
        }
        let same_name = rival.prefix == claim.prefix;
        let unseen = now.since(rival.seen_at) > IDENTITY.address_unseen;
        claim.dialled || !held.dialled || same_name || unseen
    }

    /// The marks of a record of an earlier run. Of two that lived behind one
    /// endpoint at once, the one that was reached there has it, and its port links
    /// nothing; else the one that was seen last.
    pub(super) fn restore_marks(&mut self, number: PeerNumber, peer: &Peer) {
        if peer.lair.is_ipv6() && peer.counts() {
            let unlike = |it: &Peer| it.unlike(&peer.prefix, peer.lair) || it.coexisted(peer);
            let differs = |other| self.records.get(other).is_some_and(unlike);
            self.identities.lodge(number, peer.ids.address, differs);
        }
        if self.identities.by_peer_id(peer.ids.peer_id).is_none() || peer.counts() {
            self.identities.rename(number, 0, peer.ids.peer_id);
        }
        let Some(endpoint) = peer.ids.endpoint else {
            return;
        };
        let held = self.identities.by_endpoint(endpoint);
        let rival = held.and_then(|it| self.records.get(it.peer));
        let Some(rival) = rival else {
            return self.identities.settle(number, endpoint, peer.dialled);
        };
        let neighbours = rival.coexisted(peer) && rival.counts() && peer.counts();
        let value = |it: &Peer| (it.counts(), neighbours && it.dialled, it.seen_at);
        if value(peer) > value(rival) {
            self.identities.settle(number, endpoint, peer.dialled);
        }
        if neighbours {
            self.identities.mark_shared(endpoint);
        }
    }

    fn greeted_by(&mut self, id: SessionId, who: &Arc<Who>) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.greeted = Some(Arc::clone(who));
        }
    }

    /// What a session that was never observed has shown of its peer.
    pub(super) fn greeted(&self, now: Moment, session: &Session) -> Option<PeerNumber> {
        let who = session.greeted.as_ref()?;
        self.recognise(now, &who.claim).map(|(number, _)| number)
    }
}
