//! What a Peer needs to begin.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::watch;

use crate::actors::dht::NodeNamed;
use crate::actors::lifesigns::LifeSigns;
use crate::actors::listener::Caller;
use crate::actors::permits::Permits;
use crate::actors::pex::Gossip;
use crate::actors::root::Replay;
use crate::actors::slots::Slot;
use crate::actors::swarm::{
    HolepunchHeard, Met, MetadataHeard, Observed, SessionEnded, TrackersNamed,
};
use crate::clock::Clock;
use crate::moment::Moment;
use crate::net::Network;
use crate::net::utp::Utp;
use crate::protocol::peer::conversation::Greeting;
use crate::swarm::book::SessionId;
use crate::swarm::identity::IdentityHasher;
use crate::swarm::pace::Pace;
use crate::swarm::progress::Sums;
use crate::swarm::roster::Roster;
use crate::swarm::schedule::Discipline;
use crate::swarm::unmeasured::Room;
use crate::swarm::ways::Ways;
use crate::swarm::yardstick::Yardstick;

/// What all sessions of one swarm have in common.
pub struct PeerContext {
    /// What we say.
    pub greeting: Arc<Greeting>,
    /// The torrent's measures, if they are known.
    pub yardstick: Yardstick,
    /// The rhythm of the run.
    pub pace: Pace,
    /// By what sessions are held.
    pub discipline: Discipline,
    /// Makes the identity hashes.
    pub hasher: IdentityHasher,
    /// Tells sets of pieces apart.
    pub sums: Sums,
    /// Where links come from.
    pub network: Network,
    /// Where those of uTP come from.
    pub utp: Utp,
    /// Our own addresses to dial from, at most one a family.
    pub bind: Vec<IpAddr>,
    /// The run's room for what is told before the torrent is measured.
    pub unmeasured: Room,
    /// How long a dial may take.
    pub timeout: Duration,
    /// The run's clock.
    pub clock: Clock,
    /// The Swarm's mailboxes.
    pub met: Recipient<Met>,
    /// See `met`.
    pub observed: Recipient<Observed>,
    /// See `met`.
    pub ended: Recipient<SessionEnded>,
    /// See `met`.
    pub metadata: Recipient<MetadataHeard>,
    /// See `met`; it hands this on to its Pex.
    pub gossip: Recipient<Gossip>,
    /// See `met`.
    pub trackers: Recipient<TrackersNamed>,
    /// See `met`.
    pub holes: Recipient<HolepunchHeard>,
    /// Whom the peers are told of; None: they are told nothing.
    pub roster: Option<watch::Receiver<Arc<Roster>>>,
    /// Where a crossing goes if the Swarm is gone.
    pub root: Recipient<Replay>,
    /// Where the node of the DHT goes that the peer says it has.
    pub nodes: Recipient<NodeNamed>,
    /// What thousands share on their way to the Swarm.
    pub permits: Permits,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// None can be had of it when the Swarm is gone.
    pub swarm: Weak<()>,
}

/// How a session begins.
pub enum Origin {
    /// We dial, in these ways.
    Dial(Ways),
    /// Somebody dialled us.
    Accepted(Caller),
}

/// What one Peer needs to begin.
pub struct PeerPlan {
    /// What its swarm's sessions have in common.
    pub context: Arc<PeerContext>,
    /// Its session's number in the Swarm's book.
    pub session: SessionId,
    /// The other end.
    pub remote: SocketAddr,
    /// How the session begins.
    pub origin: Origin,
    /// Dialling the peer is known to work.
    pub dialable: bool,
    /// When it was last told of others.
    pub told_at: Option<Moment>,
    /// Its share of the run's sessions.
    pub slot: Slot,
}
