//! Two records of one peer: at once, and by turns.

use super::*;
use crate::swarm::facts::Observation;

fn glimpse(at_s: u64, peer: u32, remote: &str, direction: Direction) -> Glimpse {
    let remote: SocketAddr = remote.parse().unwrap();
    Glimpse {
        at: at(at_s),
        peer: PeerNumber(peer),
        prefix: "-LT2080-".into(),
        remote,
        direction,
        listen_port: (direction == Outgoing).then_some(remote.port()),
        pieces: 20,
        set_sum: 99,
    }
}

fn twins() -> Twins {
    Twins::new(100, Duration::from_secs(5))
}

/// Whether the second glimpse is taken for the peer of the first.
fn pair(first: Glimpse, second: Glimpse) -> bool {
    let mut twins = twins();
    assert_eq!(twins.compare(first.clone()), None);
    let twin = twins.compare(second);
    assert!(twin.is_none_or(|it| it == first.peer));
    twin.is_some()
}

fn v4() -> Glimpse {
    glimpse(0, 1, "192.0.2.1:6881", Outgoing)
}

fn v6() -> Glimpse {
    glimpse(1, 2, "[2001:db8::1]:6881", Outgoing)
}

#[test]
fn same_set_and_client_in_the_other_family_within_the_window_are_twins() {
    assert!(pair(v4(), v6()));
    let change = |change: fn(&mut Glimpse)| {
        let mut other = v6();
        change(&mut other);
        pair(v4(), other)
    };
    assert!(change(|it| it.at = at(5)));
    assert!(!change(|it| it.at = at(6)));
    assert!(!change(|it| it.prefix = "-TR3000-".into()));
    assert!(!change(|it| it.set_sum = 98));
    assert!(!change(|it| it.pieces = 21));
    assert!(!change(|it| it.listen_port = Some(6882)), "another port");
    assert!(!change(|it| it.listen_port = None), "an unknown port");
}

#[test]
fn one_dialled_and_one_accepted_behind_one_address_are_twins() {
    let came_in = |remote| glimpse(1, 2, remote, Incoming);
    assert!(pair(v4(), came_in("192.0.2.1:40000")));
    let said = |port| Glimpse {
        listen_port: Some(port),
        ..came_in("192.0.2.1:40000")
    };
    assert!(pair(v4(), said(6881)));
    assert!(!pair(v4(), said(6882)), "a neighbour");
    assert!(!pair(
        came_in("192.0.2.1:40001"),
        came_in("192.0.2.1:40000")
    ));
}

#[test]
fn leechers_of_a_lone_seed_are_no_twins() {
    // All of them hold what it has given out.
    assert!(!pair(v4(), glimpse(1, 2, "192.0.2.2:6881", Outgoing)));
    assert!(!pair(v4(), glimpse(1, 2, "192.0.2.2:40000", Incoming)));
    assert!(pair(v4(), v6()), "the control");
}

#[test]
fn sets_that_many_share_tell_nothing() {
    let of = |pieces: u32, set_sum: u64| {
        let change = |it: Glimpse| Glimpse {
            pieces,
            set_sum,
            ..it
        };
        pair(change(v4()), change(v6()))
    };
    for pieces in [0, 15, 85, 100] {
        assert!(!of(pieces, 5));
    }
    assert!(!of(20, 0), "in order");
    assert!(of(16, 5) && of(84, 5));
}

fn seen(at_s: u64, pieces: u32) -> Observation {
    let at = at(at_s);
    Observation { at, pieces }
}

/// Seen below and at the threshold in two sessions.
fn download(peer: u32, home: &str, below_s: u64, at_s: u64) -> Download {
    let home: SocketAddr = home.parse().unwrap();
    Download {
        peer: PeerNumber(peer),
        prefix: "-LT2080-".into(),
        address: hasher().address(home.ip()),
        lair: Lair::new(&hasher(), home.ip(), Some(home.port())),
        port: Some(home.port()),
        first: seen(below_s, 97),
        below: seen(below_s, 97),
        reached: seen(at_s, 98),
        crossed_with: None,
    }
}

fn double(second: Download) -> bool {
    let mut doubles = Doubles::new(Duration::from_secs(15));
    let first = download(1, "192.0.2.1:6881", 100, 200);
    assert_eq!(doubles.compare(first), None);
    doubles.compare(second) == Some(ONE)
}

#[test]
fn crossings_at_one_time_of_one_client_on_one_port_are_one_download() {
    let v6 = "[2001:db8::1]:6881";
    for (below, at) in [(150, 150), (0, 85), (215, 300), (0, 900)] {
        assert!(double(download(2, v6, below, at)), "{below} to {at}");
    }
    assert!(!double(download(2, v6, 0, 84)));
    assert!(!double(download(2, v6, 216, 300)));
    assert!(!double(download(2, "[2001:db8::1]:6882", 150, 150)));
    assert!(!double(download(2, "192.0.2.2:6881", 150, 150)));
    assert!(
        !double(download(2, "192.0.2.1:6882", 150, 150)),
        "neighbour"
    );
    assert!(double(download(2, "192.0.2.1:6881", 150, 150)), "or itself");
    let other_client = Download {
        prefix: "-TR3000-".into(),
        ..download(2, v6, 150, 150)
    };
    assert!(!double(other_client));
}

#[test]
fn crossings_within_two_sessions_are_one_download_if_the_pieces_are_the_same() {
    let crossed = |peer, home, set| Download {
        crossed_with: Some(set),
        ..download(peer, home, 200, 200)
    };
    let (v4, v6) = ("192.0.2.1:6881", "[2001:db8::1]:6881");
    for (one, other, same) in [(7, 7, true), (0, 0, true), (7, 8, false), (7, 0, false)] {
        let mut doubles = Doubles::new(Duration::from_secs(15));
        assert_eq!(doubles.compare(crossed(1, v4, one)), None);
        let found = doubles.compare(crossed(2, v6, other));
        assert_eq!(found, same.then_some(ONE), "{one} and {other}");
    }
}

#[test]
fn who_showed_less_than_the_other_had_is_another() {
    let v6 = "[2001:db8::1]:6881";
    let begun = |at_s, pieces| Download {
        first: seen(at_s, pieces),
        ..download(2, v6, 150, 220)
    };
    // The first one held 97 pieces at 100 s.
    assert!(!double(begun(116, 96)));
    assert!(double(begun(115, 96)), "it may have been held back");
    assert!(double(begun(116, 97)));
    let fell_back = Download {
        below: seen(101, 96),
        ..begun(90, 97)
    };
    assert!(double(fell_back), "what it had before says nothing");
}

#[test]
fn nearest_crossing_is_the_likeliest() {
    let mut doubles = Doubles::new(Duration::from_secs(15));
    doubles.remember(download(1, "192.0.2.1:6881", 100, 200));
    doubles.remember(download(2, "192.0.2.2:6881", 100, 260));
    doubles.remember(download(3, "192.0.2.3:6881", 100, 900));
    let found = doubles.compare(download(4, "[2001:db8::1]:6881", 100, 250));
    assert_eq!(found, Some(PeerNumber(2)));
}

#[test]
fn download_of_an_earlier_run_is_known_by_what_is_stored() {
    let (v4, v6) = ("192.0.2.1:6881", "[2001:db8::1]:6881");
    let mut doubles = Doubles::new(Duration::from_secs(15));
    doubles.remember(Download {
        port: None,
        ..download(1, v4, 100, 200)
    });
    let mut compare = |home| doubles.compare(download(2, home, 150, 220));
    assert_eq!(compare(v6), Some(ONE));
    assert_eq!(compare(v4), Some(ONE));
    assert_eq!(compare("[2001:db8::1]:6882"), None);
    assert_eq!(compare("192.0.2.2:6881"), None, "another address");
}

#[test]
fn lair_tells_the_family_and_hardly_the_port() {
    let lair = |ip: &str, port| Lair::new(&hasher(), ip.parse().unwrap(), port);
    let (v4, v6) = (
        lair("192.0.2.1", Some(6881)),
        lair("2001:db8::1", Some(6881)),
    );
    assert!(v4.is_across(v6) && v4.may_share_port(v6));
    assert!(!v4.is_across(lair("::ffff:192.0.2.9", None)));
    let unknown = lair("192.0.2.1", None);
    assert!(!unknown.may_share_port(unknown) && !unknown.may_share_port(v4));
    assert_eq!((unknown.or(v6), v6.or(v4)), (v6, v6));
    for port in 1..=1_000 {
        let it = lair("2001:db8::1", Some(port));
        assert!(it.code() < 128 && it.code() & 1 == 1);
        assert_eq!(Lair::from_code(it.code()), it);
    }
    let same = (1..=u16::MAX).filter(|port| lair("::1", Some(*port)).may_share_port(v6));
    assert!((900..1_200).contains(&same.count()));
}
