//! Two records of one peer: at once, and by turns.

use super::super::doubles::{Doubles, Download};
use super::*;

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

fn download(peer: u32, home: &str, below_s: u64, at_s: u64) -> Download {
    Download {
        peer: PeerNumber(peer),
        prefix: "-LT2080-".into(),
        home: home.parse().unwrap(),
        below_at: at(below_s),
        at: at(at_s),
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
