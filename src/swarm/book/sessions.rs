//! The open sessions of one swarm, contacts under way included.

use std::collections::{BTreeSet, HashSet};
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::protocol::peer::family::Family;
use crate::swarm::facts::{
    Attempt, Direction, Observation, Outcome, PeerNumber, SessionLink, Source,
};
use crate::swarm::pace::Pace;
use crate::swarm::progress::Seen;
use crate::swarm::schedule::Parting;
use crate::swarm::unmeasured::Kept;
use crate::swarm::ways::Dial;
use crate::table::Table;

use super::Who;

/// A session's number within one swarm of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// How a session, or a contact that never became one, ended.
#[derive(Debug)]
pub struct End {
    /// What it counts as.
    pub outcome: Outcome,
    /// Who left.
    pub parting: Parting,
    /// The line went dead: nobody answered, or nobody said farewell.
    pub lost: bool,
    /// What each dial gave, in turn; of a session that came in, what that gave.
    pub dials: Vec<Dial>,
    /// Client family, as far as it was known.
    pub family: Family,
    /// The last settled observation.
    pub last: Option<Seen>,
    /// What an unsettled session knew below the threshold.
    pub unsettled: Option<Observation>,
    /// When it will reach the threshold at the speed seen.
    pub expected_finish: Option<Moment>,
    /// When the peer last said something.
    pub heard_at: Option<Moment>,
    /// When the peer was last told of others.
    pub told_at: Option<Moment>,
    /// What the peer told while the torrent's measures were unknown.
    pub kept: Option<Box<Kept>>,
}

/// One open session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The remote address as the socket has it.
    pub(super) address: SocketAddr,
    /// The address that further contacts go to: the one dialled, or the one that
    /// an incoming peer claims to listen on.
    pub(super) home: Option<SocketAddr>,
    /// When it had its slot.
    pub(super) began_at: Moment,
    pub(super) direction: Direction,
    /// The peer called us as we dialled it (BEP 55).
    pub(super) introduced: bool,
    pub(super) attempt: Attempt,
    /// The source that its figures are credited to.
    pub(super) source: Source,
    /// Who it said it was when it shook hands.
    pub(super) greeted: Option<Arc<Who>>,
    /// Whom it was found to be: once it is observed.
    pub(super) peer: Option<PeerNumber>,
    pub(super) link: SessionLink,
    /// When it was first observed.
    pub(super) observed_at: Option<Moment>,
    /// The hash of the endpoint that it claimed.
    pub(super) endpoint: Option<u64>,
}

impl Session {
    pub(super) fn new(
        now: Moment,
        address: SocketAddr,
        direction: Direction,
        attempt: Attempt,
        source: Source,
    ) -> Self {
        Session {
            address,
            began_at: now,
            home: (direction == Direction::Outgoing).then_some(address),
            direction,
            introduced: false,
            attempt,
            source,
            greeted: None,
            peer: None,
            link: SessionLink::SameSession,
            observed_at: None,
            endpoint: None,
        }
    }

    /// Whether it shows that its peer can be dialled by anyone.
    pub(super) fn shows_a_way_in(&self) -> bool {
        self.direction == Direction::Outgoing && !self.introduced
    }

    /// The IPv6 host that opened it.
    fn calling_host(&self) -> Option<Ipv6Addr> {
        match self.address {
            SocketAddr::V6(at) if self.direction == Direction::Incoming => Some(*at.ip()),
            _ => None,
        }
    }

    /// Whether the peer was watched for long enough to know its speed.
    pub(super) fn has_measured(&self, now: Moment, pace: Pace) -> bool {
        self.observed_at
            .is_some_and(|since| now.since(since) >= pace.speed_window())
    }

    /// The port that the peer listens on, if that is known; `claimed` is what it
    /// says itself, which a dialled one need not.
    pub(super) fn listen_port(&self, claimed: Option<u16>) -> Option<u16> {
        match self.direction {
            Direction::Outgoing => Some(self.address.port()),
            Direction::Incoming => claimed,
        }
    }
}

/// The open sessions, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Table<SessionId, Box<Session>>,
    by_peer: BTreeSet<(PeerNumber, SessionId)>,
    /// The last session that each IPv6 host opened.
    callers: Table<Ipv6Addr, SessionId>,
    /// Those that slept through an outage of our own network and were not heard since,
    /// and until when they are doubted.
    doubted: Table<SessionId, Moment>,
    last: u64,
}

impl Sessions {
    pub(super) fn open(&mut self, session: Session) -> SessionId {
        self.last += 1;
        let id = SessionId(self.last);
        if let Some(host) = session.calling_host() {
            self.callers.insert(host, id);
        }
        self.open.insert(id, Box::new(session));
        id
    }

    pub(super) fn close(&mut self, id: SessionId) -> Option<Session> {
        let session = self.open.remove(&id)?;
        self.doubted.remove(&id);
        if let Some(host) = session.calling_host()
            && self.callers.get(&host) == Some(&id)
        {
            self.callers.remove(&host);
        }
        if let Some(peer) = session.peer {
            self.by_peer.remove(&(peer, id));
        }
        Some(*session)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.open.get(&id).map(|it| &**it)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.open.get_mut(&id).map(|it| &mut **it)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The session was found to be this peer's.
    pub(super) fn assign(&mut self, id: SessionId, peer: PeerNumber, link: SessionLink) {
        if let Some(session) = self.open.get_mut(&id) {
            session.peer = Some(peer);
            session.link = link;
            self.by_peer.insert((peer, id));
        }
    }

    /// The sessions of `from` are those of `to`.
    pub(super) fn reassign(&mut self, from: PeerNumber, to: PeerNumber, link: SessionLink) {
        let moved: Vec<_> = self.of(from).collect();
        for id in moved {
            self.by_peer.remove(&(from, id));
            self.assign(id, to, link);
        }
    }

    /// The session that this IPv6 host opened, without having told where it listens.
    pub(super) fn homeless_from(&self, host: Ipv6Addr) -> Option<SessionId> {
        let id = *self.callers.get(&host)?;
        self.open.get(&id).filter(|it| it.home.is_none())?;
        Some(id)
    }

    /// The sessions of one peer, oldest first.
    pub(super) fn of(&self, peer: PeerNumber) -> impl Iterator<Item = SessionId> + '_ {
        let of_peer = self
            .by_peer
            .range((peer, SessionId(0))..=(peer, SessionId(u64::MAX)));
        of_peer.map(|(_, id)| *id)
    }

    /// The sessions that we opened to these addresses.
    pub(super) fn dialled(&self, to: &[SocketAddr]) -> Vec<SessionId> {
        let to: HashSet<_> = to.iter().collect();
        let dialled = self
            .open
            .iter()
            .filter(|(_, it)| it.direction == Direction::Outgoing && to.contains(&it.address));
        dialled.map(|(id, _)| *id).collect()
    }

    /// The peers to whom a session is open; those with several as often.
    pub(super) fn peers(&self) -> impl Iterator<Item = PeerNumber> + '_ {
        self.by_peer.iter().map(|(peer, _)| *peer)
    }

    /// Whether a session to this peer is open.
    pub(super) fn is_live(&self, peer: PeerNumber) -> bool {
        self.of(peer).next().is_some()
    }

    /// Whether one is open that is not doubted: whoever else comes is somebody else.
    pub(super) fn is_sure(&self, peer: PeerNumber) -> bool {
        self.of(peer).any(|id| !self.doubted.contains_key(&id))
    }

    /// Whether the peer has another session that is not doubted.
    pub(super) fn has_other(&self, peer: PeerNumber, id: SessionId) -> bool {
        let mut others = self.of(peer).filter(|other| *other != id);
        others.any(|other| !self.doubted.contains_key(&other))
    }

    /// Whether it has an older one.
    pub(super) fn has_older(&self, peer: PeerNumber, id: SessionId) -> bool {
        let mut older = self.of(peer).take_while(|other| *other < id);
        older.any(|other| !self.doubted.contains_key(&other))
    }

    /// Our own network is back: who is still there shows in a while. Those of whom it
    /// should have shown are believed again.
    pub(super) fn doubt(&mut self, family: IpFamily, until: Moment) {
        let slept = self
            .open
            .iter()
            .filter(|(_, it)| it.peer.is_some() && IpFamily::of(it.address.ip()) == family);
        self.doubted.extend(slept.map(|(id, _)| (*id, until)));
    }

    /// Ends the doubts that are too old.
    pub(super) fn end_doubts(&mut self, now: Moment) {
        self.doubted.retain(|_, until| *until > now);
    }

    /// The peer of this session is there.
    pub(super) fn heard(&mut self, id: SessionId) {
        self.doubted.remove(&id);
    }

    /// The peer came anew in this session: those that were doubted are nobody's now.
    /// Which they are.
    pub(super) fn supersede(&mut self, peer: PeerNumber, id: SessionId) -> Vec<SessionId> {
        let doubted = self.of(peer).filter(|other| *other != id);
        let doubted = doubted.filter(|other| self.doubted.contains_key(other));
        let gone: Vec<_> = doubted.collect();
        for other in &gone {
            if let Some(session) = self.open.get_mut(other) {
                session.peer = None;
            }
            self.by_peer.remove(&(peer, *other));
        }
        gone
    }
}
