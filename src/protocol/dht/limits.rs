//! Every bound of the DHT node, with its reason: what a stranger may send, what we
//! keep, and what we send ourselves.

use std::time::Duration;

/// Nodes in a bucket and in an answer, and nodes that store a peer (BEP 5: K).
pub const K: usize = 8;

/// Nodes in the buckets that are farthest from us, the first one half of the table's
/// space: with more nodes there each lookup saves a step (libtorrent's extended
/// table).
pub const FAR_BUCKETS: [usize; 4] = [128, 64, 32, 16];

/// Nodes kept a bucket to replace those that fail.
pub const REPLACEMENTS: usize = 8;

/// Answers in a row that a node may owe before another takes its place.
pub const FAILURES: u8 = 2;

/// Answers in a row that a node may owe where nobody would take its place: an outage
/// of our own line must not empty the table.
pub const FAILURES_ALONE: u8 = 6;

/// A node not heard of for so long is questionable (BEP 5), a bucket untouched for so
/// long is refreshed.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// The shortest time between two pings of questionable nodes, as libtorrent: 200
/// nodes are asked once in [`FRESH`].
pub const PING_GAP: Duration = Duration::from_secs(4);

/// The shortest time between two refreshes of a bucket.
pub const REFRESH_GAP: Duration = Duration::from_secs(30);

/// A datagram that is read at all: what fits an Ethernet frame.
pub const DATAGRAM_BYTES: usize = 1500;

/// Nodes taken from one answer, a family: one sends [`K`], some twice as many.
pub const ANSWER_NODES: usize = 16;

/// Peers taken from one answer: more do not fit a datagram.
pub const ANSWER_PEERS: usize = 250;

/// A token that we echo: libtorrent's has 4 bytes, jech's 8, some have 20.
pub const TOKEN_BYTES: usize = 64;

/// A transaction id that we echo: 2 bytes are common, 4 ours.
pub const TRANSACTION_BYTES: usize = 32;

/// Peers in an answer over IPv4 (libtorrent's bound) and over IPv6: about 800 bytes.
pub const TOLD_PEERS_V4: usize = 100;
/// The same over IPv6.
pub const TOLD_PEERS_V6: usize = 40;

/// Info-hashes that peers are stored for.
pub const STORED_TORRENTS: usize = 2_000;

/// Peers stored a torrent, as libtorrent.
pub const STORED_PEERS: usize = 500;

/// Peers stored a torrent and address: so many clients live behind one NAT.
pub const STORED_PORTS: usize = 4;

/// A stored peer that does not announce again is forgotten: clients come back every
/// 15 to 30 min (libtorrent 45 min, jech 32 min).
pub const STORED_FOR: Duration = Duration::from_secs(45 * 60);

/// Samples in an answer (BEP 51): 400 bytes.
pub const SAMPLES: usize = 20;

/// How long who samples should wait (BEP 51).
pub const SAMPLE_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// A secret makes tokens for so long, and is honoured for as long again (BEP 5).
pub const TOKEN_LIFE: Duration = Duration::from_secs(5 * 60);

/// The time over which a stranger's messages are counted (libtorrent's DoS blocker).
pub const FLOOD_WINDOW: Duration = Duration::from_secs(10);

/// Messages from one address in [`FLOOD_WINDOW`] before it is ignored.
pub const FLOOD_MESSAGES: u32 = 50;

/// Unreadable or unasked-for datagrams from one address in [`FLOOD_WINDOW`] before
/// it is ignored: a late answer or two are common.
pub const FLOOD_GARBAGE: u32 = 10;

/// Who floods is ignored for so long.
pub const FLOOD_SILENCE: Duration = Duration::from_secs(5 * 60);

/// Addresses whose messages are counted at a time.
pub const FLOOD_ADDRESSES: usize = 4_096;

/// Queries of others that are answered in a second, as jech.
pub const ANSWERS_PER_S: u32 = 100;

/// Queries that we send in a second, so that neither we nor a home router floods.
pub const QUERIES_PER_S: u32 = 100;

/// Queries that we send to one address in [`FLOOD_WINDOW`]: below where libtorrent
/// would ban us.
pub const QUERIES_TO_ONE: u32 = 25;

/// Nodes that peers' PORT messages name which are asked in a second; in a big swarm
/// many come at once, and any few of them fill the table.
pub const NAMED_PER_S: u32 = 10;

/// Queries without an answer of a lookup at a time (libtorrent's search branching).
pub const ALPHA: usize = 5;

/// A query without answer for so long leaves its place to another (late answers are
/// still taken): nine of ten answers come within a second.
pub const LATE_AFTER: Duration = Duration::from_millis(1_500);

/// A query without answer for so long has failed.
pub const LOST_AFTER: Duration = Duration::from_secs(8);

/// Nodes beyond [`K`] that a lookup asks at most, one for each silent one but the first
/// among the closest: those close to it all name the same [`K`] others, so where two of
/// these are silent only nodes farther away can name who comes next.
pub const SPARE: usize = 4;

/// Queries of one lookup at most: an honest one needs 20 to 60, and liars can name
/// ever closer nodes.
pub const LOOKUP_QUERIES: u32 = 256;

/// Of these, to nodes whose names may be chosen: an honest lookup asks half as many,
/// and liars can give each other any name.
pub const LOOKUP_DOUBTED: u32 = 40;

/// Peers that a lookup takes from all.
pub const LOOKUP_PEERS: usize = 4_000;

/// Lookups under way at a time; others wait.
pub const LOOKUPS: usize = 16;

/// Votes on our own address that are kept, one a network.
pub const VOTES: usize = 32;

/// Votes that make an address ours, if they are the greater part.
pub const VOTES_NEEDED: usize = 5;

/// Nodes in a saved table.
pub const SAVED_NODES: usize = 512;

/// Nodes of a saved table that the first lookup begins with.
pub const SAVED_SEEDS: usize = 32;
