//! What a Swarm is told and asked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;

use crate::actors::dht::NodeNamed;
use crate::actors::listener::Caller;
use crate::actors::permits::Permit;
use crate::actors::recorder::{Confirm, Load, Write};
use crate::actors::root::{Replay, Snapshot};
use crate::actors::supervision::Class;
use crate::moment::Moment;
use crate::protocol::peer::pex::PexFlags;
use crate::protocol::peer::{Holepunch, MetadataMessage};
use crate::protocol::tracker::TrackerUrl;
use crate::swarm::book::{self, End, Figures, SessionId, Totals, Who};
use crate::swarm::facts::{Source, TorrentNumber};
use crate::swarm::reported::Reported;

/// Tracker, Dht -> Swarm: these addresses are in the swarm.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct PeersFound {
    /// Who says so.
    pub source: Source,
    /// The addresses; bounded by who parsed them.
    pub addresses: Vec<SocketAddr>,
}

/// Pex -> Swarm: peers name these addresses, and say so of them.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Rumoured(pub Vec<(SocketAddr, PexFlags)>);

/// Tracker -> Swarm: how an announce ended.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Announced {
    /// The announce URL, passkeys redacted.
    pub tracker: Arc<str>,
    /// What the tracker counts, or the label of why it did not answer.
    pub result: Result<TrackerCounts, &'static str>,
    /// When it will be asked again.
    pub next_at: Moment,
}

/// Tracker -> Swarm: how a scrape ended.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Scraped {
    /// The announce URL, passkeys redacted.
    pub tracker: Arc<str>,
    /// What the tracker counts, or the label of why it did not answer.
    pub result: Result<TrackerCounts, &'static str>,
}

/// What a tracker counts in one swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackerCounts {
    /// Seeders.
    pub seeders: Option<u32>,
    /// Leechers, without us.
    pub leechers: Option<u32>,
    /// Downloads.
    pub downloaded: Option<u32>,
}

/// Listener -> Swarm: somebody connected and asks for this torrent.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Arrived {
    /// The connection.
    pub caller: Caller,
    /// Where it comes from.
    pub remote: SocketAddr,
}

/// Peer -> Swarm: a session has shaken hands, and has nothing to show yet.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Met {
    /// The session.
    pub session: SessionId,
    /// Who the peer is, as far as it shows.
    pub who: Arc<Who>,
    /// Falls when this was handled.
    pub permit: Permit,
}

/// Peer -> Swarm: these trackers know the swarm.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct TrackersNamed {
    /// Who says so.
    pub from: IpAddr,
    /// The trackers; bounded by who parsed them.
    pub trackers: Vec<TrackerUrl>,
}

/// Peer -> Swarm: a peer introduces us to another one, or does not.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct HolepunchHeard {
    /// The session.
    pub session: SessionId,
    /// What it says.
    pub heard: Holepunch,
}

/// Peer -> Swarm: what a session was told of the torrent's metadata.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct MetadataHeard {
    /// The session.
    pub session: SessionId,
    /// Who.
    pub remote: SocketAddr,
    /// What.
    pub heard: OfMetadata,
}

/// What a peer tells of metadata.
#[derive(Debug)]
pub enum OfMetadata {
    /// It has it, of so many bytes.
    Offer(u32),
    /// A piece of it, or that it gives none.
    Said(MetadataMessage),
}

/// Peer -> Swarm: what a session observed; a crossing among others.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Observed {
    /// The session.
    pub session: SessionId,
    /// What it saw.
    pub observed: Box<book::Observed>,
    /// It has just shaken hands: this stands for [`Met`] too.
    pub has_just_met: bool,
    /// Answered once what follows from it is durable.
    pub reply: Option<oneshot::Sender<()>>,
    /// Falls when this was handled.
    pub permit: Permit,
}

/// Peer -> Swarm: a session, or a contact that never became one, has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SessionEnded {
    /// The session.
    pub session: SessionId,
    /// How.
    pub end: Box<End>,
    /// Falls when this was handled.
    pub permit: Permit,
}

/// Root -> Swarm: a crossing that your predecessor died on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Replayed {
    /// The crossing.
    pub replay: Box<Replay>,
    /// Answered once what follows from it is durable.
    pub reply: oneshot::Sender<()>,
}

/// Root -> Swarm -> Tracker: there is a new Recorder.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct RecorderIs(pub RecorderLinks);

/// App -> Swarm: how does it stand?
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "SwarmFigures")]
pub struct Ask;

/// Root -> Swarm: one child of this class is to die by a panic. For tests.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct KillChild(pub Class);

/// Root -> Swarm: end in order.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Stop;

/// The mailboxes of the Recorder that a Swarm uses.
#[derive(Clone)]
pub struct RecorderLinks {
    /// For rows.
    pub writes: Recipient<Write>,
    /// For rises.
    pub confirms: Recipient<Confirm>,
    /// For what the store knows.
    pub loads: Recipient<Load>,
}

/// The mailboxes of Root that a Swarm and its Peers use.
#[derive(Clone)]
pub struct RootLinks {
    /// For crossings that outlive their Swarm.
    pub replays: Recipient<Replay>,
    /// For the addresses that the book knows.
    pub snapshots: Recipient<Snapshot>,
    /// For the DHT nodes of peers.
    pub nodes: Recipient<NodeNamed>,
}

/// Figures of one swarm for a person who watches.
#[derive(Clone, Debug, MessageResponse)]
pub struct SwarmFigures {
    /// The torrent.
    pub torrent: TorrentNumber,
    /// Its name.
    pub name: Arc<str>,
    /// Whether its metadata is there.
    pub measured: bool,
    /// What the book knows.
    pub figures: Figures,
    /// How attempts ended and what sources brought.
    pub totals: Totals,
    /// How its trackers stand.
    pub trackers: Vec<TrackerFigures>,
    /// The last confirmed downloads of this process, the newest last.
    pub latest: Vec<Latest>,
    /// What is on its way to it and from it.
    pub queues: Queues,
}

/// How one tracker of a swarm stands.
#[derive(Clone, Debug)]
pub struct TrackerFigures {
    /// The announce URL, passkeys redacted.
    pub tracker: Arc<str>,
    /// What it counted when it last answered, to an announce or a scrape.
    pub counts: TrackerCounts,
    /// How far its `downloaded` figure has risen, scrape by scrape.
    pub reported: Reported,
    /// The label of why its last announce failed.
    pub failure: Option<&'static str>,
    /// The label of why its last scrape failed.
    pub scrape_failure: Option<&'static str>,
    /// When it will be asked again; None while it is asked for the first time.
    pub next_at: Option<Moment>,
}

/// A confirmed download that is on disk, for a person who watches.
#[derive(Clone, Debug)]
pub struct Latest {
    /// When the peer was at the threshold.
    pub at: Moment,
    /// Its client.
    pub client: Arc<str>,
    /// What it held when it was last below.
    pub below_pieces: u32,
    /// What it held then.
    pub pieces: u32,
    /// Of so many.
    pub total_pieces: u32,
    /// Its address, where addresses are stored.
    pub address: Option<SocketAddr>,
}

/// What is on its way to a Swarm and from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Observations and ends of sessions that it has not yet handled.
    pub observations: usize,
    /// Crossings that it has not yet handled.
    pub crossings: usize,
    /// Peers whose rows have changed and are not yet sent to the Recorder.
    pub rows: usize,
    /// Batches of rows that the Recorder has not yet acknowledged.
    pub batches: usize,
    /// Rises to the threshold that it has not yet acknowledged.
    pub rises: usize,
}
