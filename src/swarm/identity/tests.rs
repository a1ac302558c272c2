use super::*;
use crate::protocol::info_hash::InfoHash;

const TERMS: IdentityTerms = IdentityTerms {
    address_unseen: Duration::from_secs(24 * 3600),
    listen_port_gap: Duration::from_secs(3600),
};

fn hasher() -> IdentityHasher {
    IdentityHasher::new(&[7; 32], &InfoHash([1; 20]))
}

fn claim(remote: &str, direction: Direction, id: u8, prefix: &str, port: Option<u16>) -> Claim {
    let remote = remote.parse().unwrap();
    Claim::new(
        &hasher(),
        remote,
        direction,
        &PeerId([id; 20]),
        prefix.into(),
        port,
    )
}

fn known(prefix: &str, seen_s: u64, live: bool, dialled: bool) -> Known {
    Known {
        prefix: prefix.into(),
        seen_at: at(seen_s),
        live,
        dialled,
    }
}

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

const ONE: PeerNumber = PeerNumber(1);
use Direction::{Incoming, Outgoing};

#[test]
fn hashes_are_of_one_swarm_and_one_secret() {
    let ip = "192.0.2.1".parse().unwrap();
    let other_swarm = IdentityHasher::new(&[7; 32], &InfoHash([2; 20]));
    let other_secret = IdentityHasher::new(&[8; 32], &InfoHash([1; 20]));
    assert_ne!(hasher().address(ip), other_swarm.address(ip));
    assert_ne!(hasher().address(ip), other_secret.address(ip));
    assert_ne!(hasher().endpoint(ip, 1), hasher().endpoint(ip, 2));
    assert_eq!(
        hasher().address(ip),
        hasher().address("::ffff:192.0.2.1".parse().unwrap())
    );
}

#[test]
fn address_alone_recognises_nobody() {
    let mut identities = Identities::default();
    let first = claim("192.0.2.1:40000", Incoming, 1, "-TR3000-", None);
    identities.remember(ONE, &first.ids);
    let neighbour = claim("192.0.2.1:40001", Incoming, 2, "-TR3000-", None);
    let found = identities.recognise(at(1), &neighbour, &TERMS, |_| {
        Some(known("-TR3000-", 0, false, false))
    });
    assert_eq!(found, None);
    // The control: the same peer id from there is the same peer.
    let same = claim("192.0.2.1:40002", Incoming, 1, "-TR3000-", None);
    let found = identities.recognise(at(1), &same, &TERMS, |_| None);
    assert_eq!(found, Some((ONE, SessionLink::PeerId)));
}

#[test]
fn dialled_address_holds_for_a_day_and_one_client() {
    let mut identities = Identities::default();
    let first = claim("192.0.2.1:6881", Outgoing, 1, "-LT2080-", None);
    identities.remember(ONE, &first.ids);
    let again = claim("192.0.2.1:6881", Outgoing, 2, "-LT2080-", None);
    let seek = |now, claim: &Claim| {
        identities.recognise(now, claim, &TERMS, |_| {
            Some(known("-LT2080-", 0, false, true))
        })
    };
    assert_eq!(seek(at(86_400), &again), Some((ONE, SessionLink::Address)));
    assert_eq!(seek(at(86_401), &again), None);
    let other_client = claim("192.0.2.1:6881", Outgoing, 2, "-TR3000-", None);
    assert_eq!(seek(at(10), &other_client), None);
    let other_port = claim("192.0.2.1:6882", Outgoing, 2, "-LT2080-", None);
    assert_eq!(seek(at(10), &other_port), None);
}

#[test]
fn claimed_port_holds_for_an_hour_unless_shared_or_live() {
    let mut identities = Identities::default();
    let first = claim("192.0.2.1:40000", Incoming, 1, "-TR3000-", Some(51413));
    identities.remember(ONE, &first.ids);
    let back = claim("192.0.2.1:40007", Incoming, 2, "-TR3000-", Some(51413));
    let seek = |identities: &Identities, now, live| {
        let known = known("-TR3000-", 0, live, false);
        identities.recognise(now, &back, &TERMS, |_| Some(known.clone()))
    };
    assert_eq!(
        seek(&identities, at(3600), false),
        Some((ONE, SessionLink::ListenPort))
    );
    assert_eq!(seek(&identities, at(3601), false), None);
    assert_eq!(seek(&identities, at(10), true), None, "two at once are two");
    identities.mark_shared(first.ids.endpoint.unwrap());
    assert_eq!(seek(&identities, at(10), false), None);
}

fn glimpse(at_s: u64, peer: u32, prefix: &str, pieces: u32, set_sum: u64) -> Glimpse {
    Glimpse {
        at: at(at_s),
        peer: PeerNumber(peer),
        prefix: prefix.into(),
        pieces,
        set_sum,
    }
}

#[test]
fn same_set_and_client_within_the_window_are_twins() {
    let mut twins = Twins::new(100, Duration::from_secs(5));
    assert_eq!(twins.compare(glimpse(0, 1, "-LT2080-", 20, 99)), None);
    assert_eq!(twins.compare(glimpse(1, 2, "-LT2080-", 20, 99)), Some(ONE));
    assert_eq!(twins.compare(glimpse(1, 3, "-TR3000-", 20, 99)), None);
    assert_eq!(twins.compare(glimpse(1, 4, "-LT2080-", 20, 98)), None);
    assert_eq!(twins.compare(glimpse(7, 5, "-LT2080-", 20, 99)), None);
}

#[test]
fn sets_that_many_share_tell_nothing() {
    let mut twins = Twins::new(100, Duration::from_secs(5));
    for pieces in [0, 15, 85, 100] {
        assert_eq!(twins.compare(glimpse(0, 1, "", pieces, 5)), None);
        assert_eq!(twins.compare(glimpse(0, 2, "", pieces, 5)), None);
    }
}
