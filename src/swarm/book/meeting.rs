//! Who a session's peer is, what it showed, and what follows.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::moment::Moment;
use crate::swarm::confirmation::{History, Rise};
use crate::swarm::facts::{Direction, Evidence, PeerNumber, SessionLink, Source, Sources, Verdict};
use crate::swarm::identity::{Claim, Glimpse, IdentityTerms, Ids};
use crate::swarm::pace::Pace;
use crate::swarm::progress::{Report, Seen};

use super::sessions::{Overlap, Session};
use super::{Book, Observed, Peer, Reaction, Rising, SessionId};

/// How long the marks of identity hold (design, section 6).
const IDENTITY: IdentityTerms = IdentityTerms {
    address_unseen: Pace::ADDRESS_GAP,
    listen_port_gap: Pace::IDENTITY_GAP,
};

impl Book {
    /// A session has shaken hands. False: there is a session to that peer already,
    /// and this one is to be closed at once.
    pub fn met(&self, id: SessionId, claim: &Claim) -> bool {
        let Some(number) = self.identities.by_peer_id(claim.ids.peer_id) else {
            return true;
        };
        self.sessions.of(number).iter().all(|other| *other == id)
    }

    /// A session observed something. None if the book knows no such session.
    pub fn observed(&mut self, now: Moment, id: SessionId, it: &Observed) -> Option<Reaction> {
        let number = match self.sessions.get(id)?.peer {
            Some(number) => number,
            None => match self.identify(now, id, it) {
                Ok(number) => number,
                Err((peer, superfluous)) => {
                    return Some(Reaction {
                        peer,
                        dialable: false,
                        rising: None,
                        close: vec![superfluous],
                    });
                }
            },
        };
        self.expire_overlap(now, id);
        let rising = self.fold(now, id, number, it);
        let mut close = Vec::new();
        let mut peer = number;
        if let Some(twin) = self.twin(now, number, it) {
            (peer, close) = self.merge(now, number, twin, SessionLink::Twin);
        }
        self.dirty.insert(peer);
        let home = self.sessions.get(id)?.home;
        let dialable = home
            .and_then(|at| self.addresses.get(at))
            .is_some_and(|it| it.dialable);
        Some(Reaction {
            peer,
            dialable,
            rising,
            close,
        })
    }

    /// A crossing that a session of this swarm's predecessor saw, handed on when
    /// that died. `first` is what the session settled with.
    pub fn replayed(
        &mut self,
        now: Moment,
        remote: SocketAddr,
        first: &Seen,
        it: &Observed,
    ) -> Option<Reaction> {
        let id = self.accepted(remote);
        let settled = Observed {
            report: Report::Settled(*first),
            ..it.clone()
        };
        self.observed(now, id, &settled);
        let reaction = self.observed(now, id, it);
        if let Some(session) = self.sessions.close(id)
            && let Some(peer) = session.peer.and_then(|it| self.peers.get_mut(&it))
        {
            peer.live = peer.live.saturating_sub(1);
        }
        reaction
    }

    /// Finds the peer of a session, or makes one. The session that is one too many
    /// is the error: the peer has another, older one.
    fn identify(
        &mut self,
        now: Moment,
        id: SessionId,
        it: &Observed,
    ) -> Result<PeerNumber, (PeerNumber, SessionId)> {
        let peers = &self.peers;
        let known = |number| peers.get(&number).map(Peer::known);
        let found = self.identities.recognise(now, &it.claim, &IDENTITY, known);
        let (number, link) = match found {
            Some((number, link)) => {
                let number = self.root(number);
                if let Some(newest) = self.sessions.of(number).last() {
                    return Err((number, id.max(*newest)));
                }
                (number, link)
            }
            None => (self.enter(now, id, it), SessionLink::SameSession),
        };
        let home = self.home(now, id, it);
        if let Some(session) = self.sessions.get_mut(id) {
            session.peer = Some(number);
            session.link = link;
            session.home = home;
        }
        self.attach(number, home, it);
        Ok(number)
    }

    /// A new record; it overlaps with another if that one's session is open behind
    /// the same endpoint and under the same client name.
    fn enter(&mut self, now: Moment, id: SessionId, it: &Observed) -> PeerNumber {
        let number = self.next_peer;
        self.next_peer = PeerNumber(number.0.saturating_add(1));
        let mut ids = it.claim.ids;
        if let Some(endpoint) = ids.endpoint
            && let Some(other) = self.identities.by_endpoint(endpoint)
            && let Some(neighbour) = self.peers.get(&other)
            && neighbour.live > 0
            && neighbour.prefix == it.claim.prefix
            && let Some(session) = self.sessions.get_mut(id)
        {
            session.overlaps = Some(Overlap {
                with: other,
                since: now,
                endpoint,
            });
            // The endpoint stays the other's until it is known whose it is.
            ids = Ids {
                endpoint: None,
                ..ids
            };
        }
        self.identities.remember(number, &ids);
        self.peers.insert(number, new_peer(now, it));
        number
    }

    /// The address for further contacts: what was dialled, or what an incoming
    /// peer claims to listen on.
    fn home(&mut self, now: Moment, id: SessionId, it: &Observed) -> Option<SocketAddr> {
        let session = self.sessions.get(id)?;
        if session.home.is_some() {
            return session.home;
        }
        let claimed = SocketAddr::new(session.address.ip(), it.listen_port?);
        self.found(now, Source::Incoming, &[claimed]);
        let free = self.addresses.get(claimed).is_some_and(|it| !it.busy);
        self.addresses.occupy(claimed);
        free.then_some(claimed)
    }

    fn attach(&mut self, number: PeerNumber, home: Option<SocketAddr>, it: &Observed) {
        let mut source = Source::Incoming;
        let mut sources = Sources::default();
        if let Some(address) = home.and_then(|at| self.addresses.get_mut(at)) {
            address.peer = Some(number);
            (source, sources) = (address.first_source, address.sources);
        }
        let Some(peer) = self.peers.get_mut(&number) else {
            return;
        };
        if peer.visits == 0 {
            peer.first_source = source;
        }
        peer.live += 1;
        peer.visits = peer.visits.saturating_add(1);
        peer.sources = Sources(peer.sources.0 | sources.0).with(source);
        peer.dialled |= it.claim.dialled;
        peer.address = home.or(peer.address);
        let ids = it.claim.ids;
        if peer.ids.peer_id != ids.peer_id {
            self.identities.forget_peer_id(peer.ids.peer_id, number);
            peer.ids.peer_id = ids.peer_id;
        }
        peer.ids.address = ids.address;
        let overlapping = peer.visits == 1
            && self.identities.by_endpoint(ids.endpoint.unwrap_or(0)) != Some(number);
        if !overlapping || ids.endpoint.is_none() {
            peer.ids.endpoint = ids.endpoint.or(peer.ids.endpoint);
            let ids = peer.ids;
            self.identities.remember(number, &ids);
        }
    }

    /// Takes the report into the peer's record.
    fn fold(
        &mut self,
        now: Moment,
        id: SessionId,
        number: PeerNumber,
        it: &Observed,
    ) -> Option<Rising> {
        let session = self.sessions.get_mut(id)?;
        if let Report::Settled(seen) | Report::Replaced(seen) = it.report {
            session.settled = Some(seen);
        }
        let (session_link, direction) = (session.link, session.direction);
        let remote = session.address;
        let peer = self.peers.get_mut(&number)?;
        peer.update(now, direction, it);
        peer.address = peer.address.or(Some(remote));
        if let Some(sent) = peer.sent_already(number, &it.report) {
            return Some(sent);
        }
        let rise = peer.history.take(&it.report, &self.terms.yardstick)?;
        let link = match rise.evidence {
            Evidence::InSession => SessionLink::SameSession,
            Evidence::AcrossSessions => session_link,
        };
        Some(self.note_rise(now, number, rise, link)).flatten()
    }

    fn note_rise(
        &mut self,
        now: Moment,
        number: PeerNumber,
        rise: Rise,
        link: SessionLink,
    ) -> Option<Rising> {
        let peer = self.peers.get_mut(&number)?;
        peer.rise = Some((rise, link));
        if rise.verdict == Verdict::Confirmed {
            let source = peer.first_source;
            self.tally.source(now, source, |it| it.confirmed += 1);
        }
        Some(Rising {
            peer: number,
            rise,
            link,
            record: peer.clone(),
        })
    }

    /// Another peer that showed the same set of pieces just now.
    fn twin(&mut self, now: Moment, number: PeerNumber, it: &Observed) -> Option<PeerNumber> {
        let (Report::Settled(seen) | Report::Step(seen)) = it.report else {
            return None;
        };
        let glimpse = Glimpse {
            at: now,
            peer: number,
            prefix: Arc::clone(&it.claim.prefix),
            pieces: seen.pieces,
            set_sum: seen.set_sum,
        };
        let twin = self.twins.compare(glimpse)?;
        let twin = self.root(twin);
        (twin != number).then_some(twin)
    }

    /// Two records are one peer. Returns the one that stays and the sessions that
    /// are too many.
    fn merge(
        &mut self,
        now: Moment,
        one: PeerNumber,
        other: PeerNumber,
        link: SessionLink,
    ) -> (PeerNumber, Vec<SessionId>) {
        let (into, from) = self.survivor(one, other);
        let Some(mut gone) = self.peers.remove(&from) else {
            return (into, Vec::new());
        };
        self.identities.redirect(from, &gone.ids, into);
        for (_, session) in self.sessions.iter_mut() {
            if session.peer == Some(from) {
                session.peer = Some(into);
                session.link = link;
            }
        }
        if let Some(peer) = self.peers.get_mut(&into) {
            peer.history.absorb(&gone.history);
            peer.live += gone.live;
            peer.seen_at = now;
            peer.best_speed = peer.best_speed.max(gone.best_speed);
            peer.sources = Sources(peer.sources.0 | gone.sources.0);
        }
        gone.live = 0;
        gone.merged_into = Some(into);
        self.peers.insert(from, gone);
        self.dirty.extend([from, into]);
        let superfluous = self.sessions.of(into).into_iter().skip(1).collect();
        (into, superfluous)
    }

    /// The older record stays, unless only the younger one was confirmed: what was
    /// acknowledged is not taken back.
    fn survivor(&self, one: PeerNumber, other: PeerNumber) -> (PeerNumber, PeerNumber) {
        let (older, younger) = (one.min(other), one.max(other));
        let closed = |number| self.peers.get(number).is_some_and(|it| !it.history.open());
        match !closed(&older) && closed(&younger) {
            true => (younger, older),
            false => (older, younger),
        }
    }

    /// The record that a number stands for today.
    fn root(&self, number: PeerNumber) -> PeerNumber {
        let mut root = number;
        // A record is merged into one that is not merged: chains are short.
        while let Some(next) = self.peers.get(&root).and_then(|it| it.merged_into) {
            root = next;
        }
        root
    }

    /// Two sessions that lasted side by side are two peers behind one endpoint.
    fn expire_overlap(&mut self, now: Moment, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id)
            && let Some(overlap) = session.overlaps
            && now.since(overlap.since) > Pace::TWIN_WINDOW
        {
            session.overlaps = None;
            self.identities.mark_shared(overlap.endpoint);
        }
    }

    /// A session ended. If another one stood beside it only for a moment, the
    /// client has closed the one of two connections that was too many: they are one
    /// peer. Returns the record that stays.
    pub(super) fn resolve_overlap(&mut self, now: Moment, ended: &Session) -> Option<PeerNumber> {
        let own = ended.peer?;
        let mut pair = ended.overlaps.map(|it| (own, it));
        if pair.is_none() {
            let beside = self
                .sessions
                .iter_mut()
                .find(|(_, it)| it.overlaps.is_some_and(|over| over.with == own));
            pair = beside.and_then(|(_, it)| Some((it.peer?, it.overlaps.take()?)));
        }
        let (guest, overlap) = pair?;
        if now.since(overlap.since) > Pace::TWIN_WINDOW {
            self.identities.mark_shared(overlap.endpoint);
            return None;
        }
        let (host, guest) = (self.root(overlap.with), self.root(guest));
        if host == guest {
            return None;
        }
        let (into, _) = self.merge(now, guest, host, SessionLink::ListenPort);
        Some(into)
    }
}

impl Peer {
    fn update(&mut self, now: Moment, direction: Direction, it: &Observed) {
        self.seen_at = now;
        self.direction = direction;
        self.best_speed = self.best_speed.max(it.best_speed);
        self.expected_finish = it.expected_finish;
        self.family = it.family;
        if self.client != it.client {
            self.client = Arc::clone(&it.client);
        }
    }

    /// A session sends its crossing again when the recorder died on it.
    fn sent_already(&self, number: PeerNumber, report: &Report) -> Option<Rising> {
        let (rise, link) = self.rise?;
        let (Report::Crossed(crate::swarm::progress::Crossing { seen, .. })
        | Report::Settled(seen)
        | Report::Replaced(seen)) = report
        else {
            return None;
        };
        (seen.observation() == rise.reached).then(|| Rising {
            peer: number,
            rise,
            link,
            record: self.clone(),
        })
    }
}

fn new_peer(now: Moment, it: &Observed) -> Peer {
    Peer {
        ids: it.claim.ids,
        prefix: Arc::clone(&it.claim.prefix),
        client: Arc::clone(&it.client),
        family: it.family,
        history: History::default(),
        best_speed: 0,
        visits: 0,
        sources: Sources::default(),
        first_source: Source::Incoming,
        seen_at: now,
        direction: Direction::Incoming,
        dialled: it.claim.dialled,
        address: None,
        live: 0,
        expected_finish: None,
        merged_into: None,
        rise: None,
    }
}
