//! The rows of the store as the rest of the program knows them: plain values
//! with their texts in full. How they are packed is the codec's business.

mod series;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::moment::Moment;
use crate::protocol::info_hash::{InfoHash, InfoHashV2, InfoHashes};
use crate::protocol::metainfo::Metainfo;
use crate::protocol::peer::family::Family;
use crate::swarm::confirmation::Rise;
use crate::swarm::facts::{
    Direction, Evidence, Observation, PeerNumber, PeerState, SessionLink, Source, Sources,
    TorrentNumber, Verdict,
};
use crate::swarm::presence::Presence;

pub use crate::swarm::identity::Ids;
pub use series::{
    AnnounceRow, EventRow, Failure, HearsayRow, NodesAsked, OutcomeRow, SampleRow, ScrapeAnswer,
    ScrapeRow, SourceCounts, SourceRow, TrackerAnswer,
};

/// One thing to be recorded. All counts are absolute, so that a record written
/// twice does no harm.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// What is known of a torrent; the newest wins.
    Torrent(TorrentNumber, TorrentRow),
    /// What is known of a peer; the newest wins.
    Peer(TorrentNumber, PeerNumber, PeerRow),
    /// A rise to the threshold. A confirmed one is there once, the first; it is
    /// never overwritten. The others are there once for each time (`at`).
    Completion(TorrentNumber, PeerNumber, CompletionRow),
    /// What an announce brought.
    Announce(TorrentNumber, AnnounceRow),
    /// What a scrape brought.
    Scrape(TorrentNumber, ScrapeRow),
    /// A counter of how attempts ended.
    Outcome(TorrentNumber, OutcomeRow),
    /// The counters of one source of addresses.
    Source(TorrentNumber, SourceRow),
    /// What others said of a peer.
    Hearsay(TorrentNumber, PeerNumber, HearsayRow),
    /// Something that a reader of the figures should know.
    Event(EventRow),
    /// The monitor's sample.
    Sample(SampleRow),
    /// The info dictionary that peers gave of a torrent that was named by a link: a
    /// file of its own in the run's folder.
    Metadata(InfoHash, Arc<[u8]>),
    /// A fact about the run: name, value. The newest wins.
    Meta(Arc<str>, Arc<str>),
}

/// A torrent as it was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorrentRow {
    /// The name of the swarm: SHA-1 of the info dictionary; without a v1 half the
    /// SHA-256, cut short.
    pub info_hash: InfoHash,
    /// SHA-256 of the info dictionary, if there is a v2 half (BEP 52).
    pub info_hash_v2: Option<InfoHashV2>,
    /// Its name, as the metainfo gives it.
    pub name: String,
    /// Number of pieces; 0 while unknown.
    pub pieces: u32,
    /// Bytes in a piece; 0 while unknown.
    pub piece_length_bytes: u64,
    /// Bytes of content.
    pub size_bytes: u64,
    /// BEP 27: only the trackers may name peers.
    pub private: bool,
    /// Announce URLs, passkeys redacted.
    pub trackers: Vec<String>,
    /// Where it came from: the file, or the list file and its line.
    pub origin: String,
    /// When it was first imported into this store.
    pub added_at: Moment,
}

impl TorrentRow {
    /// All names of the swarm that are known.
    pub fn hashes(&self) -> InfoHashes {
        InfoHashes {
            first: self.info_hash,
            v2: self.info_hash_v2,
        }
    }

    /// With what its metadata says.
    #[must_use]
    pub fn measured(self, metainfo: &Metainfo) -> Self {
        TorrentRow {
            info_hash: metainfo.info_hash,
            info_hash_v2: metainfo.info_hash_v2,
            name: metainfo.name.clone(),
            pieces: metainfo.pieces,
            piece_length_bytes: metainfo.piece_length,
            size_bytes: metainfo.content_len_bytes,
            private: metainfo.private,
            ..self
        }
    }
}

/// One peer of one torrent. At most 80 bytes in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// By what it is recognised.
    pub ids: Ids,
    /// First settled observation.
    pub first: Option<Observation>,
    /// Last settled observation.
    pub last: Option<Observation>,
    /// Last settled observation below the threshold.
    pub below: Option<Observation>,
    /// Highest download speed seen, bytes per second.
    pub best_speed: u32,
    /// Sessions in which it was observed.
    pub visits: u32,
    /// Every source that named it.
    pub sources: Sources,
    /// Client and version as shown to people; empty while unknown.
    pub client: Arc<str>,
    /// Client name that identity rests on (peer id prefix); empty if it has none.
    pub prefix: Arc<str>,
    /// Where its address is; empty while unknown.
    pub place: Arc<str>,
    /// Whose network its address is in; empty while unknown.
    pub network: Arc<str>,
    /// Where it stands.
    pub state: PeerState,
    /// Whether it could be met again.
    pub presence: Presence,
    /// The earlier record that it turned out to be ([`PeerState::Merged`]).
    pub merged_into: Option<PeerNumber>,
    /// The swarm's own notes about its history; the store only keeps them.
    pub proof: u8,
    /// The swarm's own marks; the store only keeps them.
    pub flags: u8,
    /// When it was last heard of.
    pub seen_at: Moment,
    /// Who opened its last session.
    pub direction: Direction,
    /// Its address, only under `--keep-addresses`.
    pub raw_address: Option<SocketAddr>,
}

impl PeerRow {
    /// Its client's family.
    pub fn family(&self) -> Family {
        Family::of_prefix(&self.prefix, Some(&self.client))
    }
}

/// A rise to the threshold, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionRow {
    /// What was made of it; only [`Verdict::Confirmed`] counts.
    pub verdict: Verdict,
    /// First observation at or above the threshold.
    pub at: Moment,
    /// Last observation below it.
    pub below_at: Moment,
    /// Whether it was seen in one session or between two.
    pub evidence: Evidence,
    /// By what the two sessions were found to be of one peer.
    pub link: SessionLink,
    /// First settled observation.
    pub first_seen: Moment,
    /// Pieces held then.
    pub first_pieces: u32,
    /// Pieces held at `below_at`.
    pub below_pieces: u32,
    /// Pieces held at `at`.
    pub pieces: u32,
    /// Pieces of the torrent.
    pub total_pieces: u32,
    /// Client and version as shown to people.
    pub client: Arc<str>,
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// The source that named it first.
    pub source: Source,
    /// Who opened the session in which it was above.
    pub direction: Direction,
    /// By what the peer is recognised.
    pub ids: Ids,
    /// Its address, only under `--keep-addresses`.
    pub raw_address: Option<SocketAddr>,
}

impl CompletionRow {
    /// What was seen, and what was made of it.
    pub(super) fn rise(&self) -> Rise {
        let observation = |at, pieces| Observation { at, pieces };
        Rise {
            verdict: self.verdict,
            below: observation(self.below_at, self.below_pieces),
            reached: observation(self.at, self.pieces),
            evidence: self.evidence,
        }
    }
}

/// What a store's figures depend on: a run with others cannot be added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Share of the pieces that counts as complete, in thousandths.
    pub threshold_permille: u16,
    /// Whether addresses that are not globally routable may be contacted.
    pub allow_local: bool,
    /// Whether addresses are stored.
    pub keep_addresses: bool,
}
