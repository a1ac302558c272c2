//! A store is killed in mid-write, again and again: no acknowledged row is lost,
//! none is there twice, no number is given a second time.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use bta::moment::Moment;
use bta::protocol::info_hash::InfoHash;
use bta::store::records::{CompletionRow, Ids, Parameters, PeerRow, TorrentRow};
use bta::store::{Program, Reader, Record, Writer};
use bta::swarm::facts::*;
use bta::swarm::presence::Presence;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// The folder that the child writes to; without it the child's test does nothing.
const FOLDER: &str = "BTA_CRASH_FOLDER";
/// Tells one child's rows from another's.
const ROUND: &str = "BTA_CRASH_ROUND";
const ROUNDS: u64 = 20;
const SEED: u64 = 2015;
const T: TorrentNumber = TorrentNumber(1);

fn open(folder: &Path) -> Writer {
    let parameters = Parameters {
        threshold_permille: 980,
        allow_local: true,
        keep_addresses: false,
    };
    let program = Program {
        version: "crash test".into(),
        command_line: String::new(),
    };
    let now = Moment::from_millis(1_795_405_441_250);
    let (mut writer, _) = Writer::open(folder, &parameters, &program, now).unwrap();
    let torrent = TorrentRow {
        info_hash: InfoHash([7; 20]),
        info_hash_v2: None,
        name: "crash".into(),
        pieces: 1000,
        piece_length_bytes: 16_384,
        size_bytes: 16_384_000,
        private: false,
        trackers: Vec::new(),
        origin: String::new(),
        added_at: now,
    };
    assert_eq!(writer.torrent_number(&torrent), T);
    writer
}

/// A peer that can be told from all others by its tag.
fn peer(tag: u64) -> PeerRow {
    PeerRow {
        ids: Ids {
            endpoint: None,
            peer_id: tag,
            address: tag,
        },
        first: None,
        last: None,
        below: None,
        best_speed: 0,
        visits: 1,
        sources: Sources::default(),
        client: format!("client {}", tag % 97).into(),
        prefix: "".into(),
        place: "".into(),
        network: "".into(),
        state: PeerState::Below,
        presence: Presence::Watched,
        merged_into: None,
        proof: 0,
        flags: 0,
        seen_at: Moment::EPOCH,
        direction: Direction::Incoming,
        raw_address: None,
    }
}

fn completion(tag: u64) -> CompletionRow {
    let of = peer(tag);
    CompletionRow {
        verdict: Verdict::Confirmed,
        at: Moment::from_millis(tag),
        below_at: Moment::EPOCH,
        evidence: Evidence::InSession,
        link: SessionLink::SameSession,
        first_seen: Moment::EPOCH,
        first_pieces: 0,
        below_pieces: 979,
        pieces: 980,
        total_pieces: 1000,
        client: of.client,
        prefix: of.prefix,
        source: Source::Incoming,
        direction: of.direction,
        ids: of.ids,
        raw_address: None,
    }
}

/// The child: writes batches and says after each what was acknowledged.
#[test]
fn child_writes_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let round: u64 = env::var(ROUND).unwrap().parse().unwrap();
    let mut rng = SmallRng::seed_from_u64(SEED + round);
    let mut writer = open(Path::new(&folder));
    let mut next = writer.load(T).unwrap().next_peer.0;
    let mut out = std::io::stdout();
    loop {
        let (mut batch, mut said) = (Vec::new(), String::new());
        for _ in 0..rng.random_range(1..20) {
            let tag = round << 32 | u64::from(next);
            let number = PeerNumber(next);
            next += 1;
            batch.push(Record::Peer(T, number, peer(tag)));
            said += &format!("peer {} {tag}\n", number.0);
            if rng.random_bool(0.3) {
                batch.push(Record::Completion(T, number, completion(tag)));
                said += &format!("completion {} {tag}\n", number.0);
            }
        }
        writer.commit(&batch).unwrap();
        writer.tidy().unwrap();
        said += "acknowledged\n";
        out.write_all(said.as_bytes()).unwrap();
    }
}

/// What was acknowledged: peer number to tag.
#[derive(Default)]
struct Acknowledged {
    peers: HashMap<u32, u64>,
    completions: HashMap<u32, u64>,
}

impl Acknowledged {
    /// Runs a child and kills it after so many acknowledgements and a moment.
    fn run(&mut self, folder: &Path, round: u64, rng: &mut SmallRng) {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left = rng.random_range(0..12);
        let mut said = Vec::new();
        for line in lines {
            let line = line.unwrap();
            if line == "acknowledged" {
                said.drain(..).for_each(|line: String| self.take(&line));
                if left == 0 {
                    for _ in 0..rng.random_range(0..3_000_000) {
                        std::hint::spin_loop();
                    }
                    // What it said before it dies still comes through the pipe.
                    child.kill().unwrap();
                }
                left -= 1;
            } else {
                said.push(line);
            }
        }
        child.wait().unwrap();
    }

    fn take(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(kind), Some(number), Some(tag)) = (words.next(), words.next(), words.next())
        else {
            return;
        };
        let (Ok(number), Ok(tag)) = (number.parse(), tag.parse()) else {
            return; // the test harness's own lines
        };
        let of_kind = match kind {
            "peer" => &mut self.peers,
            "completion" => &mut self.completions,
            _ => return,
        };
        let before = of_kind.insert(number, tag);
        assert_eq!(before, None, "{kind} {number} was given out twice");
    }

    /// Everything acknowledged is in the store, once. What is there beyond that
    /// was written and not acknowledged before the kill.
    fn check_completions(&self, reader: &Reader) {
        let mut found = HashMap::new();
        for row in reader.completions(Some(T)) {
            let ((_, peer), row) = row.unwrap();
            assert_eq!(row.verdict, Verdict::Confirmed);
            let before = found.insert(peer.0, row.ids.peer_id);
            assert_eq!(before, None, "completion of {} is there twice", peer.0);
        }
        for (number, tag) in &self.completions {
            assert_eq!(found.get(number), Some(tag), "completion of {number}");
        }
    }

    fn check_peers(&self, reader: &Reader) {
        let mut found = HashMap::new();
        for row in reader.peers(Some(T)) {
            let ((_, peer), row) = row.unwrap();
            found.insert(peer.0, row.ids.peer_id);
        }
        for (number, tag) in &self.peers {
            assert_eq!(found.get(number), Some(tag), "peer {number}");
        }
    }
}

fn killed_many_times(folder: &Path, rounds: u64) -> Acknowledged {
    println!("seed {SEED}");
    let mut rng = SmallRng::seed_from_u64(SEED);
    let mut acknowledged = Acknowledged::default();
    for round in 1..=rounds {
        acknowledged.run(folder, round, &mut rng);
        let reader = Reader::open(folder).unwrap();
        acknowledged.check_completions(&reader);
        acknowledged.check_peers(&reader);
    }
    assert!(acknowledged.completions.len() as u64 > rounds);
    acknowledged
}

#[test]
fn loses_and_doubles_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let acknowledged = killed_many_times(folder.path(), ROUNDS);
    let highest = acknowledged.peers.keys().max().copied().unwrap();
    let writer = open(folder.path());
    let loaded = writer.load(T).unwrap();
    assert!(loaded.next_peer.0 > highest);
    for number in acknowledged.completions.keys() {
        assert!(loaded.confirmed.contains_key(&PeerNumber(*number)));
    }
}

#[test]
fn the_journal_alone_holds_every_completion() {
    let folder = tempfile::tempdir().unwrap();
    let acknowledged = killed_many_times(folder.path(), 3);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    let mut writer = open(folder.path());
    let loaded = writer.load(T).unwrap();
    let highest = acknowledged.completions.keys().max().unwrap();
    assert!(loaded.next_peer.0 > *highest);
    assert!(
        loaded
            .peers
            .iter()
            .all(|(_, peer)| peer.state == PeerState::Confirmed)
    );
    // What comes once more is not there twice.
    let again: Vec<_> = (acknowledged.completions.iter())
        .map(|(number, tag)| Record::Completion(T, PeerNumber(*number), completion(tag + 1)))
        .collect();
    writer.commit(&again).unwrap();
    drop(writer);
    acknowledged.check_completions(&Reader::open(folder.path()).unwrap());
}

#[test]
fn a_torn_journal_loses_at_most_its_last_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("completions.journal");
    let mut writer = open(folder.path());
    for number in 1..=3 {
        let record = Record::Completion(T, PeerNumber(number), completion(number.into()));
        writer.commit(&[record]).unwrap();
    }
    drop(writer);
    let whole = fs::read(&path).unwrap();
    for cut in [1, 7, 20, 40] {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        fs::remove_dir_all(folder.path().join("store")).unwrap();
        let mut writer = open(folder.path());
        let loaded = writer.load(T).unwrap();
        assert!(loaded.confirmed.keys().eq(&[PeerNumber(1), PeerNumber(2)]));
        assert_eq!(loaded.next_peer, PeerNumber(3));
        // The next row stands where the torn one stood.
        let record = Record::Completion(T, PeerNumber(3), completion(3));
        writer.commit(&[record]).unwrap();
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn damage_anywhere_in_the_database_costs_no_completion() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    let mut writer = open(folder.path());
    for number in 1..=300 {
        let tag = u64::from(number);
        let batch = [
            Record::Peer(T, PeerNumber(number), peer(tag)),
            Record::Completion(T, PeerNumber(number), completion(tag)),
        ];
        writer.commit(&batch).unwrap();
        acknowledged.completions.insert(number, tag);
    }
    drop(writer);
    let database = folder.path().join("store/db");
    let mut rng = SmallRng::seed_from_u64(SEED);
    for _ in 0..12 {
        let mut bytes = fs::read(&database).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let at = rng.random_range(0..used);
        let until = (at + rng.random_range(1..200)).min(used);
        rng.fill(&mut bytes[at..until]);
        fs::write(&database, bytes).unwrap();
        acknowledged.check_completions(&Reader::open(folder.path()).unwrap());
        let writer = open(folder.path());
        assert_eq!(writer.load(T).unwrap().confirmed.len(), 300);
        writer.close(Moment::EPOCH).unwrap();
        acknowledged.check_completions(&Reader::open(folder.path()).unwrap());
    }
}
