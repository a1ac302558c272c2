use super::*;
use crate::lab::peer::client::Client;
use crate::lab::peer::{Fate, Known, Reach};
use crate::lab::witness::Shown;
use crate::protocol::peer::{Encryption, Transport};

const TORRENT: InfoHash = InfoHash([1; 20]);

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

/// Announced at 0, seen below at 5, crossing at `crossed`, complete at 20.
fn peer(host: u8, port: u16, crossed: Option<u64>) -> PeerTruth {
    PeerTruth {
        torrent: TORRENT,
        address: SocketAddr::from(([10, 0, 0, host], port)),
        also: None,
        reach: Reach::Open,
        known: Known::Trackers,
        client: Client::Libtorrent,
        encryption: Encryption::Off,
        transport: Transport::Tcp,
        fate: Fate::Stays,
        crossed: crossed.map(at),
        completed: crossed.map(|_| at(20)),
        shown: Shown {
            announced: Some(at(0)),
            met: Some(at(5)),
            sessions: 1,
            below: Some(at(5)),
            above: crossed.map(at),
            ..Shown::default()
        },
    }
}

fn found(address: &str, seconds: u64) -> Confirmation {
    Confirmation::read(TORRENT, address, at(seconds)).unwrap()
}

fn judge(peers: Vec<PeerTruth>, found: &[Confirmation]) -> Judgement {
    let offences = BTreeMap::new();
    Truth { peers, offences }.judge(found)
}

#[test]
fn tells_right_from_wrong() {
    let peers = vec![
        peer(1, 6881, Some(18)),
        peer(2, 6881, Some(18)),
        peer(3, 6881, None),
    ];
    let confirmations = [
        found("10.0.0.1:6881", 19),
        found("10.0.0.1", 20),
        found("10.0.0.3", 20),
        found("10.0.0.9", 20),
    ];
    let judgement = judge(peers, &confirmations);
    let line = "demo: 2 completed, 1 confirmed, 1 missed, 3 wrong";
    assert_eq!(judgement.line(), line);
    assert_eq!(judgement.time_error(0.5), Duration::from_secs(1));
    let again: Vec<bool> = judgement.wrong.iter().map(|it| it.again).collect();
    assert_eq!(again, [true, false, false]);
    let missed: Vec<Miss> = judgement.missed().map(|(_, miss)| miss).collect();
    assert_eq!(missed, [Miss::Overlooked]);
    assert!(judgement.to_string().contains("confirmed twice"));
}

#[test]
fn neighbours_are_told_apart_by_port_or_time() {
    let peers = || vec![peer(1, 6881, Some(10)), peer(1, 6882, Some(18))];
    let by_port = judge(peers(), &[found("10.0.0.1:6882", 11)]);
    assert_eq!(by_port.hits[0].peer, 1);
    let by_time = judge(
        peers(),
        &[found("10.0.0.1:40000", 18), found("10.0.0.1", 18)],
    );
    let hits: Vec<usize> = by_time.hits.iter().map(|hit| hit.peer).collect();
    assert_eq!((hits, by_time.wrong.len()), (vec![0, 1], 0));
}

#[test]
fn each_miss_has_its_reason() {
    let never = PeerTruth {
        shown: Shown::default(),
        ..peer(1, 1, Some(18))
    };
    let mut late = peer(2, 1, Some(18));
    (late.shown.met, late.shown.below) = (Some(at(19)), None);
    let mut untold = peer(3, 1, Some(18));
    untold.shown.above = None;
    let judgement = judge(vec![never, late, untold], &[]);
    let missed: Vec<Miss> = judgement.missed().map(|(_, miss)| miss).collect();
    assert_eq!(missed, [Miss::NeverMet, Miss::MetTooLate, Miss::NotTold]);
    assert_eq!((judgement.showable.of, judgement.fair.of), (0, 2));
}

#[test]
fn who_completes_at_once_had_no_fair_chance() {
    let mut quick = peer(1, 1, Some(18));
    quick.shown.announced = Some(at(18));
    let short = PeerTruth {
        completed: None,
        ..peer(2, 1, Some(18))
    };
    let judgement = judge(vec![quick, short], &[found("10.0.0.2", 18)]);
    assert_eq!((judgement.all.of, judgement.fair.of), (1, 0));
    assert_eq!((judgement.short_of_all(), judgement.wrong.len()), (1, 0));
}

#[test]
fn both_families_are_one_peer() {
    let mut dual = peer(1, 6881, Some(18));
    dual.also = Some("[2a00::1]:6881".parse().unwrap());
    let judgement = judge(vec![dual], &[found("2a00::1", 18), found("10.0.0.1", 18)]);
    assert_eq!((judgement.hits.len(), judgement.wrong.len()), (1, 1));
    assert!(judgement.wrong[0].again);
}
