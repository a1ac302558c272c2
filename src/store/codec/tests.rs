use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::protocol::info_hash::{InfoHash, InfoHashV2};
use crate::store::names::Names;
use crate::store::records::*;
use crate::swarm::address_state::{AddressCounts, AddressState};
use crate::swarm::counted::Counted;
use crate::swarm::facts::*;
use crate::swarm::presence::Presence;

/// 2026-11-23T03:44:01.250Z.
const NOW: Moment = Moment::from_millis(1_795_405_441_250);

fn peer() -> PeerRow {
    let seen = |ago_s, pieces| {
        Some(Observation {
            at: NOW - Duration::from_secs(ago_s),
            pieces,
        })
    };
    PeerRow {
        ids: Ids {
            endpoint: Some(1),
            peer_id: u64::MAX,
            address: 2,
        },
        first: seen(30 * 86_400, 1),
        last: seen(1, 1_000_000),
        below: seen(29 * 86_400, 979_999),
        best_speed: 100_000_000,
        visits: 10_000,
        sources: Sources::default()
            .with(Source::Pex, Moment::from_millis(1_700_000_000_000))
            .with_some_time(Source::Tracker),
        client: "qBittorrent/5.1.2".into(),
        prefix: "-qB".into(),
        place: "EU,DE,49.6,11.0,Erlangen".into(),
        network: "680,DFN".into(),
        state: PeerState::Confirmed,
        presence: Presence::Unreachable,
        merged_into: None,
        proof: 3,
        flags: 1,
        seen_at: NOW,
        direction: Direction::Incoming,
        raw_address: None,
    }
}

/// Three addresses, each in a state of its own.
fn came_to() -> AddressCounts {
    let mut counts = AddressCounts::default();
    for state in [
        AddressState::NotContacted,
        AddressState::TurnedAway,
        AddressState::Met,
    ] {
        counts.enter(state, 1);
    }
    counts
}

fn round_trip<R: Row + PartialEq + std::fmt::Debug>(row: R) {
    let mut names = Names::default();
    let bytes = encode(&row, &mut names);
    assert_eq!(decode::<R>(&bytes, &names).as_ref(), Ok(&row));
    let bytes = encode(&row, &mut Inline);
    assert_eq!(decode::<R>(&bytes, &Inline).as_ref(), Ok(&row));
    for end in 0..bytes.len() {
        assert!(decode::<R>(&bytes[..end], &Inline).is_err(), "cut at {end}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(decode::<R>(&longer, &Inline).is_err());
}

#[test]
fn numbers_stand_as_leb128() {
    let mut out = Encoder::default();
    out.number(0_u64);
    out.number(0x7f_u64);
    out.number(300_u64);
    out.number(u64::MAX);
    let mut expected = vec![0x00, 0x7f, 0xac, 0x02];
    expected.extend([0xff; 9]);
    expected.push(0x01);
    assert_eq!(out.bytes, expected);
    let mut input = Decoder::new(&out.bytes);
    assert_eq!(input.number(), Ok(0_u64));
    assert_eq!(input.number(), Ok(0x7f_u8));
    assert_eq!(input.number(), Ok(300_u16));
    assert_eq!(input.number(), Ok(u64::MAX));
    assert_eq!(input.finish(), Ok(()));
}

#[test]
fn refuses_numbers_that_do_not_fit() {
    let overflow = Err(CodecError::Overflow { offset: 0 });
    assert_eq!(Decoder::new(&[0xac, 0x02]).number::<u8>(), overflow);
    let too_long = [&[0xff; 9][..], &[0x02]].concat();
    let overflow = Err(CodecError::Overflow { offset: 0 });
    assert_eq!(Decoder::new(&too_long).number::<u64>(), overflow);
    let endless = [0x80; 32];
    assert!(Decoder::new(&endless).number::<u64>().is_err());
}

/// Such a row has no flag for them, and ends before them.
#[test]
fn a_peer_stored_before_sources_had_times_is_read() {
    let mut peer = peer();
    let bytes = encode(&peer, &mut Inline);
    peer.sources = Sources::default()
        .with_some_time(Source::Pex)
        .with_some_time(Source::Tracker);
    let times = encode(&peer, &mut Inline);
    // Nor a presence: it is of version 1.
    peer.presence = Presence::Untold;
    let mut before = times[..times.len() - 3].to_vec();
    (before[0], before[1]) = (1, before[1] & 0x7f);
    assert_eq!(decode::<PeerRow>(&before, &Inline), Ok(peer));
    assert!(bytes.len() > before.len());
}

#[test]
fn a_peer_takes_at_most_80_bytes() {
    let mut names = Names::default();
    // As many names as a long run of a big swarm has.
    for index in 0..70_000 {
        names.number(NameKind::Network, &format!("AS{index}"));
        names.number(NameKind::Place, &format!("place {index}"));
    }
    for index in 0..5_000 {
        names.number(NameKind::Client, &format!("client {index}"));
        names.number(NameKind::Prefix, &format!("-{index}"));
    }
    let len = encode(&peer(), &mut names).len();
    assert!(len <= 80, "{len} bytes");
}

#[test]
fn a_completion_stands_byte_by_byte() {
    let mut names = Names::default();
    let bytes = encode(&completion(), &mut names);
    let mut expected = vec![
        1,    // version
        0x21, // has an endpoint, came in
        0, 1, 2, 4, // confirmed, across sessions, by peer id, incoming
    ];
    expected.extend(7_u64.to_le_bytes());
    expected.extend(8_u64.to_le_bytes());
    expected.extend(9_u64.to_le_bytes());
    expected.extend([0xe2, 0xd1, 0x83, 0xb4, 0xa0, 0x34]); // at, milliseconds
    expected.extend([0xe0, 0xd4, 0x03]); // 30 s before it: zigzag 60000
    expected.extend([0x80, 0x98, 0x75]); // below_at: 960 s before it
    expected.extend([0x0a, 0xd0, 0x07, 0xd4, 0x07, 0xe8, 0x07]); // pieces 10, 976, 980, 1000
    expected.extend([1, 1]); // names
    assert_eq!(bytes, expected);
}

fn completion() -> CompletionRow {
    CompletionRow {
        verdict: Verdict::Confirmed,
        at: NOW,
        below_at: NOW - Duration::from_secs(30),
        evidence: Evidence::AcrossSessions,
        link: SessionLink::PeerId,
        first_seen: NOW - Duration::from_secs(960),
        first_pieces: 10,
        below_pieces: 976,
        pieces: 980,
        total_pieces: 1000,
        client: "Transmission 4.0.6".into(),
        prefix: "-TR".into(),
        source: Source::Incoming,
        direction: Direction::Incoming,
        ids: Ids {
            endpoint: Some(7),
            peer_id: 8,
            address: 9,
        },
        raw_address: None,
    }
}

#[test]
fn reads_back_every_kind_of_row() {
    round_trip(peer());
    let mut bare = peer();
    bare.ids.endpoint = None;
    (bare.first, bare.last, bare.below) = (None, None, None);
    bare.merged_into = Some(PeerNumber(300));
    bare.raw_address = Some("[2001:db8::1]:6881".parse().unwrap());
    round_trip(bare);
    round_trip(completion());
    round_trip(CompletionRow {
        raw_address: Some("198.51.100.7:51413".parse().unwrap()),
        verdict: Verdict::Checking,
        // A clock that stepped back between two runs.
        below_at: NOW + Duration::from_secs(5),
        ..completion()
    });
    round_trip(TorrentRow {
        info_hash: InfoHash([7; 20]),
        info_hash_v2: Some(InfoHashV2([8; 32])),
        name: "Ein schöner Film".into(),
        pieces: 1327,
        piece_length_bytes: 1 << 20,
        size_bytes: 1_391_000_000,
        private: true,
        trackers: vec!["http://tracker.example/announce".into(), String::new()],
        origin: "input/list.txt:3".into(),
        added_at: NOW,
    });
    let failure = Failure {
        label: "timeout".into(),
        text: "no answer in 15 s".into(),
    };
    let announce = AnnounceRow {
        at: NOW,
        tracker: "udp://tracker.example:6969".into(),
        duration: Duration::from_millis(35),
        result: Ok(TrackerAnswer {
            peers: 50,
            seeders: Some(0),
            leechers: Some(u32::MAX),
            downloaded: None,
            interval: Some(Duration::from_secs(1800)),
            nodes: None,
        }),
    };
    round_trip(announce.clone());
    round_trip(AnnounceRow {
        result: Ok(TrackerAnswer {
            nodes: Some(NodesAsked {
                asked: 40,
                answered: 31,
            }),
            ..TrackerAnswer::default()
        }),
        ..announce.clone()
    });
    round_trip(AnnounceRow {
        result: Err(failure.clone()),
        ..announce.clone()
    });
    let scrape = |result| ScrapeRow {
        at: NOW,
        tracker: announce.tracker.clone(),
        duration: announce.duration,
        result,
    };
    round_trip(scrape(Ok(ScrapeAnswer {
        downloaded: Some(12),
        ..ScrapeAnswer::default()
    })));
    round_trip(scrape(Err(failure)));
    round_trip(OutcomeRow {
        hour: NOW.hour(),
        counted: Counted::Attempt(Attempt::Later),
        family: "transmission".into(),
        outcome: Outcome::Refused,
        count: u64::MAX,
    });
    round_trip(SourceRow {
        hour: NOW.hour(),
        source: Source::Tracker,
        counts: SourceCounts {
            received: 1,
            new: 2,
            duplicate: 3,
            excluded: 7,
            contacted: 4,
            reached: 5,
            confirmed: 6,
            came_to: came_to(),
        },
    });
    for seed in [None, Some(false), Some(true)] {
        round_trip(HearsayRow {
            at: NOW,
            source: Source::Pex,
            flags: 0x12,
            seed,
        });
    }
    for torrent in [None, Some(TorrentNumber(0)), Some(TorrentNumber(3))] {
        round_trip(EventRow {
            at: NOW,
            kind: "restart".into(),
            text: "Tracker died: index out of bounds".into(),
            torrent,
        });
    }
    round_trip(SampleRow {
        at: NOW,
        gauges: vec![("memory_bytes".into(), 1 << 27), ("sessions".into(), 0)],
    });
}

#[test]
fn reads_what_an_older_program_wrote() {
    // Version 1, hour 3, source 2, counters from 1 to 6: as they stand in a row.
    let bytes = [1, 3, 2, 1, 2, 3, 4, 5, 6];
    let row: SourceRow = decode(&bytes, &Inline).unwrap();
    assert_eq!((row.hour, row.source), (3, Source::Pex));
    assert_eq!((row.counts.confirmed, row.counts.excluded), (6, 0));
    assert!(decode::<SourceRow>(&bytes[..8], &Inline).is_err());
    // Version 2 goes on with what was excluded.
    let bytes = [2, 3, 2, 1, 2, 3, 4, 5, 6, 7];
    let row: SourceRow = decode(&bytes, &Inline).unwrap();
    assert_eq!((row.counts.confirmed, row.counts.excluded), (6, 7));
    assert_eq!(row.counts.came_to, AddressCounts::default());
    assert!(decode::<SourceRow>(&[3, 3, 2, 1, 2, 3, 4, 5, 6, 7], &Inline).is_err());
    // Version 1 of a peer is all but the presence at the end.
    let mut bytes = encode(&peer(), &mut Inline);
    assert_eq!(bytes.pop(), Some(Presence::Unreachable.code()));
    bytes[0] = 1;
    let untold = PeerRow {
        presence: Presence::Untold,
        ..peer()
    };
    assert_eq!(decode(&bytes, &Inline), Ok(untold));
}

#[test]
fn refuses_another_version() {
    let mut bytes = encode(&completion(), &mut Inline);
    assert!(decode::<CompletionRow>(&bytes, &Inline).is_ok());
    bytes[0] = 2;
    let error = decode::<CompletionRow>(&bytes, &Inline).unwrap_err();
    assert_eq!(error.to_string(), "unknown row version 2");
    assert_eq!(error.label(), "unknown_code");
}

#[test]
fn refuses_a_name_that_nobody_stored() {
    let mut names = Names::default();
    let bytes = encode(&completion(), &mut names);
    assert!(decode::<CompletionRow>(&bytes, &names).is_ok());
    let error = decode::<CompletionRow>(&bytes, &Names::default()).unwrap_err();
    assert_eq!(error.to_string(), "unknown client 1");
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let names = Names::default();
        // The right version lets it get past the first byte.
        let mut bytes = [&[1][..], &bytes].concat();
        for version in [1, bytes.last().copied().unwrap_or(0)] {
            bytes[0] = version;
            let _ = decode::<PeerRow>(&bytes, &names);
            let _ = decode::<CompletionRow>(&bytes, &Inline);
            let _ = decode::<TorrentRow>(&bytes, &Inline);
            let _ = decode::<AnnounceRow>(&bytes, &Inline);
            let _ = decode::<SampleRow>(&bytes, &Inline);
            let _ = decode::<EventRow>(&bytes, &Inline);
        }
    }

    #[test]
    fn moments_keep_their_distance(at in any::<u64>(), base in any::<u64>()) {
        let (at, base) = (Moment::from_millis(at), Moment::from_millis(base));
        let mut out = Encoder::default();
        out.moment_near(at, base);
        prop_assert_eq!(Decoder::new(&out.bytes).moment_near(base), Ok(at));
    }
}
