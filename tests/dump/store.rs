//! A small store with one of everything.

mod counters;
mod hearsay;

use std::path::Path;
use std::time::Duration;

use bta::moment::Moment;
use bta::protocol::info_hash::{InfoHash, InfoHashV2};
use bta::store::records::*;
use bta::store::{Opened, Program, Record, Writer};
use bta::swarm::facts::*;
use bta::swarm::presence::Presence;
use tempfile::TempDir;

/// The beginning of the run: 2026-11-23T03:44:01.250Z.
const BEGUN: Moment = Moment::from_millis(1_795_405_441_250);
/// When it is looked at, 30 min later.
pub(crate) const NOW: Moment = Moment::from_millis(1_795_405_441_250 + 1_800_000);

/// Without addresses.
pub(crate) const SMALL: Parameters = Parameters {
    threshold_permille: 980,
    allow_local: false,
    keep_addresses: false,
};
/// With addresses.
pub(crate) const KEEPING: Parameters = Parameters {
    keep_addresses: true,
    ..SMALL
};

const ONE: TorrentNumber = TorrentNumber(1);
const TWO: TorrentNumber = TorrentNumber(2);

pub(crate) fn open(folder: &Path, parameters: &Parameters) -> (Writer, Opened) {
    let program = Program {
        version: "bta 0.1.0".into(),
        command_line: "bta input/list.txt".into(),
    };
    Writer::open(folder, parameters, &program, BEGUN).unwrap()
}

pub(crate) fn filled(parameters: &Parameters) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), parameters);
    folder
}

pub(crate) fn fill(folder: &Path, parameters: &Parameters) {
    let (mut writer, _) = open(folder, parameters);
    assert_eq!(writer.torrent_number(&film()), ONE);
    assert_eq!(writer.torrent_number(&evil()), TWO);
    let mut records = peers();
    records.extend(completions());
    records.extend(announces());
    records.extend(scrapes());
    records.extend(counters::rows());
    records.extend(samples());
    records.extend(hearsay::rows().map(|(peer, row)| Record::Hearsay(ONE, peer, row)));
    records.push(Record::Event(EventRow {
        at: after(700),
        kind: "actor_restarted".into(),
        text: "tracker http://tracker.example/announce: panicked".into(),
        torrent: Some(ONE),
    }));
    if !parameters.keep_addresses {
        records.iter_mut().for_each(forget_address);
    }
    writer.commit(&records).unwrap();
    writer.close(NOW).unwrap();
}

fn forget_address(record: &mut Record) {
    match record {
        Record::Peer(_, _, row) => row.raw_address = None,
        Record::Completion(_, _, row) => row.raw_address = None,
        _ => {}
    }
}

fn after(seconds: u64) -> Moment {
    BEGUN + Duration::from_secs(seconds)
}

fn film() -> TorrentRow {
    TorrentRow {
        info_hash: InfoHash([1; 20]),
        info_hash_v2: Some(InfoHashV2([0xab; 32])),
        name: "Sintel (2010), 日本語字幕".into(),
        pieces: 1327,
        piece_length_bytes: 262_144,
        size_bytes: 347_866_112,
        private: false,
        trackers: vec![
            "http://tracker.example/announce".into(),
            "udp://tracker.example:6969".into(),
        ],
        origin: "input/list.txt:1".into(),
        added_at: BEGUN,
    }
}

/// A name that tries to steer the terminal.
fn evil() -> TorrentRow {
    TorrentRow {
        info_hash: InfoHash([2; 20]),
        info_hash_v2: None,
        name: "Evil \x1b[31m\u{202e}gpj.exe".into(),
        pieces: 100,
        piece_length_bytes: 16_384,
        size_bytes: 1_638_400,
        private: true,
        trackers: vec!["http://private.example/REDACTED/announce".into()],
        origin: "input/evil.torrent".into(),
        added_at: BEGUN,
    }
}

/// A peer last seen with so many pieces; none for one that never settled.
fn peer(number: u32, state: PeerState, pieces: Option<u32>) -> PeerRow {
    let number = u64::from(number);
    let seen = |seconds, pieces| Observation {
        at: after(seconds),
        pieces,
    };
    PeerRow {
        ids: Ids {
            endpoint: Some(number),
            peer_id: number,
            address: number,
        },
        first: pieces.map(|it| seen(10 * number, it / 2)),
        last: pieces.map(|it| seen(10 * number + 60, it)),
        below: pieces.map(|it| seen(10 * number + 30, it * 9 / 10)),
        best_speed: if state == PeerState::Below {
            1_572_864
        } else {
            0
        },
        visits: 2,
        sources: Sources::default()
            .with(Source::Tracker, after(10 * number))
            .with_some_time(Source::Incoming),
        client: "Transmission 4.0.6".into(),
        prefix: "-TR".into(),
        place: places(number).into(),
        network: if number == 1 {
            "64496,Example, Inc."
        } else {
            ""
        }
        .into(),
        state,
        presence: presence(state, number),
        merged_into: (state == PeerState::Merged).then_some(PeerNumber(1)),
        proof: 0,
        flags: 0,
        seen_at: after(10 * number + 60),
        direction: Direction::Outgoing,
        raw_address: Some(format!("198.51.100.{number}:51413").parse().unwrap()),
    }
}

/// One of each kind of presence that such peers have.
fn presence(state: PeerState, number: u64) -> Presence {
    match (state, number) {
        (PeerState::Merged, _) => Presence::Untold,
        (PeerState::Below, 2) => Presence::Vanished,
        (PeerState::Confirmed, _) => Presence::Watched,
        (PeerState::PartialSeed, _) => Presence::Undialable,
        _ => Presence::Awaited,
    }
}

/// Two towns of one country, a country alone, and nothing.
fn places(number: u64) -> &'static str {
    match number {
        1 => "EU,DE,49.6,11.0,Erlangen",
        2 => "EU,DE,52.5,13.4,Berlin",
        3 => "NA,US,,,",
        _ => "",
    }
}

fn peers() -> Vec<Record> {
    use PeerState::*;
    let mut hostile = peer(3, NotCounted, Some(90));
    hostile.place = "SA,BR,-23.5,-46.6,S\u{202e}o Paulo, \x1b[31m".into();
    hostile.client = "\x1b]0;owned\x07client, \"quoted\"".into();
    let mut other = peer(2, Below, Some(700));
    other.client = "qBittorrent/4.5.2".into();
    let rows = [
        (ONE, 1, peer(1, Confirmed, Some(1301))),
        (ONE, 2, other),
        (ONE, 3, peer(3, PartialSeed, Some(400))),
        (ONE, 4, peer(4, CompleteAtFirst, Some(1327))),
        (ONE, 5, peer(5, Unknown, None)),
        (ONE, 6, peer(6, Confirmed, Some(1327))),
        (ONE, 7, peer(7, Merged, Some(1327))),
        (TWO, 1, peer(1, Confirmed, Some(98))),
        (TWO, 2, peer(2, Below, Some(97))),
        (TWO, 3, hostile),
    ];
    rows.map(|(torrent, number, row)| Record::Peer(torrent, PeerNumber(number), row))
        .into()
}

fn completion(number: u32, verdict: Verdict, seconds: u64, pieces: u32) -> CompletionRow {
    let of = peer(number, PeerState::Confirmed, Some(pieces));
    CompletionRow {
        verdict,
        at: after(seconds),
        below_at: after(seconds - 5),
        evidence: Evidence::InSession,
        link: SessionLink::SameSession,
        first_seen: after(10),
        first_pieces: pieces / 2,
        below_pieces: pieces - 1,
        pieces,
        total_pieces: if pieces > 1000 { 1327 } else { 100 },
        client: of.client,
        prefix: of.prefix,
        source: Source::Tracker,
        direction: of.direction,
        ids: of.ids,
        raw_address: of.raw_address,
    }
}

fn completions() -> Vec<Record> {
    use Verdict::*;
    let mut visited = completion(6, Confirmed, 600, 1327);
    visited.evidence = Evidence::AcrossSessions;
    visited.link = SessionLink::PeerId;
    visited.below_at = after(300);
    visited.source = Source::Incoming;
    let mut hostile = completion(3, Unproven, 410, 98);
    hostile.client = "\x1b]0;owned\x07client, \"quoted\"".into();
    let rows = [
        (ONE, 6, visited),
        (ONE, 1, completion(1, Confirmed, 70, 1301)),
        (ONE, 1, completion(1, Again, 900, 1301)),
        // Confirmed twice before it was known to be peer 1.
        (ONE, 7, completion(7, Confirmed, 75, 1327)),
        (TWO, 1, completion(1, Confirmed, 400, 98)),
        (TWO, 3, hostile),
    ];
    rows.map(|(torrent, number, row)| Record::Completion(torrent, PeerNumber(number), row))
        .into()
}

fn announces() -> Vec<Record> {
    let answer = |seeders, leechers, downloaded| {
        Ok(TrackerAnswer {
            peers: 50,
            seeders: Some(seeders),
            leechers: Some(leechers),
            downloaded,
            interval: Some(Duration::from_secs(1800)),
            nodes: None,
        })
    };
    let failure = |label: &str, text: &str| {
        Err(Failure {
            label: label.into(),
            text: text.into(),
        })
    };
    let (http, udp) = (
        "http://tracker.example/announce",
        "udp://tracker.example:6969",
    );
    let private = "http://private.example/REDACTED/announce";
    let rows = [
        (ONE, 1, http, 35, answer(40, 100, Some(1_999))),
        (ONE, 2, udp, 15_000, failure("timeout", "no answer in 15 s")),
        (ONE, 300, http, 1_250, answer(41, 99, Some(2_000))),
        (ONE, 301, udp, 20, answer(52, 80, None)),
        (
            ONE,
            900,
            http,
            20,
            failure("http_status", "503 Service Unavailable"),
        ),
        (
            TWO,
            1,
            private,
            5,
            failure("failure", "unregistered\ntorrent"),
        ),
    ];
    rows.map(|(torrent, at, tracker, millis, result)| {
        let row = AnnounceRow {
            at: after(at),
            tracker: tracker.into(),
            duration: Duration::from_millis(millis),
            result,
        };
        Record::Announce(torrent, row)
    })
    .into()
}

/// One tracker counts on, the other begins anew.
fn scrapes() -> Vec<Record> {
    let (http, udp) = (
        "http://tracker.example/announce",
        "udp://tracker.example:6969",
    );
    let told = |downloaded| {
        Ok(ScrapeAnswer {
            seeders: Some(40),
            leechers: Some(100),
            downloaded: Some(downloaded),
        })
    };
    let failure = Failure {
        label: "timeout".into(),
        text: "no answer in 15 s".into(),
    };
    let rows = [
        (1, http, told(1_999)),
        (2, udp, told(7)),
        (600, http, told(2_002)),
        (601, udp, told(2)),
        (1_200, http, told(2_003)),
        (1_201, udp, told(5)),
        (1_202, udp, Err(failure)),
    ];
    rows.map(|(at, tracker, result)| {
        let row = ScrapeRow {
            at: after(at),
            tracker: tracker.into(),
            duration: Duration::from_millis(25),
            result,
        };
        Record::Scrape(ONE, row)
    })
    .into()
}

/// The second one has a gauge that the first has not.
fn samples() -> Vec<Record> {
    let sample = |at, gauges: &[(&str, u64)]| {
        let named = |(name, value): &(&str, u64)| ((*name).into(), *value);
        Record::Sample(SampleRow {
            at: after(at),
            gauges: gauges.iter().map(named).collect(),
        })
    };
    let first = [("memory_bytes", 31_457_280), ("sessions_outgoing", 120)];
    let then = [("memory_bytes", 32_505_856), ("sessions_outgoing", 1_231)];
    vec![
        sample(10, &first),
        sample(20, &[&then[..], &[("rows_waiting", 4)]].concat()),
    ]
}
