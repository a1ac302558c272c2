//! Trackers: what is asked, what is answered, over HTTP and UDP.

pub mod cadence;
pub mod error;
pub mod http;
pub mod redirect;
pub mod udp;
pub mod url;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use cadence::Cadence;
pub use error::{ConnectFailure, RedirectFailure, TlsFailure, TrackerError};
pub use url::{Scheme, TrackerUrl};

use super::info_hash::InfoHash;
use super::peer::handshake::PeerId;

/// Why we announce. "Completed" does not exist here: we never download.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AnnounceEvent {
    /// The regular interval is over.
    #[default]
    None,
    /// The first announce of a run.
    Started,
    /// The last one.
    Stopped,
}

/// What we tell a tracker. Uploaded and downloaded are always 0.
///
/// Source: BEP 3, "trackers"; BEP 15, announce request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceRequest {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Our peer id.
    pub peer_id: PeerId,
    /// Our listening port; 0 if we accept nobody.
    pub port: u16,
    /// Bytes that we have not: never 0, which would make us a seed.
    pub left: u64,
    /// Why we announce.
    pub event: AnnounceEvent,
    /// How many peers we would like.
    pub numwant: u32,
    /// Tells the tracker that we are the same, should our address change.
    pub key: u32,
    /// The `tracker id` that it gave us before.
    pub tracker_id: Option<Vec<u8>>,
}

/// What a tracker answered to an announce.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Peers, at most [`super::limits::ANNOUNCE_PEERS`], each once.
    pub peers: Vec<SocketAddr>,
    /// Peers that have everything.
    pub seeders: Option<u32>,
    /// Peers that have not.
    pub leechers: Option<u32>,
    /// Completions reported to the tracker.
    pub downloaded: Option<u32>,
    /// When it wants to hear from us again.
    pub interval: Option<Duration>,
    /// Earlier than this it will not hear us.
    pub min_interval: Option<Duration>,
    /// To be sent with the next announce.
    pub tracker_id: Option<Vec<u8>>,
    /// A word to the user.
    pub warning: Option<String>,
    /// Our address as it sees it (BEP 24).
    pub external_ip: Option<IpAddr>,
}

/// What a tracker says of one torrent when scraped; what it leaves out, and what
/// makes no sense, is None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scraped {
    /// Peers that have everything.
    pub seeders: Option<u32>,
    /// Peers that have not.
    pub leechers: Option<u32>,
    /// Completions reported to the tracker.
    pub downloaded: Option<u32>,
    /// Earlier than this it does not want to be scraped again.
    pub min_interval: Option<Duration>,
}
