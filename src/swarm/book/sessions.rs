//! The open sessions of one swarm, contacts under way included.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::swarm::facts::{
    Attempt, Direction, Observation, Outcome, PeerNumber, SessionLink, Source,
};
use crate::swarm::progress::Seen;
use crate::swarm::schedule::Parting;

/// A session's number within one swarm of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// How a session, or a contact that never became one, ended.
#[derive(Clone, Debug)]
pub struct End {
    /// What it counts as.
    pub outcome: Outcome,
    /// Who left.
    pub parting: Parting,
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
}

/// One open session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The remote address as the socket has it.
    pub(super) address: SocketAddr,
    /// The address that further contacts go to: the one dialled, or the one that
    /// an incoming peer claims to listen on.
    pub(super) home: Option<SocketAddr>,
    pub(super) direction: Direction,
    pub(super) attempt: Attempt,
    /// The source that its figures are credited to.
    pub(super) source: Source,
    /// Once it is known who it is.
    pub(super) peer: Option<PeerNumber>,
    pub(super) link: SessionLink,
    /// Its first settled observation.
    pub(super) settled: Option<Seen>,
    /// Another session to the same endpoint was open when this one was observed:
    /// the same peer, if one of the two ends soon.
    pub(super) overlaps: Option<Overlap>,
}

/// Two sessions at once behind one endpoint, under one client name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlap {
    pub(super) with: PeerNumber,
    pub(super) since: Moment,
    pub(super) endpoint: u64,
}

impl Session {
    pub(super) fn new(
        address: SocketAddr,
        direction: Direction,
        attempt: Attempt,
        source: Source,
    ) -> Self {
        Session {
            address,
            home: (direction == Direction::Outgoing).then_some(address),
            direction,
            attempt,
            source,
            peer: None,
            link: SessionLink::SameSession,
            settled: None,
            overlaps: None,
        }
    }
}

/// The open sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<SessionId, Session>,
    last: u64,
}

impl Sessions {
    pub(super) fn open(&mut self, session: Session) -> SessionId {
        self.last += 1;
        let id = SessionId(self.last);
        self.open.insert(id, session);
        id
    }

    pub(super) fn close(&mut self, id: SessionId) -> Option<Session> {
        self.open.remove(&id)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.open.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.open.get_mut(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The sessions of one peer, oldest first.
    pub(super) fn of(&self, peer: PeerNumber) -> Vec<SessionId> {
        let mut found: Vec<_> = self
            .open
            .iter()
            .filter(|(_, it)| it.peer == Some(peer))
            .map(|(id, _)| *id)
            .collect();
        found.sort_unstable();
        found
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&SessionId, &mut Session)> {
        self.open.iter_mut()
    }
}
