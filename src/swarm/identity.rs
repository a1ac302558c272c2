//! Who is who: by what a peer is recognised again, without keeping its address.

mod hasher;
mod twins;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::peer::handshake::PeerId;

use super::facts::{Direction, PeerNumber, SessionLink};

pub use hasher::IdentityHasher;
pub use twins::{Glimpse, Twins};

/// What a peer is known by: keyed hashes, which nobody can undo without the
/// run's secret and which link nothing across torrents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ids {
    /// Of (info-hash, address, port); the port dialled, or the one it claimed.
    /// None for a peer that came in and claimed none.
    pub endpoint: Option<u64>,
    /// Of (info-hash, peer id); 0 while unknown.
    pub peer_id: u64,
    /// Of (info-hash, address).
    pub address: u64,
}

/// What one session shows of who the peer is.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The hashes of what it shows.
    pub ids: Ids,
    /// Client name that identity rests on: the peer id's prefix.
    pub prefix: Arc<str>,
    /// Whether `ids.endpoint` is what we dialled, not what it claims.
    pub dialled: bool,
}

impl Claim {
    /// From what a session shows: its remote address, who opened it, and the
    /// listen port that the peer claimed (BEP 10 `p`).
    pub fn new(
        hasher: &IdentityHasher,
        remote: SocketAddr,
        direction: Direction,
        peer_id: &PeerId,
        prefix: Arc<str>,
        listen_port: Option<u16>,
    ) -> Self {
        let dialled = direction == Direction::Outgoing;
        let port = if dialled {
            Some(remote.port())
        } else {
            listen_port
        };
        Claim {
            ids: Ids {
                endpoint: port.map(|port| hasher.endpoint(remote.ip(), port)),
                peer_id: hasher.peer_id(peer_id),
                address: hasher.address(remote.ip()),
            },
            prefix,
            dialled,
        }
    }
}

/// What the book knows of a peer that may be the claimant.
#[derive(Clone, Debug)]
pub struct Known {
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// When it was last heard of.
    pub seen_at: Moment,
    /// Whether a session to it is open.
    pub live: bool,
    /// Whether somebody was reached by dialling its endpoint.
    pub dialled: bool,
}

/// How long the marks of identity hold.
#[derive(Clone, Copy, Debug)]
pub struct IdentityTerms {
    /// (a): unseen for longer than this, an address means nothing.
    pub address_unseen: Duration,
    /// (c): the longest gap over which a claimed listen port links two sessions.
    pub listen_port_gap: Duration,
}

/// The peers of one swarm by their marks.
#[derive(Debug, Default)]
pub struct Identities {
    by_endpoint: HashMap<u64, Endpoint>,
    by_peer_id: HashMap<u64, PeerNumber>,
}

#[derive(Clone, Copy, Debug)]
struct Endpoint {
    peer: PeerNumber,
    /// Two sessions at once were seen behind it: its claimed port links nothing.
    shared: bool,
}

impl Identities {
    /// The peer that makes this claim, if it is known, and by what. `known`
    /// looks a number up.
    ///
    /// In the order of strength: (b) the peer id, (a) the dialled address,
    /// (c) address, claimed listen port and client name. Never the address
    /// alone: two clients behind one NAT are two peers.
    pub fn recognise(
        &self,
        now: Moment,
        claim: &Claim,
        terms: &IdentityTerms,
        known: impl Fn(PeerNumber) -> Option<Known>,
    ) -> Option<(PeerNumber, SessionLink)> {
        if let Some(peer) = self.by_peer_id.get(&claim.ids.peer_id) {
            return Some((*peer, SessionLink::PeerId));
        }
        let endpoint = self.by_endpoint.get(&claim.ids.endpoint?)?;
        let it = known(endpoint.peer)?;
        if it.prefix != claim.prefix {
            return None;
        }
        let unseen = now.since(it.seen_at);
        if claim.dialled && it.dialled {
            return (it.live || unseen <= terms.address_unseen)
                .then_some((endpoint.peer, SessionLink::Address));
        }
        let gap_is_short = !it.live && unseen <= terms.listen_port_gap;
        (gap_is_short && !endpoint.shared).then_some((endpoint.peer, SessionLink::ListenPort))
    }

    /// The peer with this peer id.
    pub fn by_peer_id(&self, peer_id: u64) -> Option<PeerNumber> {
        self.by_peer_id.get(&peer_id).copied()
    }

    /// The peer last seen at this endpoint.
    pub fn by_endpoint(&self, endpoint: u64) -> Option<PeerNumber> {
        self.by_endpoint.get(&endpoint).map(|it| it.peer)
    }

    /// Remembers the marks of `peer`; the newest bearer of an endpoint has it.
    pub fn remember(&mut self, peer: PeerNumber, ids: &Ids) {
        if ids.peer_id != 0 {
            self.by_peer_id.insert(ids.peer_id, peer);
        }
        if let Some(endpoint) = ids.endpoint {
            self.by_endpoint
                .entry(endpoint)
                .and_modify(|it| it.peer = peer)
                .or_insert(Endpoint {
                    peer,
                    shared: false,
                });
        }
    }

    /// Two different peers were seen at once behind one endpoint.
    pub fn mark_shared(&mut self, endpoint: u64) {
        if let Some(it) = self.by_endpoint.get_mut(&endpoint) {
            it.shared = true;
        }
    }

    /// A peer's new peer id takes the place of `old`: clients change them, and
    /// the map must not grow with each.
    pub fn forget_peer_id(&mut self, old: u64, peer: PeerNumber) {
        if self.by_peer_id.get(&old) == Some(&peer) {
            self.by_peer_id.remove(&old);
        }
    }

    /// Everything that pointed at `from` points at `to` from now on.
    pub fn redirect(&mut self, from: PeerNumber, ids: &Ids, to: PeerNumber) {
        if let Some(it) = self.by_peer_id.get_mut(&ids.peer_id)
            && *it == from
        {
            *it = to;
        }
        if let Some(endpoint) = ids.endpoint
            && let Some(it) = self.by_endpoint.get_mut(&endpoint)
            && it.peer == from
        {
            it.peer = to;
        }
    }
}

#[cfg(test)]
mod tests;
