//! What is said twice counts once: a recorder died, or a whole swarm.

use super::*;

const HOME: &str = "45.0.0.1:6881";

fn crossing(script: &Script) -> Report {
    Report::Crossed(Crossing {
        from: Observation {
            at: script.now,
            pieces: 979,
        },
        seen: script.seen(LIBTORRENT, 980),
        checking: false,
    })
}

#[test]
fn crossing_sent_again_is_the_same_crossing() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.settles(id, LIBTORRENT, 500);
    let report = crossing(&script);
    let sent = script.say(id, LIBTORRENT, report).rising.unwrap();
    let again = script.wait(5).say(id, LIBTORRENT, report).rising.unwrap();
    assert_eq!(
        (again.peer, again.rise, again.link),
        (sent.peer, sent.rise, sent.link)
    );
    let sources = script.book.tally().take_sources();
    assert_eq!(sources.iter().map(|it| it.2.confirmed).sum::<u64>(), 1);
}

#[test]
fn rise_between_sessions_sent_again_is_the_same_rise() {
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT.id(1), 500);
    let id = script.dial(HOME);
    let seen = script.seen(LIBTORRENT, 1_000);
    let mut say = || {
        script
            .say(id, LIBTORRENT.id(2), Report::Settled(seen))
            .rising
    };
    let (sent, again) = (say().unwrap(), say().unwrap());
    assert_eq!((again.rise, again.link), (sent.rise, sent.link));
    assert_eq!(again.link, SessionLink::Address);
    // A seed's word is no rise, however often it is said.
    let seed = script.dial("45.0.0.2:6881");
    for _ in 0..2 {
        let said = script.say(seed, LIBTORRENT.id(3), Report::Settled(seen));
        assert!(said.rising.is_none());
    }
}

/// A session that settled, and the crossing that its swarm died on.
fn replay(script: &mut Script, first: Seen, report: Report, remote: &str) -> Option<Verdict> {
    let direction = if remote == HOME { Outgoing } else { Incoming };
    let id = SessionId(u64::MAX);
    script.open.insert(id, (address(remote), direction));
    let observed = script.observed(id, LIBTORRENT, report);
    let (now, remote) = (script.now, address(remote));
    verdict(
        &script
            .book
            .replayed(now, remote, &first, &observed)
            .unwrap(),
    )
}

#[test]
fn crossing_at_the_other_address_is_replayed_into_the_same_download() {
    for (remote, counted) in [("[2a00::1]:40000", None), ("45.0.0.9:40000", CONFIRMED)] {
        let mut script = Script::new();
        let client = LIBTORRENT.id(2);
        let id = script.dial(HOME);
        script.settles(id, client, 500);
        assert_eq!(verdict(&script.wait(60).crosses(id, client)), CONFIRMED);
        script.restart();
        let first = script.seen(LIBTORRENT, 970);
        let report = crossing(&script);
        assert_eq!(replay(&mut script, first, report, remote), counted);
    }
}

#[test]
fn crossing_is_replayed_into_an_empty_book() {
    for remote in [HOME, "45.0.0.1:40000"] {
        let mut script = Script::new();
        let first = script.seen(LIBTORRENT, 500);
        let report = crossing(script.wait(60));
        assert_eq!(replay(&mut script, first, report, remote), CONFIRMED);
        assert_eq!(replay(&mut script, first, report, remote), None, "once");
        let figures = script.book.figures();
        assert_eq!((figures.confirmed, figures.sessions), (1, 0));
    }
}

#[test]
fn replay_of_what_is_stored_changes_nothing() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    let first = script.seen(LIBTORRENT, 500);
    script.settles(id, LIBTORRENT, 500);
    let report = crossing(script.wait(60));
    script.say(id, LIBTORRENT, report);
    script.restart();
    assert_eq!(
        replay(&mut script, first, report, HOME),
        None,
        "not even `again`"
    );
    assert_eq!(script.state(PeerNumber(1)), PeerState::Confirmed);

    // The control: the crossing was not stored, the observation before it was.
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT, 500);
    script.restart();
    assert_eq!(replay(&mut script, first, report, HOME), CONFIRMED);
    assert_eq!(script.book.figures().observed, 1);
}

#[test]
fn rise_between_sessions_is_replayed() {
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT, 500);
    script.restart();
    let complete = script.wait(60).seen(LIBTORRENT, 1_000);
    let report = Report::Settled(complete);
    assert_eq!(replay(&mut script, complete, report, HOME), CONFIRMED);
    let mut empty = Script::new();
    assert_eq!(replay(&mut empty, complete, report, HOME), None, "a seed's");
    assert_eq!(empty.state(PeerNumber(1)), PeerState::CompleteAtFirst);
}

#[test]
fn replay_is_heard_while_the_peer_is_met_anew() {
    let mut script = Script::new();
    let first = script.seen(LIBTORRENT, 500);
    let report = crossing(script.wait(60));
    let id = script.dial(HOME);
    script.settles(id, LIBTORRENT, 600);
    assert_eq!(replay(&mut script, first, report, HOME), CONFIRMED);
    let still = script.settles(id, LIBTORRENT, 1_000);
    assert_eq!(verdict(&still), None);
}

#[test]
fn replayed_peer_is_contacted_like_any_other() {
    let mut script = Script::new();
    script.named(Source::Tracker, HOME);
    let first = script.seen(LIBTORRENT, 500);
    let report = crossing(&script);
    replay(&mut script, first, report, "45.0.0.1:40000");
    let contact = script.contact().unwrap();
    assert_eq!(contact.address, address(HOME));
}
