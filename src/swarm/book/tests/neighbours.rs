//! Two sessions at once behind one endpoint: one client, or two behind a NAT.

use super::*;

const ONE: &str = "45.0.0.1:40001";
const OTHER: &str = "45.0.0.1:40002";

/// Two calls from one address with the same port claimed, at once; the second
/// shows this many pieces.
fn side_by_side(script: &mut Script, client: Client, pieces: u32) -> [(SessionId, PeerNumber); 2] {
    let one = script.accept(ONE);
    let first = script.settles(one, client.id(1), 500);
    let other = script.wait(60).accept(OTHER);
    let second = script.settles(other, client.id(2), pieces);
    assert_ne!(first.peer, second.peer);
    assert!(second.close.is_empty());
    [(one, first.peer), (other, second.peer)]
}

#[test]
fn client_that_closes_one_of_two_connections_is_one_peer() {
    for closed in 0..2 {
        let mut script = Script::new();
        let both = side_by_side(&mut script, LIBTORRENT, 510);
        let (gone, (kept, _)) = (both[closed].0, both[1 - closed]);
        script.wait(5).ends(gone, TheyLeft);
        let reaction = script.crosses(kept, LIBTORRENT.id(2 - closed as u32));
        assert_eq!((reaction.peer, verdict(&reaction)), (both[0].1, CONFIRMED));
        assert_eq!(script.state(both[1].1), PeerState::Merged);
        script.ends(kept, TheyLeft);
        let back = script.call(OTHER, LIBTORRENT.id(9), 1_000);
        assert_eq!((back.peer, verdict(&back)), (both[0].1, None));
        assert_eq!(script.book.figures().observed, 1);
    }
}

#[test]
fn sessions_that_last_side_by_side_are_two_peers() {
    let mut script = Script::new();
    let [(one, first), (other, second)] = side_by_side(&mut script, LIBTORRENT, 510);
    script.wait(6).ends(one, TheyLeft);
    assert_eq!(script.state(second), PeerState::Below);
    script.ends(other, TheyLeft);
    // From now on the port that they claim says nothing, however short the gap.
    let stranger = script.call(ONE, LIBTORRENT.id(3), 1_000);
    assert!(stranger.peer != first && stranger.peer != second);
    assert_eq!(verdict(&stranger), None);
    // Nor does it after a restart.
    script.restart();
    let stranger = script.call(ONE, LIBTORRENT.id(4), 1_000);
    assert_eq!(verdict(&stranger), None);
}

#[test]
fn session_that_we_left_says_nothing_of_who_it_was() {
    let mut script = Script::new();
    let [(one, first), (other, second)] = side_by_side(&mut script, LIBTORRENT, 510);
    script.wait(1).ends(other, WeLeft);
    assert_eq!(script.state(second), PeerState::Below);
    let crossed = script.wait(60).crosses(one, LIBTORRENT.id(1));
    assert_eq!((crossed.peer, verdict(&crossed)), (first, CONFIRMED));
}

#[test]
fn neighbour_that_is_a_seed_makes_no_download() {
    // We leave a complete peer at once: nothing says that its client closed a
    // connection too many.
    for parting in [WeLeft, TheyLeft] {
        let mut script = Script::new();
        let [(one, first), (seed, _)] = side_by_side(&mut script, LIBTORRENT, 1_000);
        script.ends(seed, parting);
        script.ends(one, TheyLeft);
        let seed = script.call(OTHER, LIBTORRENT.id(2), 1_000);
        assert_ne!(seed.peer, first);
        assert_eq!(verdict(&seed), None, "{parting:?}");
        assert_eq!(script.state(first), PeerState::Below);
    }
}

#[test]
fn neighbour_that_shows_less_is_another_peer() {
    for (pieces, merged) in [(437, false), (438, true)] {
        let mut script = Script::new();
        let [_, (other, second)] = side_by_side(&mut script, LIBTORRENT, pieces);
        script.ends(other, TheyLeft);
        assert_eq!(
            script.state(second) == PeerState::Merged,
            merged,
            "{pieces}"
        );
    }
}

#[test]
fn clients_that_keep_their_peer_id_are_told_apart_by_it() {
    let mut script = Script::new();
    let [(one, first), (other, second)] = side_by_side(&mut script, TRANSMISSION, 510);
    script.ends(other, TheyLeft);
    assert_eq!(script.state(second), PeerState::Below);
    script.ends(one, TheyLeft);
    let seed = script.call(ONE, TRANSMISSION.id(3), 1_000);
    assert_eq!(verdict(&seed), None, "a third neighbour");
    for (id, peer) in [(1, first), (2, second)] {
        let back = script.call(ONE, TRANSMISSION.id(id), 1_000);
        assert_eq!((back.peer, verdict(&back)), (peer, CONFIRMED));
    }
}

#[test]
fn three_at_once_are_no_pair() {
    let mut script = Script::new();
    let [_, (_, second)] = side_by_side(&mut script, LIBTORRENT, 510);
    let third = script.accept("45.0.0.1:40003");
    let reaction = script.settles(third, LIBTORRENT.id(3), 510);
    script.ends(third, TheyLeft);
    assert_eq!(script.state(reaction.peer), PeerState::Below);
    assert_eq!(script.state(second), PeerState::Below);
}

#[test]
fn client_met_twice_crosses_once_even_if_it_was_taken_for_two() {
    let mut script = Script::new();
    let id = script.dial("45.0.0.1:6881");
    script.settles(id, LIBTORRENT.id(1), 500);
    let called = script.accept(OTHER);
    script.settles(called, LIBTORRENT.id(2), 500);
    // Both last: two peers, as far as anybody can tell.
    script.wait(60).ends(id, WeLeft);
    let crossed = script.wait(60).crosses(called, LIBTORRENT.id(2));
    assert_eq!(verdict(&crossed), CONFIRMED);
    script.ends(called, TheyLeft);
    let visited = script.visit("45.0.0.1:6881", LIBTORRENT.id(3), 1_000);
    assert_eq!(verdict(&visited), None, "the same one, for all we know");
    assert_eq!(script.book.figures().confirmed, 1);
    assert_eq!(visited.peer, crossed.peer);
}

#[test]
fn second_session_to_one_peer_is_closed_and_nothing_is_lost() {
    let mut script = Script::new();
    let older = script.accept(ONE);
    let newer = script.accept(OTHER);
    // The newer one speaks first.
    let first = script.settles(newer, TRANSMISSION, 500);
    let second = script.wait(1).settles(older, TRANSMISSION, 510);
    assert_eq!(
        (second.peer, second.close.as_slice()),
        (first.peer, &[newer][..])
    );
    script.ends_as(newer, WeLeft, Outcome::Duplicate, None);
    let peer = script.book.peer(first.peer).unwrap();
    assert_eq!(peer.history.last().unwrap().pieces, 510);

    let third = script.accept(OTHER);
    let superfluous = script.settles(third, TRANSMISSION, 1_000);
    assert_eq!(superfluous.close, [third], "the newer one goes");
    assert_eq!(
        verdict(&superfluous),
        None,
        "and what it says is not taken in"
    );
    script.ends_as(third, WeLeft, Outcome::Duplicate, None);
    assert_eq!(verdict(&script.crosses(older, TRANSMISSION)), CONFIRMED);
}

#[test]
fn second_session_is_known_by_its_handshake() {
    let mut script = Script::new();
    let one = script.accept(ONE);
    let who = TRANSMISSION.who(address(ONE), Incoming);
    assert!(script.book.met(one, &who), "nobody is known yet");
    script.settles(one, TRANSMISSION, 500);
    assert!(script.book.met(one, &who), "it is itself");
    let other = script.accept(OTHER);
    assert!(!script.book.met(other, &who));
    let stranger = TRANSMISSION.id(2).who(address(OTHER), Incoming);
    assert!(script.book.met(other, &stranger), "a neighbour");
    script.ends(one, TheyLeft);
    assert!(script.book.met(other, &who));
}
