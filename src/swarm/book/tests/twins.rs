//! One client with two addresses, or with one connection each way.

use super::*;

const V4: &str = "45.0.0.1:6881";
const V6: &str = "[2a00::1]:6881";

/// Of two that show sums of their own.
fn client(id: u32, set_sum: u64) -> Client {
    LIBTORRENT.id(id).set(set_sum)
}

#[test]
fn twins_are_one_peer_and_the_newer_session_is_closed() {
    let mut script = Script::new();
    let v4 = script.dial(V4);
    let one = script.settles(v4, client(1, 7), 500);
    let v6 = script.dial(V6);
    let other = script.wait(4).settles(v6, client(2, 7), 500);
    assert_eq!((other.peer, other.close.as_slice()), (one.peer, &[v6][..]));
    script.ends_as(v6, WeLeft, Outcome::Duplicate, None);
    assert_eq!(verdict(&script.crosses(v4, client(1, 0))), CONFIRMED);
    script.ends(v4, TheyLeft);
    let again = script.visit(V6, client(3, 0), 1_000);
    assert_eq!((again.peer, verdict(&again)), (one.peer, None));
    assert_eq!(script.book.figures().observed, 1);
}

#[test]
fn peers_that_only_look_alike_stay_two() {
    // All leechers of a lone seed hold what it has given out.
    let mut script = Script::new();
    let one = script.dial(V4);
    let first = script.settles(one, client(1, 7), 500);
    let other = script.dial("45.0.0.2:6881");
    let second = script.settles(other, client(2, 7), 500);
    assert_ne!(first.peer, second.peer);
    assert_eq!(verdict(&script.crosses(one, client(1, 8))), CONFIRMED);
    assert_eq!(verdict(&script.crosses(other, client(2, 8))), CONFIRMED);
}

#[test]
fn clients_that_keep_their_peer_id_are_no_twins() {
    let mut script = Script::new();
    let transmission = |id| TRANSMISSION.id(id).set(7);
    let (one, other) = (script.dial(V4), script.dial(V6));
    let first = script.settles(one, transmission(1), 500);
    let second = script.settles(other, transmission(2), 500);
    assert_ne!(first.peer, second.peer);
    assert_eq!(verdict(&script.crosses(one, transmission(1))), CONFIRMED);
    assert_eq!(verdict(&script.crosses(other, transmission(2))), CONFIRMED);
}

#[test]
fn twins_that_cross_together_are_counted_once() {
    // A set of the threshold may tell them apart or not: the time does.
    for set in [9, 0] {
        let mut script = Script::new();
        let (one, other) = (script.dial(V4), script.dial(V6));
        let first = script.settles(one, client(1, 1), 950);
        let second = script.settles(other, client(2, 2), 951);
        assert_ne!(first.peer, second.peer, "not yet");
        assert_eq!(verdict(&script.crosses(one, client(1, set))), CONFIRMED);
        let crossed = script.wait(2).crosses(other, client(2, set));
        assert_eq!((crossed.peer, verdict(&crossed)), (first.peer, None));
        assert_eq!(crossed.close, [other]);
        assert_eq!(script.book.figures().confirmed, 1);
        assert_eq!(script.book.figures().observed, 1);
    }
}

#[test]
fn clients_that_cross_together_with_other_pieces_are_two() {
    for sets in [[3, 4], [3, 0]] {
        let mut script = Script::new();
        let (one, other) = (script.dial(V4), script.dial(V6));
        script.settles(one, client(1, 1), 950);
        script.settles(other, client(2, 2), 951);
        assert_eq!(verdict(&script.crosses(one, client(1, sets[0]))), CONFIRMED);
        assert_eq!(
            verdict(&script.crosses(other, client(2, sets[1]))),
            CONFIRMED
        );
    }
}

#[test]
fn download_that_began_when_another_was_well_under_way_is_another() {
    for (pieces, confirmed) in [(400, 2), (900, 1)] {
        let mut script = Script::new();
        script.visit(V4, client(1, 0), 500);
        script.wait(60).visit(V6, client(2, 0), pieces);
        script.wait(300).visit(V4, client(3, 0), 1_000);
        script.visit(V6, client(4, 0), 1_000);
        assert_eq!(script.book.figures().confirmed, confirmed, "{pieces}");
    }
}

#[test]
fn address_met_again_after_a_restart_crosses_once() {
    for (port, counted) in [(6881, None), (6882, CONFIRMED)] {
        let mut script = Script::new();
        let (v4, v6) = (V4, format!("[2a00::1]:{port}"));
        script.visit(v4, client(1, 0), 500);
        script.visit(&v6, client(2, 0), 510);
        script.wait(300);
        let risen = script.visit(v4, client(3, 0), 1_000);
        assert_eq!(verdict(&risen), CONFIRMED);
        script.restart();
        let double = script.wait(60).visit(&v6, client(4, 0), 1_000);
        assert_eq!(verdict(&double), counted);
        // Neither does it cross a second time under its own number.
        script.restart();
        let later = script.wait(60).visit(&v6, client(5, 0), 1_000);
        assert_eq!((later.peer, verdict(&later)), (double.peer, None));
    }
}

#[test]
fn address_visited_in_turn_with_the_other_family_crosses_once() {
    let mut script = Script::new();
    let v4 = script.visit(V4, client(1, 0), 500);
    script.visit(V6, client(2, 0), 510);
    script.wait(300);
    let risen = script.visit(V4, client(3, 0), 1_000);
    assert_eq!((risen.peer, verdict(&risen)), (v4.peer, CONFIRMED));
    let double = script.visit(V6, client(4, 0), 1_000);
    assert_eq!((double.peer, verdict(&double)), (v4.peer, None));
    assert_eq!(script.book.figures().confirmed, 1);
    let confirmed: u64 = script
        .book
        .tally()
        .take_sources()
        .iter()
        .map(|it| it.2.confirmed)
        .sum();
    assert_eq!(confirmed, 1);

    // The control: the same, with another port.
    let mut script = Script::new();
    script.visit(V4, client(1, 0), 500);
    script.visit("[2a00::1]:6882", client(2, 0), 510);
    script.wait(300);
    script.visit(V4, client(3, 0), 1_000);
    let other = script.visit("[2a00::1]:6882", client(4, 0), 1_000);
    assert_eq!(verdict(&other), CONFIRMED);
}

#[test]
fn who_was_confirmed_stays_so_when_records_become_one() {
    let mut script = Script::new();
    let older = script.dial(V4);
    let seed = script.settles(older, client(1, 1), 1_000);
    let younger = script.dial(V6);
    let risen = script.settles(younger, client(2, 2), 500);
    assert_eq!(verdict(&script.crosses(younger, client(2, 3))), CONFIRMED);
    // Both fall back, and show the same.
    let fallen = |script: &mut Script, id, client| {
        let seen = script.seen(client, 100);
        script.say(id, client, Report::FellBack(seen));
        script.steps(id, client, 101)
    };
    fallen(&mut script, younger, client(2, 5));
    let one = fallen(&mut script, older, client(1, 5));
    assert_eq!(one.peer, risen.peer, "the younger record, which counts");
    assert_eq!(script.state(seed.peer), PeerState::Merged);
    assert_eq!(script.book.figures().confirmed, 1);
}

#[test]
fn address_of_a_peer_that_is_met_is_left_alone() {
    let mut script = Script::new();
    let v4 = script.dial(V4);
    script.settles(v4, TRANSMISSION, 500);
    let v6 = script.dial(V6);
    let who = TRANSMISSION.who(address(V6), Outgoing);
    assert!(!script.book.met(v6, &who), "the peer id says so");
    script.ends_as(v6, WeLeft, Outcome::Duplicate, None);
    for _ in 0..60 {
        assert_eq!(script.wait(60).contact(), None);
    }
    script.ends(v4, TheyLeft);
    let contacts: Vec<_> = std::iter::from_fn(|| script.wait(60).contact())
        .take(2)
        .collect();
    let mut dialled: Vec<_> = contacts.iter().map(|it| it.address).collect();
    dialled.sort();
    assert_eq!(dialled, [address(V4), address(V6)], "the control");
}
