//! Whom peers are told of.

use super::*;
use crate::protocol::peer::pex::PexFlags;
use crate::swarm::roster::{Mouth, Roster};

const REACHABLE: PexFlags = PexFlags::REACHABLE;

impl Script {
    /// What a newcomer is told.
    fn company(&mut self) -> Vec<(SocketAddr, PexFlags)> {
        let roster = self.book.roster(self.now).unwrap_or_default();
        said_of(&roster)
    }
}

fn said_of(roster: &Roster) -> Vec<(SocketAddr, PexFlags)> {
    let (now, pace) = (Moment::EPOCH, Pace::default());
    let mut mouth = Mouth::default();
    mouth.open(now, pace);
    let said = mouth.speak(now, roster, &[], pace);
    said.map_or_else(Vec::new, |it| it.added)
}

#[test]
fn those_who_are_met_are_told_of_and_those_who_were_named_are_not() {
    let mut script = Script::new();
    script.named(Source::Tracker, "45.0.0.1:6881");
    script.rumour("45.0.0.2:6881", REACHABLE);
    assert!(script.book.roster(script.now).is_none());
    let first = script.contact().unwrap();
    let second = script.contact().unwrap();
    assert!(
        script.book.roster(script.now).is_none(),
        "a dial is no meeting"
    );
    script.settles(first.session, LIBTORRENT, 500);
    assert_eq!(script.company(), [(first.address, REACHABLE)]);
    script.fails(second.session);
    assert!(script.book.roster(script.now).is_none());
}

#[test]
fn whom_we_left_is_told_of_for_five_minutes_and_who_left_us_is_not() {
    let mut script = Script::new();
    script.visit("45.0.0.1:6881", LIBTORRENT, 1_000);
    let id = script.dial("45.0.0.2:6881");
    script.settles(id, TRANSMISSION, 500);
    let seed = (address("45.0.0.1:6881"), REACHABLE.with(PexFlags::SEED));
    assert_eq!(
        script.company(),
        [seed, (address("45.0.0.2:6881"), REACHABLE)]
    );
    script.ends(id, TheyLeft);
    assert_eq!(script.company(), [seed]);
    script.wait(299);
    assert!(script.book.roster(script.now).is_none());
    script.wait(1);
    assert_eq!(script.company(), []);
}

#[test]
fn who_comes_in_is_told_of_while_it_is_here_and_not_as_reachable() {
    let mut script = Script::new();
    let id = script.accept("45.0.0.1:40000");
    script.settles(id, TRANSMISSION.port(7_000), 500);
    let none = PexFlags::default();
    assert_eq!(script.company(), [(address("45.0.0.1:7000"), none)]);
    script.ends(id, WeLeft);
    assert_eq!(script.company(), []);
    // It tells no port: nobody could come to it.
    let id = script.accept("45.0.0.3:40000");
    script.settles(id, TRANSMISSION.id(3).port(None), 500);
    assert!(script.book.roster(script.now).is_none());
}

#[test]
fn one_that_is_not_reached_any_more_is_told_of_no_more() {
    let mut script = Script::new();
    script.visit("45.0.0.1:6881", LIBTORRENT, 500);
    assert_eq!(script.company().len(), 1);
    let id = script.dial("45.0.0.1:6881");
    script.fails(id);
    assert_eq!(script.company(), []);
}

#[test]
fn who_is_here_has_not_left_when_another_dial_ends() {
    let mut script = Script::new();
    let dialled = script.dial("45.0.0.1:7000");
    let here = script.accept("45.0.0.1:40000");
    script.settles(here, TRANSMISSION.port(7_000), 500);
    assert_eq!(script.company().len(), 1);
    script.fails(dialled);
    assert!(script.book.roster(script.now).is_none(), "still here");
    script.ends(here, TheyLeft);
    assert_eq!(script.company(), []);
}

#[test]
fn a_private_torrents_peers_are_not_told_of() {
    let mut script = Script::new();
    script.visit("45.0.0.1:6881", LIBTORRENT, 500);
    assert_eq!(script.company().len(), 1);
    script.book.make_private();
    assert_eq!(script.company(), []);
}

#[test]
fn remembers_when_the_peer_at_an_address_was_last_told() {
    let mut script = Script::new();
    let id = script.dial("45.0.0.1:6881");
    script.settles(id, LIBTORRENT, 500);
    let told_at = Some(script.now);
    let end = End {
        told_at,
        ..script.end(WeLeft, Outcome::Success, None)
    };
    script.book.ended(script.now, id, &end);
    script.wait(3_600);
    assert_eq!(script.contact().unwrap().told_at, told_at);
}
