//! Who is who: by what a peer is recognised again, without keeping its address.

mod doubles;
mod hasher;
mod hosts;
mod lair;
mod twins;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::protocol::peer::handshake::PeerId;
use crate::table::Table;

use super::facts::{Direction, PeerNumber, SessionLink};

pub use doubles::{Doubles, Download};
pub use hasher::IdentityHasher;
use hosts::Hosts;
pub use lair::Lair;
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
    /// Where it listens, as far as the store may know.
    pub lair: Lair,
    /// Whether such a client has one peer id in all its sessions: then another
    /// peer id is another peer, whatever port it claims.
    pub keeps_peer_id: bool,
}

impl Claim {
    /// The mark of an IPv6 host, which is seldom shared, of a client that changes
    /// its peer id: over IPv6 libtorrent does not tell the port that it listens on.
    pub fn host(&self) -> Option<u64> {
        let vague = self.lair.is_ipv6() && !self.keeps_peer_id && !self.prefix.is_empty();
        vague.then_some(self.ids.address)
    }

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
            lair: Lair::new(hasher, remote.ip(), port),
            keeps_peer_id: Family::of(peer_id, None).keeps_peer_id(),
        }
    }
}

/// What the book knows of a peer that may be the claimant.
#[derive(Clone, Debug)]
pub struct Known {
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// Where it listens.
    pub lair: Lair,
    /// When it was last heard of.
    pub seen_at: Moment,
    /// Whether a session to it is open.
    pub live: bool,
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
///
/// A peer has one peer id, the newest, and one endpoint that it claimed;
/// endpoints at which it was reached stay its own until another peer is reached
/// there. So what strangers claim takes no more room than the peers do.
#[derive(Debug, Default)]
pub struct Identities {
    by_endpoint: Table<u64, Endpoint>,
    by_peer_id: Table<u64, PeerNumber>,
    hosts: Hosts,
}

/// Who is met behind an address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The peer.
    pub peer: PeerNumber,
    /// It was reached there by dialling.
    pub dialled: bool,
    /// Two sessions at once were seen behind it: its claimed port links nothing.
    pub shared: bool,
}

impl Identities {
    /// The peer that makes this claim, if it is known, and by what. `known`
    /// looks a number up.
    ///
    /// In the order of strength: (b) the peer id, (a) the dialled address,
    /// (c) address, claimed listen port and client name, or an IPv6 address and
    /// client name where one of the two told no port. Never the address alone: two
    /// clients behind one NAT are two peers.
    pub fn recognise(
        &self,
        now: Moment,
        claim: &Claim,
        terms: &IdentityTerms,
        known: impl Fn(PeerNumber) -> Option<Known>,
    ) -> Option<(PeerNumber, SessionLink)> {
        if let Some(peer) = self.by_peer_id(claim.ids.peer_id) {
            return Some((peer, SessionLink::PeerId));
        }
        self.behind_endpoint(now, claim, terms, &known)
            .or_else(|| self.at_host(now, claim, terms, &known))
    }

    fn behind_endpoint(
        &self,
        now: Moment,
        claim: &Claim,
        terms: &IdentityTerms,
        known: impl Fn(PeerNumber) -> Option<Known>,
    ) -> Option<(PeerNumber, SessionLink)> {
        let endpoint = self.by_endpoint(claim.ids.endpoint?)?;
        let it = known(endpoint.peer)?;
        if it.prefix != claim.prefix {
            return None;
        }
        let unseen = now.since(it.seen_at);
        if claim.dialled && endpoint.dialled {
            return (it.live || unseen <= terms.address_unseen)
                .then_some((endpoint.peer, SessionLink::Address));
        }
        let same_name = !claim.prefix.is_empty() && !claim.keeps_peer_id;
        let gap_is_short = !it.live && unseen <= terms.listen_port_gap;
        (same_name && gap_is_short && !endpoint.shared)
            .then_some((endpoint.peer, SessionLink::ListenPort))
    }

    fn at_host(
        &self,
        now: Moment,
        claim: &Claim,
        terms: &IdentityTerms,
        known: impl Fn(PeerNumber) -> Option<Known>,
    ) -> Option<(PeerNumber, SessionLink)> {
        let peer = self.hosts.only(claim.host()?)?;
        let it = known(peer)?;
        let told = !claim.lair.lacks_port() && !it.lair.lacks_port();
        let gap_is_short = !it.live && now.since(it.seen_at) <= terms.listen_port_gap;
        let same = it.prefix == claim.prefix && it.lair.is_ipv6() && !told;
        (same && gap_is_short).then_some((peer, SessionLink::Host))
    }

    /// The peer lives at this IPv6 host, with all others that `differs` does not
    /// tell from it.
    pub fn lodge(&mut self, peer: PeerNumber, host: u64, differs: impl Fn(PeerNumber) -> bool) {
        self.hosts.lodge(peer, host, differs);
    }

    /// The peer with this peer id.
    pub fn by_peer_id(&self, peer_id: u64) -> Option<PeerNumber> {
        self.by_peer_id.get(&peer_id).copied()
    }

    /// Who is met behind this endpoint.
    pub fn by_endpoint(&self, endpoint: u64) -> Option<Endpoint> {
        self.by_endpoint.get(&endpoint).copied()
    }

    /// The peer has this peer id, in place of the one it had (`old`, 0 for none).
    pub fn rename(&mut self, peer: PeerNumber, old: u64, new: u64) {
        if old != new && self.by_peer_id.get(&old) == Some(&peer) {
            self.by_peer_id.remove(&old);
        }
        if new != 0 {
            self.by_peer_id.insert(new, peer);
        }
    }

    /// The peer is met behind this endpoint, whoever was met there before.
    /// `dialled`: it was reached there.
    pub fn settle(&mut self, peer: PeerNumber, endpoint: u64, dialled: bool) {
        let known = self.by_endpoint.get(&endpoint).copied();
        let same = known.is_some_and(|it| it.peer == peer);
        let settled = Endpoint {
            peer,
            dialled: dialled || (same && known.is_some_and(|it| it.dialled)),
            shared: known.is_some_and(|it| it.shared),
        };
        self.by_endpoint.insert(endpoint, settled);
    }

    /// The peer claims another endpoint now, and was never reached at this one.
    pub fn leave(&mut self, peer: PeerNumber, endpoint: u64) {
        if self
            .by_endpoint(endpoint)
            .is_some_and(|it| it.peer == peer && !it.dialled)
        {
            self.by_endpoint.remove(&endpoint);
        }
    }

    /// Two different peers were seen at once behind one endpoint.
    pub fn mark_shared(&mut self, endpoint: u64) {
        if let Some(it) = self.by_endpoint.get_mut(&endpoint) {
            it.shared = true;
        }
    }

    /// What led to `from`, whose marks these were, leads to `to` from now on.
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
        self.hosts.redirect(from, ids.address, to);
    }

    /// Forgets the marks of peers that are forgotten (`ids_of` knows them no
    /// more), and those that nobody bears any longer.
    pub fn retain(&mut self, ids_of: impl Fn(PeerNumber) -> Option<Ids>) {
        self.by_peer_id
            .retain(|peer_id, peer| ids_of(*peer).is_some_and(|ids| ids.peer_id == *peer_id));
        self.by_endpoint.retain(|endpoint, it| {
            ids_of(it.peer).is_some_and(|ids| it.dialled || ids.endpoint == Some(*endpoint))
        });
        self.hosts
            .retain(|host, peer| ids_of(peer).is_some_and(|ids| ids.address == host));
    }

    /// Marks remembered.
    pub fn len(&self) -> usize {
        self.by_peer_id.len() + self.by_endpoint.len() + self.hosts.len()
    }

    /// Whether no mark is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
