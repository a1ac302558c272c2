//! Peers that come in: where they are met again.

use super::*;

#[test]
fn nobody_is_dialled_at_the_port_that_it_called_from() {
    let mut script = Script::new();
    script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500);
    script.call("45.0.0.2:40000", LIBTORRENT.id(2).port(None), 500);
    script.call("45.0.0.2:40001", TRANSMISSION.port(None), 500);
    let mut dialled = Vec::new();
    for _ in 0..24 {
        if let Some(contact) = script.wait(3600).contact() {
            dialled.push(contact.address);
            script.fails(contact.session);
        }
    }
    assert!(dialled.len() > 2);
    assert!(dialled.iter().all(|it| *it == address("45.0.0.1:6881")));
}

#[test]
fn what_sources_say_of_a_caller_is_said_of_the_same_peer() {
    let mut script = Script::new();
    let called = script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500).peer;
    script.named(Source::Tracker, "45.0.0.1:6881");
    script.named(Source::Pex, "45.0.0.1:6881");
    assert_eq!(script.book.addresses().count(), 1);
    let dialled = script.visit("45.0.0.1:6881", LIBTORRENT.id(2), 600);
    assert_eq!(dialled.peer, called);
    let back = script.call("45.0.0.1:40001", LIBTORRENT.id(3), 700);
    assert_eq!(back.peer, called);
    let sources = script.book.peer(called).unwrap().sources;
    let named = [Source::Tracker, Source::Pex, Source::Incoming];
    assert_eq!(sources.iter().collect::<Vec<_>>(), named);
}
