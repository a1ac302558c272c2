//! Rows that pile up over time: what trackers said, how attempts ended, events
//! and samples.

use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::address_state::AddressCounts;
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Outcome, Source, TorrentNumber};

/// A typed error as it is kept: its stable name, and its text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable snake_case name; what counters use.
    pub label: Arc<str>,
    /// What happened, in words.
    pub text: Arc<str>,
}

/// One announce to one tracker, or one lookup in the DHT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceRow {
    /// When it was sent.
    pub at: Moment,
    /// The announce URL, passkeys redacted; `dht` or `dht6` for a lookup in the DHT of
    /// IPv4 or IPv6.
    pub tracker: Arc<str>,
    /// From sending to answer or error.
    pub duration: Duration,
    /// What came back.
    pub result: Result<TrackerAnswer, Failure>,
}

/// What a tracker answered to an announce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackerAnswer {
    /// Peers in the answer.
    pub peers: u32,
    /// Seeders that it reports (`complete`).
    pub seeders: Option<u32>,
    /// Leechers that it reports (`incomplete`).
    pub leechers: Option<u32>,
    /// Downloads that it reports (`downloaded`).
    pub downloaded: Option<u32>,
    /// Its interval between announces; for the DHT, until the next lookup.
    pub interval: Option<Duration>,
    /// Nodes that were asked; only for a lookup in the DHT.
    pub nodes: Option<NodesAsked>,
}

/// What a lookup in the DHT cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodesAsked {
    /// Nodes asked.
    pub asked: u32,
    /// Of these, nodes that answered.
    pub answered: u32,
}

/// One scrape of one tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeRow {
    /// When it was sent.
    pub at: Moment,
    /// The announce URL that its own was derived from, passkeys redacted.
    pub tracker: Arc<str>,
    /// From sending to answer or error.
    pub duration: Duration,
    /// What came back.
    pub result: Result<ScrapeAnswer, Failure>,
}

/// What a tracker answered to a scrape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrapeAnswer {
    /// Seeders that it reports (`complete`).
    pub seeders: Option<u32>,
    /// Leechers that it reports (`incomplete`).
    pub leechers: Option<u32>,
    /// Downloads that it reports (`downloaded`).
    pub downloaded: Option<u32>,
}

/// How many attempts of one kind, or connections by one way, ended alike in one hour.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutcomeRow {
    /// Whole hours since the epoch ([`Moment::hour`]).
    pub hour: u32,
    /// What kind of attempt, or which way.
    pub counted: Counted,
    /// The client family's label; empty while unknown.
    pub family: Arc<str>,
    /// How they ended.
    pub outcome: Outcome,
    /// How many, since the hour began.
    pub count: u64,
}

/// What one source of addresses brought in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Whole hours since the epoch ([`Moment::hour`]).
    pub hour: u32,
    /// Which source.
    pub source: Source,
    /// The counters, since the hour began.
    pub counts: SourceCounts,
}

/// Counters of one source of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SourceCounts {
    /// Addresses received.
    pub received: u64,
    /// Of these, unknown until then.
    pub new: u64,
    /// Of these, known already.
    pub duplicate: u64,
    /// Of these, excluded by the user: never contacted.
    pub excluded: u64,
    /// Contacts started to addresses that it named first.
    pub contacted: u64,
    /// Of these, contacts that reached a peer.
    pub reached: u64,
    /// Confirmed downloads of peers that it named first.
    pub confirmed: u64,
    /// What came of the new ones until now: they add up to these, but for those that an
    /// earlier version counted, which are in no state.
    pub came_to: AddressCounts,
}

/// What others said of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HearsayRow {
    /// When it was said.
    pub at: Moment,
    /// By whom: peer exchange, or a DHT node's filters (BEP 33).
    pub source: Source,
    /// The flags as they were said (BEP 11 `added.f`).
    pub flags: u8,
    /// Whether it was called a seed; None if nothing was said of that.
    pub seed: Option<bool>,
}

/// Something that a reader of the figures should know: a restart, a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When it happened.
    pub at: Moment,
    /// Stable snake_case name.
    pub kind: Arc<str>,
    /// What happened, in words.
    pub text: Arc<str>,
    /// The torrent that it concerns; None for the whole run.
    pub torrent: Option<TorrentNumber>,
}

/// The monitor's sample: gauges by name, units in the names
/// (`memory_bytes`, `sessions`, `load_permille`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRow {
    /// When it was taken.
    pub at: Moment,
    /// Name and value of each gauge.
    pub gauges: Vec<(Arc<str>, u64)>,
}

impl SourceCounts {
    /// Adds the counters of another hour or torrent.
    pub fn add(&mut self, other: &SourceCounts) {
        self.received += other.received;
        self.new += other.new;
        self.duplicate += other.duplicate;
        self.excluded += other.excluded;
        self.contacted += other.contacted;
        self.reached += other.reached;
        self.confirmed += other.confirmed;
        self.came_to.add(&other.came_to);
    }
}
