//! Who is taken for whom.

mod pairs;

use super::*;
use crate::protocol::info_hash::InfoHash;

const TERMS: IdentityTerms = IdentityTerms {
    address_unseen: Duration::from_secs(24 * 3600),
    listen_port_gap: Duration::from_secs(3600),
};

fn hasher() -> IdentityHasher {
    IdentityHasher::new(&[7; 32], &InfoHash([1; 20]))
}

/// A claim whose peer id is the client's prefix, filled up with `id`.
fn claim(remote: &str, direction: Direction, id: u8, prefix: &str, port: Option<u16>) -> Claim {
    let mut peer_id = [id; 20];
    peer_id[..prefix.len()].copy_from_slice(prefix.as_bytes());
    let remote = remote.parse().unwrap();
    let (peer_id, prefix) = (PeerId(peer_id), prefix.into());
    Claim::new(&hasher(), remote, direction, &peer_id, prefix, port)
}

fn known(prefix: &str, seen_s: u64, live: bool) -> Known {
    Known {
        prefix: prefix.into(),
        lair: Lair::default(),
        seen_at: at(seen_s),
        live,
    }
}

/// The peer bears the marks of this claim.
fn remember(identities: &mut Identities, peer: PeerNumber, claim: &Claim) {
    identities.rename(peer, 0, claim.ids.peer_id);
    if let Some(endpoint) = claim.ids.endpoint {
        identities.settle(peer, endpoint, claim.dialled);
    }
}

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

const ONE: PeerNumber = PeerNumber(1);
const TWO: PeerNumber = PeerNumber(2);
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
    remember(&mut identities, ONE, &first);
    let neighbour = claim("192.0.2.1:40001", Incoming, 2, "-TR3000-", None);
    let found = identities.recognise(at(1), &neighbour, &TERMS, |_| {
        Some(known("-TR3000-", 0, false))
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
    remember(&mut identities, ONE, &first);
    let again = claim("192.0.2.1:6881", Outgoing, 2, "-LT2080-", None);
    let seek = |now, claim: &Claim| {
        identities.recognise(now, claim, &TERMS, |_| Some(known("-LT2080-", 0, false)))
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
    let first = claim("192.0.2.1:40000", Incoming, 1, "-LT2080-", Some(51413));
    remember(&mut identities, ONE, &first);
    let back = claim("192.0.2.1:40007", Incoming, 2, "-LT2080-", Some(51413));
    let seek = |identities: &Identities, now, live| {
        let known = known("-LT2080-", 0, live);
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

#[test]
fn ipv6_host_links_who_tells_no_port() {
    let first = claim("[2001:db8::1]:40000", Incoming, 1, "-LT2080-", None);
    let mut identities = Identities::default();
    remember(&mut identities, ONE, &first);
    identities.lodge(ONE, first.host().unwrap(), |_| true);
    let seek = |identities: &Identities, now, next: &Claim, live| {
        let known = Known {
            lair: first.lair,
            ..known("-LT2080-", 0, live)
        };
        identities.recognise(now, next, &TERMS, |_| Some(known.clone()))
    };
    let next = |remote, direction, prefix| claim(remote, direction, 2, prefix, None);
    let found = Some((ONE, SessionLink::Host));
    let back = next("[2001:db8::1]:40007", Incoming, "-LT2080-");
    assert_eq!(seek(&identities, at(3600), &back, false), found);
    assert_eq!(seek(&identities, at(3601), &back, false), None);
    assert_eq!(seek(&identities, at(10), &back, true), None, "two at once");
    let dialled = next("[2001:db8::1]:6881", Outgoing, "-LT2080-");
    assert_eq!(seek(&identities, at(10), &dialled, false), found);
    let others = [
        next("[2001:db8::1]:40007", Incoming, "-qB4520-"),
        next("[2001:db8::2]:40007", Incoming, "-LT2080-"),
        next("192.0.2.1:40007", Incoming, "-LT2080-"),
    ];
    for other in others {
        assert_eq!(seek(&identities, at(10), &other, false), None, "{other:?}");
    }
    identities.lodge(TWO, first.host().unwrap(), |_| true);
    assert_eq!(seek(&identities, at(10), &back, false), None, "shared");
}

#[test]
fn ipv6_host_links_nobody_of_whom_both_ports_are_known() {
    let first = claim("[2001:db8::1]:6881", Outgoing, 1, "-LT2080-", None);
    let mut identities = Identities::default();
    remember(&mut identities, ONE, &first);
    identities.lodge(ONE, first.host().unwrap(), |_| true);
    let known = Known {
        lair: first.lair,
        ..known("-LT2080-", 0, false)
    };
    let seek = |next: Claim| identities.recognise(at(9), &next, &TERMS, |_| Some(known.clone()));
    let next = |port| claim("[2001:db8::1]:40007", Incoming, 2, "-LT2080-", port);
    assert_eq!(seek(next(Some(6882))), None);
    assert_eq!(seek(next(None)), Some((ONE, SessionLink::Host)));
}

#[test]
fn claimed_port_links_nothing_where_the_client_keeps_its_peer_id_or_has_no_name() {
    let seek = |prefix: &str| {
        let mut identities = Identities::default();
        let first = claim("192.0.2.1:40000", Incoming, 1, prefix, Some(51413));
        remember(&mut identities, ONE, &first);
        let next = claim("192.0.2.1:40007", Incoming, 2, prefix, Some(51413));
        identities.recognise(at(10), &next, &TERMS, |_| Some(known(prefix, 0, false)))
    };
    assert_eq!(seek("-qB4520-"), Some((ONE, SessionLink::ListenPort)));
    assert_eq!(seek("-TR3000-"), None, "a neighbour of the same kind");
    assert_eq!(seek(""), None, "nothing that two clients have in common");
}

#[test]
fn claimed_port_is_no_address_that_was_dialled() {
    let mut identities = Identities::default();
    let came_in = claim("192.0.2.1:40000", Incoming, 1, "-LT2080-", Some(6881));
    remember(&mut identities, ONE, &came_in);
    let dialled = claim("192.0.2.1:6881", Outgoing, 2, "-LT2080-", None);
    let seek = |identities: &Identities, hours: u64| {
        identities.recognise(at(hours * 3600), &dialled, &TERMS, |_| {
            Some(known("-LT2080-", 0, false))
        })
    };
    assert_eq!(seek(&identities, 1), Some((ONE, SessionLink::ListenPort)));
    assert_eq!(seek(&identities, 2), None);
    let endpoint = dialled.ids.endpoint.unwrap();
    identities.settle(ONE, endpoint, true);
    assert_eq!(seek(&identities, 2), Some((ONE, SessionLink::Address)));
    identities.settle(ONE, endpoint, false);
    assert_eq!(seek(&identities, 2), Some((ONE, SessionLink::Address)));
}

#[test]
fn one_peer_id_and_one_claimed_endpoint_a_peer() {
    let mut identities = Identities::default();
    let (mut id, mut endpoint) = (0, None);
    for nth in 1..=1_000u16 {
        let remote = format!("192.0.2.1:{}", 40_000 + nth);
        let next = claim(&remote, Incoming, 1, "", Some(nth));
        let ids = Ids {
            peer_id: u64::from(nth),
            ..next.ids
        };
        if let Some(left) = endpoint {
            identities.leave(ONE, left);
        }
        identities.rename(ONE, id, ids.peer_id);
        identities.settle(ONE, ids.endpoint.unwrap(), false);
        (id, endpoint) = (ids.peer_id, ids.endpoint);
    }
    assert_eq!(identities.len(), 2);
    assert_eq!(identities.by_peer_id(1_000), Some(ONE));
    // The control: where it was reached it stays known.
    identities.settle(ONE, endpoint.unwrap(), true);
    identities.leave(ONE, endpoint.unwrap());
    assert_eq!(identities.len(), 2);
}

#[test]
fn marks_of_forgotten_peers_are_forgotten() {
    let mut identities = Identities::default();
    let two = PeerNumber(2);
    let first = claim("192.0.2.1:40000", Incoming, 1, "", Some(6881));
    let second = claim("192.0.2.2:40000", Incoming, 2, "", Some(6881));
    remember(&mut identities, ONE, &first);
    remember(&mut identities, two, &second);
    identities.retain(|peer| (peer == two).then_some(second.ids));
    assert_eq!(identities.by_peer_id(first.ids.peer_id), None);
    assert_eq!(identities.by_peer_id(second.ids.peer_id), Some(two));
    assert_eq!(identities.len(), 2);
}
