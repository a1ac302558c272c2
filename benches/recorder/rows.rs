//! Peers and completions as a long run of a big swarm has them, and the order in which
//! a Swarm hands them over.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bta::moment::Moment;
use bta::protocol::info_hash::InfoHash;
use bta::store::records::{CompletionRow, Ids, Parameters, PeerRow, TorrentRow};
use bta::store::{Program, Record, Writer};
use bta::swarm::facts::*;
use bta::swarm::presence::Presence;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::sides;

pub(crate) const TORRENT: TorrentNumber = TorrentNumber(1);
/// What the Recorder commits at once, and a Swarm sends at once.
pub(crate) const BATCH: usize = 200;
/// Batches that a Swarm has on their way: it sorts the peers of as many.
pub(crate) const BATCHES: usize = 4;
/// Different rows; they are used again and again, under other keys.
pub(crate) const POOL: usize = 16_000;
pub(crate) const PIECES: u32 = 1_000;
pub(crate) const PIECE_LEN_BYTES: u64 = 1 << 20;
/// 2026-11-23T03:44:01.250Z.
pub(crate) const NOW: Moment = Moment::from_millis(1_795_405_441_250);
const SEED: u64 = 2015;

/// A peer's number, and which row of the pool it gets.
pub(crate) type Put = (u32, u32);

/// Rows, and what the store makes of them.
pub(crate) struct Pool {
    peers: Vec<PeerRow>,
    completions: Vec<CompletionRow>,
    pub(crate) peer_values: Vec<Vec<u8>>,
    pub(crate) completion_values: Vec<Vec<u8>>,
}

impl Pool {
    /// The values are read with sled from a store that was written with these rows.
    pub(crate) fn new() -> Pool {
        let mut rng = SmallRng::seed_from_u64(SEED);
        let texts = Texts::new();
        let peers: Vec<_> = (0..POOL).map(|_| peer(&texts, &mut rng)).collect();
        let completions: Vec<_> = peers.iter().map(|row| completion(row, &mut rng)).collect();
        let mut pool = Pool {
            peers,
            completions,
            peer_values: Vec::new(),
            completion_values: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open(folder.path());
        for batch in first_puts(POOL).chunks(BATCH / 2) {
            let rows = batch.iter().flat_map(|put| pool.risen(*put));
            writer.commit(&rows.collect::<Vec<_>>()).unwrap();
        }
        writer.close(NOW).unwrap();
        let db = sides::database(folder.path());
        let values = |tree| {
            let tree = db.open_tree(tree).unwrap();
            tree.iter().map(|it| it.unwrap().1.to_vec()).collect()
        };
        pool.peer_values = values("peers");
        pool.completion_values = values("completions");
        assert_eq!(pool.peer_values.len(), POOL);
        assert_eq!(pool.completion_values.len(), POOL);
        pool
    }

    pub(crate) fn peer(&self, (number, row): Put) -> Record {
        Record::Peer(
            TORRENT,
            PeerNumber(number),
            self.peers[row as usize].clone(),
        )
    }

    pub(crate) fn completion(&self, put: Put) -> CompletionRow {
        self.completions[put.1 as usize].clone()
    }

    /// A peer and its completion.
    pub(crate) fn risen(&self, put: Put) -> [Record; 2] {
        let row = self.completion(put);
        [
            self.peer(put),
            Record::Completion(TORRENT, PeerNumber(put.0), row),
        ]
    }
}

/// The first peers of every store: all rows once, so that names have the same numbers
/// in all of them.
pub(crate) fn first_puts(peers: usize) -> Vec<Put> {
    let row = |number: usize| (number % POOL) as u32;
    (0..peers).map(|it| (it as u32 + 1, row(it))).collect()
}

/// So many rows of peers behind `known` ones, a `share` of them of known ones: as a
/// Swarm takes them, sorted over the batches that may be on their way.
pub(crate) fn puts(known: usize, share: f64, rows: usize) -> Vec<Put> {
    let mut rng = SmallRng::seed_from_u64(SEED + 1);
    let mut last = known as u32;
    let mut all = Vec::with_capacity(rows);
    while all.len() < rows {
        let round = (rows - all.len()).min(BATCH * BATCHES);
        let again = (round as f64 * share) as usize;
        let mut numbers = BTreeSet::new();
        while numbers.len() < again {
            numbers.insert(rng.random_range(1..=last));
        }
        numbers.extend(last + 1..=last + (round - again) as u32);
        last += (round - again) as u32;
        let row = |number| (number, rng.random_range(0..POOL as u32));
        all.extend(numbers.into_iter().map(row));
    }
    all
}

/// A store with the torrent in it.
pub(crate) fn open(folder: &Path) -> Writer {
    open_for(folder, InfoHash([7; 20]))
}

/// The same with a torrent of this name.
pub(crate) fn open_for(folder: &Path, info_hash: InfoHash) -> Writer {
    let mut writer = reopen(folder);
    let torrent = TorrentRow {
        info_hash,
        info_hash_v2: None,
        name: "bench".into(),
        pieces: PIECES,
        piece_length_bytes: PIECE_LEN_BYTES,
        size_bytes: u64::from(PIECES) * PIECE_LEN_BYTES,
        private: false,
        trackers: Vec::new(),
        origin: String::new(),
        added_at: NOW,
    };
    assert_eq!(writer.torrent_number(&torrent), TORRENT);
    writer
}

/// A store as it is.
pub(crate) fn reopen(folder: &Path) -> Writer {
    let parameters = Parameters {
        threshold_permille: 980,
        allow_local: true,
        keep_addresses: false,
    };
    let program = Program {
        version: "bench".into(),
        command_line: String::new(),
    };
    Writer::open(folder, &parameters, &program, NOW).unwrap().0
}

/// Texts that peers share, the first ones by far the most.
struct Texts {
    clients: Vec<(Arc<str>, Arc<str>)>,
    places: Vec<Arc<str>>,
    networks: Vec<Arc<str>>,
}

impl Texts {
    fn new() -> Texts {
        const CLIENTS: [(&str, &str); 5] = [
            ("qBittorrent/5", "-qB"),
            ("µTorrent 3.6", "-UT"),
            ("Transmission 4", "-TR"),
            ("Deluge/2.1", "-DE"),
            ("libtorrent/2.0", "-LT"),
        ];
        let client = |number: usize| {
            let (name, prefix) = CLIENTS[number % CLIENTS.len()];
            let version = number / CLIENTS.len();
            (
                format!("{name}.{version}").into(),
                format!("{prefix}{:02}", version / 4).into(),
            )
        };
        let text = |kind: &'static str| move |number| format!("{kind} {number}").into();
        Texts {
            clients: (0..400).map(client).collect(),
            places: (0..8_000).map(text("EU,DE,49.6,11.0,Town")).collect(),
            networks: (0..3_000).map(text("64496,Network")).collect(),
        }
    }
}

fn some<'a, T>(of: &'a [T], rng: &mut SmallRng) -> &'a T {
    let place = rng.random::<f64>().powi(3) * of.len() as f64;
    &of[place as usize]
}

fn peer(texts: &Texts, rng: &mut SmallRng) -> PeerRow {
    let minutes =
        |most: u64, rng: &mut SmallRng| Duration::from_millis(rng.random_range(0..most * 60_000));
    let seen_at = NOW + minutes(24 * 60, rng);
    let first_at = seen_at - minutes(12 * 60, rng);
    // Of half of them the session is open.
    let last_at = seen_at - minutes(60, rng) * rng.random_range(0..2);
    let seen = |at, pieces| Some(Observation { at, pieces });
    let (state, first, last, below) = match rng.random_range(0..100) {
        0..5 => (PeerState::Unknown, None, None, None),
        5..45 => {
            let all = seen(first_at, PIECES);
            (PeerState::CompleteAtFirst, all, seen(last_at, PIECES), None)
        }
        _ => {
            let pieces = rng.random_range(0..980);
            let first = seen(first_at, pieces);
            let below = seen(last_at, rng.random_range(pieces..980));
            match rng.random_range(0..100) {
                0..20 => (PeerState::Confirmed, first, seen(seen_at, PIECES), below),
                20..30 => (PeerState::PartialSeed, first, below, below),
                _ => (PeerState::Below, first, below, below),
            }
        }
    };
    let mut sources = Sources::default();
    for _ in 0..rng.random_range(1..4) {
        let named = some(Source::ALL, rng);
        sources = sources.with(*named, first_at - minutes(10, rng));
    }
    let (client, prefix) = some(&texts.clients, rng).clone();
    let incoming = rng.random_bool(0.3);
    PeerRow {
        ids: Ids {
            endpoint: (!incoming || rng.random_bool(0.8)).then(|| rng.random()),
            peer_id: rng.random(),
            address: rng.random(),
        },
        first,
        last,
        below,
        best_speed: rng.random_range(0..20_000_000),
        visits: rng.random_range(1..30),
        sources,
        client,
        prefix,
        place: some(&texts.places, rng).clone(),
        network: some(&texts.networks, rng).clone(),
        state,
        presence: *some(Presence::ALL, rng),
        merged_into: None,
        proof: rng.random_range(0..16),
        flags: rng.random(),
        seen_at,
        direction: match incoming {
            true => Direction::Incoming,
            false => Direction::Outgoing,
        },
        raw_address: None,
    }
}

fn completion(of: &PeerRow, rng: &mut SmallRng) -> CompletionRow {
    CompletionRow {
        verdict: Verdict::Confirmed,
        at: of.seen_at,
        below_at: of.seen_at - Duration::from_millis(rng.random_range(0..120_000)),
        evidence: Evidence::InSession,
        link: SessionLink::SameSession,
        first_seen: of.first.map_or(of.seen_at, |it| it.at),
        first_pieces: rng.random_range(0..900),
        below_pieces: 979,
        pieces: 980,
        total_pieces: PIECES,
        client: of.client.clone(),
        prefix: of.prefix.clone(),
        source: of.sources.first().unwrap_or(Source::Incoming),
        direction: of.direction,
        ids: of.ids,
        raw_address: None,
    }
}
