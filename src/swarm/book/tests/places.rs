//! Where peers are: looked up once, and kept.

use super::*;
use crate::swarm::place::Whereabouts;

fn at(place: &str) -> Whereabouts {
    Whereabouts {
        place: place.into(),
        network: "".into(),
    }
}

fn place(script: &Script, peer: PeerNumber) -> Option<String> {
    let whereabouts = &script.book.peer(peer).unwrap().whereabouts;
    whereabouts.as_ref().map(|it| it.place.to_string())
}

#[test]
fn a_peer_is_looked_up_once_by_its_address() {
    let mut script = Script::new();
    let peer = script.visit("45.0.0.1:6881", LIBTORRENT, 500).peer;
    assert_eq!(place(&script, peer), None);
    script.book.take_dirty(99);
    let mut asked = Vec::new();
    for answer in ["EU,DE,,,", "NA,US,,,"] {
        script.book.locate(peer, |ip| {
            asked.push(ip.to_string());
            at(answer)
        });
    }
    assert_eq!(asked, ["45.0.0.1"]);
    assert_eq!(place(&script, peer).as_deref(), Some("EU,DE,,,"));
    assert_eq!(script.book.take_dirty(99), [], "its row is being written");
    // Who was not found is not looked for again.
    let other = script.visit("45.0.0.2:6881", LIBTORRENT.id(2), 500).peer;
    script.book.locate(other, |_| at(""));
    script.book.locate(other, |_| panic!("asked twice"));
    script.book.locate(PeerNumber(99), |_| panic!("nobody's"));
}

#[test]
fn an_incoming_peer_is_where_it_calls_from() {
    let mut script = Script::new();
    let peer = script
        .call("45.0.0.3:40000", LIBTORRENT.port(None), 500)
        .peer;
    script.book.locate(peer, |ip| at(&ip.to_string()));
    assert_eq!(place(&script, peer).as_deref(), Some("45.0.0.3"));
}

#[test]
fn the_place_outlives_the_process_and_the_address_does_not() {
    let mut script = Script::new();
    let peer = script.visit("45.0.0.1:6881", LIBTORRENT, 500).peer;
    script.book.locate(peer, |_| at("EU,DE,,,"));
    script.restart();
    script.book.locate(peer, |_| panic!("known"));
    assert_eq!(place(&script, peer).as_deref(), Some("EU,DE,,,"));
}

#[test]
fn of_two_records_of_one_peer_the_place_that_is_known_stays() {
    for (one, other) in [("EU,DE,,,", "NA,US,,,"), ("", "EU,DE,,,"), ("EU,DE,,,", "")] {
        let mut script = Script::new();
        let (v4, v6) = (
            script.dial("45.0.0.1:6881"),
            script.dial("[2a00:1::1]:6881"),
        );
        let first = script.settles(v4, LIBTORRENT.id(1).set(1), 950).peer;
        let second = script.settles(v6, LIBTORRENT.id(2).set(2), 951).peer;
        script.book.locate(first, |_| at(one));
        script.book.locate(second, |_| at(other));
        script.crosses(v4, LIBTORRENT.id(1).set(9));
        let merged = script.wait(2).crosses(v6, LIBTORRENT.id(2).set(9));
        assert_eq!(merged.peer, first);
        assert_eq!(place(&script, first).as_deref(), Some("EU,DE,,,"));
    }
}
