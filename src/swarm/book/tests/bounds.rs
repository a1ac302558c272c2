//! What a liar can make us keep.

use super::*;

/// The n-th of very many addresses.
fn nth(n: u32) -> SocketAddr {
    let ip = std::net::Ipv4Addr::from_bits(0x2d00_0000 + n / 4);
    SocketAddr::from((ip, 10_000 + (n % 4) as u16))
}

/// A book that is full soon.
fn small() -> Script {
    let mut script = Script::new();
    assert!(script.book.records.ceiling.most <= 200_000 && script.book.addresses.most <= 200_000);
    (script.book.records.ceiling.most, script.book.addresses.most) = (1_000, 1_000);
    script
}

#[test]
fn addresses_of_a_liar_are_bounded_and_make_room_for_others() {
    let mut script = small();
    for from in (0..100_000).step_by(1_000) {
        let named: Vec<_> = (from..from + 1_000).map(nth).collect();
        script.book.found(script.now, Source::Pex, &named);
    }
    assert_eq!(script.book.figures().addresses, 1_000);
    let honest = "[2a00::1]:6881";
    script.named(Source::Tracker, honest);
    assert_eq!(script.book.figures().addresses, 1_000, "no room");
    // Whatever was tried in vain goes first.
    for _ in 0..100 {
        let contact = script.contact().unwrap();
        script.fails(contact.session);
    }
    script.wait(60).named(Source::Tracker, honest);
    assert_eq!(script.book.figures().addresses, 1_000 - 100 + 1);
}

#[test]
fn names_of_a_liar_are_bounded() {
    let mut script = small();
    let regular = script.visit("[2a00::1]:6881", TRANSMISSION, 500).peer;
    let calls = 10_000;
    for n in 0..calls {
        let client = LIBTORRENT.id(n + 2).port(None);
        script.call("45.0.0.1:40000", client, 500);
        script.book.take_dirty(10);
    }
    assert_eq!(
        script.book.figures().below,
        calls as usize + 1,
        "all are counted"
    );
    let kept = (0..calls + 2).filter(|n| script.book.peer(PeerNumber(*n)).is_some());
    assert!(kept.count() <= 1_000);
    assert!(script.book.identities.len() <= 1_001);
    let back = script.visit("[2a00::1]:6881", TRANSMISSION, 1_000);
    assert_eq!(
        (back.peer, verdict(&back)),
        (regular, CONFIRMED),
        "who was reached stays"
    );
}

#[test]
fn marks_of_one_peer_are_bounded() {
    let mut script = Script::new();
    for n in 0..10_000u32 {
        let client = TRANSMISSION.port(2_000 + n as u16);
        script.call(&format!("45.0.{}.{}:40000", n / 256, n % 256), client, 500);
    }
    assert_eq!(script.book.figures().observed, 1);
    assert_eq!(script.book.identities.len(), 2);
}

#[test]
fn ports_of_one_address_wait_behind_honest_ones() {
    let mut script = Script::new();
    for port in 2_000..3_000 {
        script.named(Source::Pex, &format!("45.0.0.1:{port}"));
    }
    // Their address may not be knocked at before `due`.
    let due = script.now + Duration::from_secs(30);
    while let Some(contact) = script.book.next_contact(script.now) {
        script.book.put_off(&contact, due);
    }
    script.wait(20).named(Source::Tracker, "45.0.0.2:6881");
    let first = script.wait(10).contact().unwrap();
    assert_eq!(first.address, address("45.0.0.2:6881"));
}
