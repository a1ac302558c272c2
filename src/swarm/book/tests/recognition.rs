//! Who is taken for whom, and what a crossing between two sessions counts.

use super::*;

fn link(reaction: &Reaction) -> Option<SessionLink> {
    let rising = reaction.rising.as_ref()?;
    assert_eq!(rising.rise.evidence, Evidence::AcrossSessions);
    assert_eq!(rising.rise.verdict, Verdict::Confirmed);
    Some(rising.link)
}

const NAME: &str = "45.0.0.1:6881";

#[test]
fn dialled_address_links_two_sessions_for_a_day() {
    for (hours, linked) in [(1, true), (23, true), (25, false)] {
        let mut script = Script::new();
        let below = script.visit(NAME, LIBTORRENT.id(1), 500);
        script.wait(hours * 3600);
        let complete = script.visit(NAME, LIBTORRENT.id(2), 1_000);
        let expected = linked.then_some(SessionLink::Address);
        assert_eq!(link(&complete), expected, "{hours} h");
        assert_eq!(complete.peer == below.peer, linked);
    }
}

#[test]
fn another_client_at_the_same_address_is_another_peer() {
    let mut script = Script::new();
    let below = script.visit(NAME, LIBTORRENT.id(1), 500);
    let complete = script.visit(NAME, TRANSMISSION.id(2), 1_000);
    assert_eq!(link(&complete), None);
    assert_ne!(complete.peer, below.peer);
    // And then it is the first one's address no longer.
    let back = script.visit(NAME, LIBTORRENT.id(3), 1_000);
    assert_eq!(link(&back), None);
}

#[test]
fn peer_id_links_sessions_from_anywhere() {
    let mut script = Script::new();
    let below = script.call("45.0.0.1:40000", TRANSMISSION, 500);
    script.wait(48 * 3600);
    let elsewhere = script.call("[2a00::1]:50000", TRANSMISSION.port(None), 1_000);
    assert_eq!(link(&elsewhere), Some(SessionLink::PeerId));
    assert_eq!(elsewhere.peer, below.peer);
}

#[test]
fn claimed_port_links_two_calls_within_an_hour() {
    for (minutes, linked) in [(59, true), (61, false)] {
        let mut script = Script::new();
        script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500);
        script.wait(minutes * 60);
        let back = script.call("45.0.0.1:50000", LIBTORRENT.id(2), 1_000);
        let expected = linked.then_some(SessionLink::ListenPort);
        assert_eq!(link(&back), expected, "{minutes} min");
    }
    let mut script = Script::new();
    script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500);
    let other_port = script.call("45.0.0.1:50000", LIBTORRENT.id(2).port(6882), 1_000);
    assert_eq!(link(&other_port), None);
    let no_port = script.call("45.0.0.1:50001", LIBTORRENT.id(3).port(None), 1_000);
    assert_eq!(link(&no_port), None, "the address alone is nobody");
}

#[test]
fn caller_is_found_again_where_it_listens() {
    let mut script = Script::new();
    let below = script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500);
    let dialled = script.visit(NAME, LIBTORRENT.id(2), 600);
    assert_eq!(dialled.peer, below.peer);
    script.wait(20 * 3600);
    let later = script.visit(NAME, LIBTORRENT.id(3), 1_000);
    assert_eq!(link(&later), Some(SessionLink::Address), "dialled since");
}

#[test]
fn port_that_is_claimed_late_counts_all_the_same() {
    let mut script = Script::new();
    let id = script.accept("45.0.0.1:40000");
    // rTorrent sends its bitfield before its extension handshake.
    let below = script.settles(id, LIBTORRENT.port(None), 500);
    script.wait(60).steps(id, LIBTORRENT, 600);
    script.ends(id, TheyLeft);
    let back = script.call("45.0.0.1:50000", LIBTORRENT.id(2), 1_000);
    assert_eq!(link(&back), Some(SessionLink::ListenPort));
    assert_eq!(back.peer, below.peer);
    assert!(
        script
            .book
            .addresses()
            .any(|it| it.address == address(NAME))
    );
}

#[test]
fn unsettled_session_keeps_an_identity_alive() {
    let visits = |met: bool| {
        let mut script = Script::new();
        script.visit(NAME, LIBTORRENT.id(1), 500);
        script.wait(20 * 3600);
        let id = script.dial(NAME);
        if met {
            let who = LIBTORRENT.id(2).who(address(NAME), Outgoing);
            assert!(script.book.met(id, &who));
        }
        script.ends_as(id, TheyLeft, Outcome::Unsettled, None);
        script.wait(10 * 3600);
        link(&script.visit(NAME, LIBTORRENT.id(3), 1_000))
    };
    assert_eq!(visits(true), Some(SessionLink::Address));
    assert_eq!(visits(false), None, "30 h unseen");
}

#[test]
fn identity_outlives_the_process() {
    let mut script = Script::new();
    let dialled = script.visit(NAME, LIBTORRENT.id(1), 500);
    let called = script.call("45.0.0.2:40000", LIBTORRENT.id(2), 500);
    let by_id = script.call("45.0.0.3:40000", TRANSMISSION.id(3), 500);
    script.restart();
    assert_eq!(script.book.addresses().count(), 0);
    assert_eq!(script.book.figures().below, 3);
    let complete = script.call("45.0.0.9:40000", TRANSMISSION.id(3), 1_000);
    assert_eq!(
        (complete.peer, link(&complete)),
        (by_id.peer, Some(SessionLink::PeerId))
    );
    let complete = script.call("45.0.0.2:50000", LIBTORRENT.id(4), 1_000);
    assert_eq!(
        (complete.peer, link(&complete)),
        (called.peer, Some(SessionLink::ListenPort))
    );
    let complete = script.visit(NAME, LIBTORRENT.id(5), 1_000);
    assert_eq!(
        (complete.peer, link(&complete)),
        (dialled.peer, Some(SessionLink::Address))
    );
    assert_eq!(script.book.figures().confirmed, 3);
    script.restart();
    let still = script.wait(60).visit(NAME, LIBTORRENT.id(6), 1_000);
    assert_eq!((still.peer, verdict(&still)), (dialled.peer, None));
    let new = script.visit("45.0.0.4:6881", LIBTORRENT.id(7), 5);
    assert_eq!(new.peer, PeerNumber(4), "a number is never given twice");
}

#[test]
fn merged_record_leads_to_its_peer_after_a_restart() {
    let mut script = Script::new();
    let v4 = script.dial("45.0.0.1:6881");
    let one = script.settles(v4, LIBTORRENT.id(1).set(99), 500);
    let v6 = script.dial("[2a00::1]:6881");
    let other = script.settles(v6, LIBTORRENT.id(2).set(99), 500);
    assert_eq!(other.peer, one.peer);
    script.ends(v4, WeLeft);
    script.ends(v6, WeLeft);
    script.restart();
    assert_eq!(script.book.figures().observed, 1);
    let complete = script.visit("[2a00::1]:6881", LIBTORRENT.id(3), 1_000);
    assert_eq!(
        (complete.peer, link(&complete)),
        (one.peer, Some(SessionLink::Address))
    );
    let complete = script
        .wait(1)
        .visit("45.0.0.1:6881", LIBTORRENT.id(4), 1_000);
    assert_eq!((complete.peer, verdict(&complete)), (one.peer, None));
}

#[test]
fn damaged_merges_do_not_lead_in_a_circle() {
    let mut script = Script::new();
    script.visit("45.0.0.1:6881", TRANSMISSION.id(1), 500);
    let peer = script.book.peer(PeerNumber(1)).unwrap().clone();
    let into = |number| Peer {
        merged_into: Some(PeerNumber(number)),
        ..peer.clone()
    };
    let mut book = Book::new(terms(), PeerNumber(1));
    book.restore(PeerNumber(1), into(2));
    book.restore(PeerNumber(2), into(3));
    book.restore(PeerNumber(3), into(1));
    book.restore(PeerNumber(u32::MAX), into(u32::MAX));
    script.book = book;
    let found = script.visit("45.0.0.1:6881", TRANSMISSION.id(1), 600);
    assert!(script.book.peer(found.peer).unwrap().counts());
}

const NAME_V6: &str = "[2a00::1]:6881";

#[test]
fn ipv6_caller_that_tells_no_port_is_found_again_at_its_address() {
    let no_port = LIBTORRENT.port(None);
    let mut script = Script::new();
    let dialled = script.visit(NAME_V6, LIBTORRENT.id(1), 500);
    script.restart();
    let call = script.accept("[2a00::1]:40000");
    let called = script.settles(call, no_port.id(2), 600);
    assert_eq!(called.peer, dialled.peer);
    let crossed = script.wait(600).crosses(call, no_port.id(2));
    assert_eq!(verdict(&crossed), CONFIRMED);
    script.ends(call, TheyLeft);
    let later = script.visit(NAME_V6, LIBTORRENT.id(3), 1_000);
    assert_eq!((later.peer, verdict(&later)), (dialled.peer, None));
    let neighbour = script.visit("[2a00::2]:6881", LIBTORRENT.id(4), 1_000);
    assert_ne!(neighbour.peer, dialled.peer, "the control");
}

#[test]
fn ipv6_caller_is_not_dialled_while_it_calls() {
    let no_port = LIBTORRENT.port(None);
    let mut script = Script::new();
    let call = script.accept("[2a00::1]:40000");
    script.named(Source::Tracker, NAME_V6);
    assert_eq!(script.contact(), None, "it has not said who it is");
    let called = script.settles(call, no_port, 500);
    script.wait(10);
    assert_eq!(script.contact(), None);
    script.wait(60);
    assert_eq!(script.contact(), None);
    script.wait(30).ends(call, TheyLeft);
    let dialled = script.visit(NAME_V6, LIBTORRENT.id(2), 600);
    assert_eq!(dialled.peer, called.peer);
    // The control: over IPv4 it may be a neighbour.
    let call = script.accept("45.0.0.1:40000");
    script.settles(call, no_port.id(3), 500);
    script.named(Source::Tracker, NAME);
    assert!(script.contact().is_some());
}

#[test]
fn ipv6_client_with_two_sessions_at_once_is_counted_once() {
    let (no_port, told) = (LIBTORRENT.port(None).id(1), LIBTORRENT.id(2));
    let counted = |dialled: &str| {
        let mut script = Script::new();
        let dial = script.dial(dialled);
        let call = script.accept("[2a00::1]:40000");
        script.settles(call, no_port, 500);
        script.settles(dial, told, 500);
        script.wait(600).crosses(call, no_port);
        script.crosses(dial, told);
        script.book.figures().confirmed
    };
    assert_eq!(counted(NAME_V6), 1);
    assert_eq!(counted("[2a00::2]:6881"), 2, "the control: another host");
}
