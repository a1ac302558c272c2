mod access;
mod mending;
mod samples;
mod space;
mod watching;

use std::path::Path;
use std::time::Duration;

use super::records::*;
use super::*;
use crate::moment::Moment;
use crate::protocol::info_hash::{InfoHash, InfoHashV2};
use crate::swarm::counted::Counted;
use crate::swarm::facts::*;
use crate::swarm::presence::Presence;

/// 2026-11-23T03:44:01.250Z.
const NOW: Moment = Moment::from_millis(1_795_405_441_250);
const PARAMETERS: Parameters = Parameters {
    threshold_permille: 980,
    allow_local: false,
    keep_addresses: false,
};

fn open(path: &Path) -> (Writer, Opened) {
    try_open(path, &PARAMETERS).unwrap()
}

fn try_open(path: &Path, parameters: &Parameters) -> Result<(Writer, Opened), StoreError> {
    let program = Program {
        version: "bta 0.1.0".into(),
        command_line: "bta list.txt".into(),
    };
    Writer::open(path, parameters, &program, NOW)
}

fn torrent(byte: u8) -> TorrentRow {
    TorrentRow {
        info_hash: InfoHash([byte; 20]),
        info_hash_v2: None,
        name: format!("torrent {byte}"),
        pieces: 1000,
        piece_length_bytes: 1 << 18,
        size_bytes: 1000 << 18,
        private: false,
        trackers: vec!["http://tracker.example/announce".into()],
        origin: "list.txt:1".into(),
        added_at: NOW,
    }
}

fn seen(after_s: u64, pieces: u32) -> Observation {
    Observation {
        at: NOW + Duration::from_secs(after_s),
        pieces,
    }
}

fn peer(address: u64, state: PeerState) -> PeerRow {
    PeerRow {
        ids: Ids {
            endpoint: Some(address),
            peer_id: address,
            address,
        },
        first: Some(seen(0, 10)),
        last: Some(seen(60, 500)),
        below: Some(seen(60, 500)),
        best_speed: 1_000_000,
        visits: 2,
        sources: Sources::default().with_some_time(Source::Tracker),
        client: "Transmission 4.0.6".into(),
        prefix: "-TR".into(),
        place: "EU,DE,,,".into(),
        network: "".into(),
        state,
        presence: Presence::Awaited,
        merged_into: None,
        proof: 0,
        flags: 0,
        seen_at: NOW + Duration::from_secs(60),
        direction: Direction::Outgoing,
        raw_address: None,
    }
}

fn risen(address: u64, verdict: Verdict, after_s: u64) -> CompletionRow {
    CompletionRow {
        verdict,
        at: seen(after_s, 0).at,
        below_at: seen(60, 0).at,
        evidence: Evidence::InSession,
        link: SessionLink::SameSession,
        first_seen: NOW,
        first_pieces: 10,
        below_pieces: 979,
        pieces: 980,
        total_pieces: 1000,
        client: "Transmission 4.0.6".into(),
        prefix: "-TR".into(),
        source: Source::Tracker,
        direction: Direction::Outgoing,
        ids: Ids {
            endpoint: Some(address),
            peer_id: address,
            address,
        },
        raw_address: None,
    }
}

/// A store with one torrent and `records` in it, closed in order.
fn stored(path: &Path, records: &[Record]) {
    let (mut writer, _) = open(path);
    assert_eq!(writer.torrent_number(&torrent(1)), TorrentNumber(1));
    writer.commit(records).unwrap();
    writer.close(NOW).unwrap();
}

const T: TorrentNumber = TorrentNumber(1);

fn below(number: u32) -> Record {
    let row = peer(number.into(), PeerState::Below);
    Record::Peer(T, PeerNumber(number), row)
}

fn rise(number: u32, verdict: Verdict, after_s: u64) -> Record {
    let row = risen(number.into(), verdict, after_s);
    Record::Completion(T, PeerNumber(number), row)
}

fn completions(path: &Path) -> Vec<(u32, Verdict, Moment)> {
    let reader = Reader::open(path).unwrap();
    let rows = reader.completions(None).map(Result::unwrap);
    rows.map(|((_, peer), row)| (peer.0, row.verdict, row.at))
        .collect()
}

#[test]
fn a_torrent_is_found_by_each_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let v2 = InfoHashV2([9; 32]);
    let named = |info_hash, info_hash_v2| TorrentRow {
        info_hash,
        info_hash_v2,
        ..torrent(1)
    };
    let hybrid = named(InfoHash([1; 20]), Some(v2));
    // It was named by its second half, and the metadata told of the first.
    let (mut writer, _) = open(folder.path());
    let number = writer.torrent_number(&named(v2.wire(), Some(v2)));
    let kept = Record::Metadata(v2.wire(), b"de".as_slice().into());
    writer
        .commit(&[kept, Record::Torrent(number, hybrid.clone())])
        .unwrap();
    writer.close(NOW).unwrap();

    let (mut writer, opened) = open(folder.path());
    assert_eq!(opened.torrents, [(T, hybrid.clone())]);
    for row in [
        named(InfoHash([1; 20]), None),
        named(v2.wire(), Some(v2)),
        hybrid,
    ] {
        assert_eq!(writer.torrent_number(&row), T);
    }
    let metadata = writer.load(T).unwrap().metadata;
    assert_eq!(metadata.as_deref(), Some(&b"d4:infodee"[..]));
    assert_eq!(writer.torrent_number(&torrent(2)), TorrentNumber(2));
}

#[test]
fn goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = OutcomeRow {
        hour: NOW.hour(),
        counted: Counted::Attempt(Attempt::First),
        family: "transmission".into(),
        outcome: Outcome::Success,
        count: 7,
    };
    let source = SourceRow {
        hour: NOW.hour(),
        source: Source::Tracker,
        counts: SourceCounts {
            received: 50,
            ..SourceCounts::default()
        },
    };
    let counted = |count| OutcomeRow {
        count,
        ..outcome.clone()
    };
    let records = [
        below(1),
        below(2),
        rise(2, Verdict::Confirmed, 90),
        Record::Outcome(T, counted(6)),
        Record::Outcome(T, counted(7)),
        Record::Source(T, source),
    ];
    stored(folder.path(), &records);
    let (mut writer, opened) = open(folder.path());
    assert!(opened.resumed && opened.clean);
    assert_eq!(opened.torrents, [(T, torrent(1))]);
    assert_eq!(opened.replayed, 0);
    let loaded = writer.load(T).unwrap();
    assert_eq!(loaded.next_peer, PeerNumber(3));
    assert!(loaded.confirmed.keys().eq(&[PeerNumber(2)]));
    assert_eq!(loaded.peers[0].1, peer(1, PeerState::Below));
    assert_eq!(loaded.outcomes, [counted(7)]);
    assert_eq!(loaded.sources, [source]);
    assert_eq!(writer.torrent_number(&torrent(1)), T);
    assert_eq!(writer.torrent_number(&torrent(2)), TorrentNumber(2));
    assert_eq!(
        writer.load(TorrentNumber(2)).unwrap(),
        Loaded {
            next_peer: PeerNumber(1),
            ..Loaded::default()
        }
    );
}

#[test]
fn a_confirmed_download_is_there_once_and_first() {
    let folder = tempfile::tempdir().unwrap();
    stored(
        folder.path(),
        &[
            rise(1, Verdict::Confirmed, 90),
            rise(1, Verdict::Confirmed, 95),
            rise(1, Verdict::Again, 200),
            rise(1, Verdict::Again, 200),
            rise(1, Verdict::Again, 300),
            rise(1, Verdict::Unproven, 400),
        ],
    );
    stored(folder.path(), &[rise(1, Verdict::Confirmed, 99)]);
    let at = |after_s| seen(after_s, 0).at;
    let expected = [
        (1, Verdict::Confirmed, at(90)),
        (1, Verdict::Again, at(200)),
        (1, Verdict::Again, at(300)),
        (1, Verdict::Unproven, at(400)),
    ];
    assert_eq!(completions(folder.path()), expected);
}

#[test]
fn a_completion_makes_its_peer_say_so() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[below(1), below(2), below(3)]);
    let mut told = peer(3, PeerState::Confirmed);
    told.visits = 9;
    stored(
        folder.path(),
        &[
            rise(1, Verdict::Confirmed, 90),
            rise(2, Verdict::Implausible, 90),
            rise(3, Verdict::Confirmed, 90),
            Record::Peer(T, PeerNumber(3), told.clone()),
        ],
    );
    let (writer, _) = open(folder.path());
    let peers = writer.load(T).unwrap().peers;
    assert_eq!(peers[0].1.state, PeerState::Confirmed);
    assert_eq!(peers[0].1.last, Some(seen(90, 980)));
    assert_eq!(peers[0].1.visits, 2);
    assert_eq!(peers[1].1.state, PeerState::NotCounted);
    assert_eq!(peers[2].1, told);
}

#[test]
fn events_of_one_moment_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[]);
    stored(folder.path(), &[]);
    let reader = Reader::open(folder.path()).unwrap();
    let events: Vec<_> = reader.events().map(|row| row.unwrap().kind).collect();
    let kinds: Vec<&str> = events.iter().map(|kind| &**kind).collect();
    let once = [
        "store_begun",
        "store_closed",
        "store_resumed",
        "store_closed",
    ];
    assert_eq!(kinds, once);
    assert_eq!(reader.fact("clean").unwrap().as_deref(), Some("true"));
    assert_eq!(
        reader.fact("program").unwrap().as_deref(),
        Some("bta 0.1.0")
    );
}
