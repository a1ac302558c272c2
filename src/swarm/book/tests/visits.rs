//! Whom the book wants to contact, and when.

use super::*;
use crate::swarm::address_state::AddressState;

const HOME: &str = "45.0.0.1:6881";

/// A client of another kind.
fn client(prefix: &'static str, family: Family) -> Client {
    Client {
        prefix,
        family,
        ..TRANSMISSION
    }
}

/// Seconds from the end of a session of so many seconds to the next contact.
fn returns(client: Client, lasted: u64, parting: Parting, finish: Option<u64>) -> u64 {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.settles(id, client, 500);
    script
        .wait(lasted)
        .ends_as(id, parting, Outcome::Success, finish);
    script.due(HOME)
}

#[test]
fn returns_as_each_ending_asks() {
    let rtorrent = client("-lt0D80-", Family::Rtorrent);
    assert_eq!(
        returns(rtorrent, 60, TheyLeft, None),
        1,
        "it may complete now"
    );
    assert_eq!(returns(rtorrent, 60, WeLeft, None), 60);
    let aria2 = client("-A21360-", Family::Aria2);
    assert_eq!(returns(aria2, 31, TheyLeft, Some(100)), 1);
    assert_eq!(returns(aria2, 20, TheyLeft, Some(100)), 5, "an exception");
    assert_eq!(returns(aria2, 31, TheyLeft, None), 10);
    assert_eq!(
        returns(LIBTORRENT, 60, WeLeft, Some(300)),
        150,
        "half of the rest"
    );
    assert_eq!(
        returns(LIBTORRENT, 60, WeLeft, Some(86_400)),
        600,
        "the delay"
    );
    assert_eq!(returns(LIBTORRENT, 5, WeLeft, Some(10)), 25, "30 s apart");
    assert_eq!(returns(LIBTORRENT, 40, TheyLeft, Some(300)), 150);
    assert_eq!(
        returns(LIBTORRENT, 8, TheyLeft, Some(300)),
        22,
        "thrown out: what a few seconds foretell is a guess"
    );
}

#[test]
fn caller_that_may_have_finished_is_visited_at_once_whatever_our_dial_met() {
    let next = |family, parting, outcome| {
        let caller = client("-lt0D80-", family);
        let mut script = Script::new();
        let call = script.accept("45.0.0.1:40000");
        // Gossip names it before it has shown who it is.
        let dial = script.dial(HOME);
        script.ends_as(dial, parting, outcome, None);
        script.settles(call, caller, 0);
        script.wait(60).ends(call, TheyLeft);
        script.due(HOME)
    };
    for (parting, outcome) in [
        (TurnedAway, Outcome::Closed),
        (NotReached, Outcome::TimedOut),
    ] {
        assert_eq!(next(Family::Rtorrent, parting, outcome), 1);
    }
    // The controls: no sign of a finish.
    assert_eq!(next(Family::Other, TurnedAway, Outcome::Closed), 10);
    assert_eq!(next(Family::Other, NotReached, Outcome::TimedOut), 0, "due");
}

#[test]
fn peer_below_the_threshold_is_tried_again_within_the_delay() {
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT, 500);
    let mut gaps = Vec::new();
    for _ in 0..7 {
        let id = script.dial(HOME);
        script.fails(id);
        gaps.push(script.due(HOME));
    }
    assert_eq!(gaps, [30, 60, 120, 240, 480, 600, 600]);
    // The control: who was never met.
    let mut script = Script::new();
    for _ in 0..7 {
        let id = script.dial(HOME);
        script.fails(id);
    }
    assert_eq!(script.due(HOME), 1_800);
}

#[test]
fn complete_peer_is_left_in_peace_even_if_it_does_not_answer() {
    let six_hours = 6 * 3600;
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT, 1_000);
    assert_eq!(script.due(HOME), six_hours);
    let id = script.dial(HOME);
    script.fails(id);
    script.named(Source::Pex, HOME);
    assert_eq!(script.due(HOME), six_hours);
}

#[test]
fn peer_named_anew_is_taken_up_again() {
    let mut script = Script::new();
    for _ in 0..7 {
        let id = script.dial(HOME);
        script.fails(id);
    }
    assert_eq!(script.due(HOME), 1_800);
    script.wait(10).named(Source::Pex, HOME);
    assert_eq!(script.due(HOME), 110, "two minutes after the last try");
    script.wait(300).named(Source::Tracker, HOME);
    assert_eq!(script.due(HOME), 0);
}

#[test]
fn finish_is_foreseen_from_what_was_gained_between_visits() {
    let mut script = Script::new();
    script.visit(HOME, LIBTORRENT, 500);
    script.wait(300);
    let begun = script.now;
    // Ten minutes at most between visits, and the rest takes longer than twice that.
    script.visit(HOME, LIBTORRENT, 520);
    assert_eq!(script.due(HOME), 600);
    script.wait(600);
    let id = script.dial(HOME);
    let gained = script.now.since(begun).as_secs();
    let reaction = script.settles(id, LIBTORRENT, 920);
    let rest = gained * (980 - 920) / (920 - 520);
    let told = reaction.expected_finish.unwrap().since(script.now);
    assert_eq!(told.as_secs(), rest, "the session may wait for it");
    script.ends(id, WeLeft);
    assert!(script.due(HOME).abs_diff(rest / 2) <= 1);
}

#[test]
fn guess_of_a_short_session_does_not_outweigh_what_was_measured() {
    let due = |lasted: u64, told: u64| {
        let mut script = Script::new();
        let id = script.dial(HOME);
        script.settles(id, LIBTORRENT, 500);
        script
            .wait(60)
            .ends_as(id, WeLeft, Outcome::Success, Some(600));
        let id = script.dial(HOME);
        script.settles(id, LIBTORRENT, 500);
        script
            .wait(lasted)
            .ends_as(id, WeLeft, Outcome::Success, Some(told));
        script.due(HOME)
    };
    assert_eq!(due(2, 100), 149, "half of what was left");
    assert_eq!(due(2, 3_600), 149);
    assert_eq!(due(15, 100), 50, "it is faster now");
    assert_eq!(due(15, 3_600), 142, "or slower: not to be relied on");
    assert_eq!(due(300, 3_600), 600, "until it did not come true");
}

#[test]
fn whoever_finishes_soonest_comes_first() {
    let mut script = Script::new();
    for (n, finish) in [(1, None), (2, Some(1_000)), (3, Some(800))] {
        let at = format!("45.0.0.{n}:6881");
        let id = script.dial(&at);
        script.settles(id, TRANSMISSION.id(n), 500);
        script.ends_as(id, WeLeft, Outcome::Success, finish);
    }
    script.wait(600).named(Source::Pex, "45.0.0.4:6881");
    let order: Vec<_> = std::iter::from_fn(|| script.contact()).collect();
    let order: Vec<_> = order.iter().map(|it| it.address.to_string()).collect();
    let expected = [3, 2, 4, 1].map(|n| format!("45.0.0.{n}:6881"));
    assert_eq!(order, expected);
}

#[test]
fn whoever_came_in_is_not_dialled_while_it_is_there() {
    let mut script = Script::new();
    script.named(Source::Tracker, HOME);
    let id = script.accept("45.0.0.1:40000");
    script.settles(id, LIBTORRENT, 500);
    for _ in 0..60 {
        assert_eq!(script.wait(60).contact(), None);
    }
    script.ends(id, TheyLeft);
    let contact = script.wait(60).contact().unwrap();
    assert_eq!((contact.address, contact.dialable), (address(HOME), false));
}

#[test]
fn caller_that_is_being_dialled_is_dialled_again_later() {
    // The contact is under way when the peer comes in; each ending order.
    for contact_first in [true, false] {
        let mut script = Script::new();
        let contact = script.dial(HOME);
        let called = script.accept("45.0.0.1:40000");
        script.settles(called, LIBTORRENT, 500);
        if contact_first {
            script.fails(contact);
            script.wait(600).ends(called, TheyLeft);
        } else {
            script.ends(called, TheyLeft);
            script.wait(60).fails(contact);
        }
        script.wait(600);
        assert!(script.contact().is_some(), "{contact_first}");
    }
}

#[test]
fn superseded_session_leaves_no_address_busy() {
    let mut script = Script::new();
    let called = script.accept("45.0.0.1:40000");
    script.settles(called, TRANSMISSION, 500);
    // It was found at another port too.
    let superfluous = script.dial("45.0.0.1:7000");
    let reaction = script.settles(superfluous, TRANSMISSION, 500);
    assert_eq!(reaction.close, [superfluous]);
    script.ends_as(superfluous, WeLeft, Outcome::Duplicate, None);
    assert_eq!(script.wait(3600).contact(), None);
    script.ends(called, TheyLeft);
    script.wait(600);
    let contacts: Vec<_> = std::iter::from_fn(|| script.contact()).collect();
    assert_eq!(contacts.len(), 2);
}

#[test]
fn crashed_session_leaves_no_address_busy() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.settles(id, LIBTORRENT, 500);
    script.ends_as(id, NotReached, Outcome::Crashed, None);
    assert_eq!(script.due(HOME), 30);
    assert_eq!(script.book.figures().sessions, 0);
}

#[test]
fn only_who_answered_at_its_own_port_is_dialable() {
    let mut script = Script::new();
    script.visit(HOME, TRANSMISSION, 500);
    let back = script.accept("45.0.0.1:40000");
    assert!(script.settles(back, TRANSMISSION, 500).dialable);
    // A neighbour that claims the same port.
    let neighbour = script.accept("45.0.0.1:40001");
    assert!(!script.settles(neighbour, TRANSMISSION.id(2), 500).dialable);
    script.ends(back, TheyLeft);
    // And not any more, once dialling it fails.
    let failed = script.dial(HOME);
    script.fails(failed);
    let back = script.accept("45.0.0.1:40002");
    assert!(!script.settles(back, TRANSMISSION, 500).dialable);
}

#[test]
fn nobody_is_contacted_whom_the_policy_forbids() {
    let mut script = Script::new();
    let forbidden = [
        "10.0.0.1:6881",
        "127.0.0.1:6881",
        "45.0.0.1:1023",
        "[fe80::1]:6881",
        "0.0.0.0:6881",
    ];
    for at in forbidden {
        script.named(Source::Tracker, at);
    }
    let id = script.accept("45.0.0.1:40000");
    script.settles(id, LIBTORRENT.port(80), 500);
    script.ends(id, TheyLeft);
    assert_eq!(
        (script.book.figures().addresses, script.book.next_due()),
        (0, None)
    );
    // The control: a lab may.
    script.book.terms.policy.allow_local = true;
    for at in forbidden {
        script.named(Source::Tracker, at);
    }
    assert_eq!(script.book.figures().addresses, 4);
}

#[test]
fn nobody_is_contacted_whom_the_user_excluded() {
    let mut script = Script::new();
    let excluded = [address(HOME).ip().to_string(), "2003::/16".into()];
    let ranges = excluded.iter().map(|it| it.parse().unwrap());
    script.book.terms.policy.excluded = Arc::new(ranges.collect());
    let named = [HOME, "[2003::1]:6881", "10.0.0.1:6881", "45.0.0.9:6881"].map(address);
    script.book.found(script.now, Source::Pex, &named);
    assert_eq!(script.contact().unwrap().address, named[3]);
    assert_eq!(script.book.figures().addresses, 1);
    let (_, _, tally) = script.book.tally().take_sources()[0];
    // The forbidden one was received, and is neither new nor excluded.
    assert_eq!((tally.received, tally.new, tally.excluded), (4, 1, 2));
}

#[test]
fn own_address_is_never_contacted_again() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.ends_as(id, NotReached, Outcome::SelfConnection, None);
    script.wait(7 * 24 * 3600).named(Source::Pex, HOME);
    assert_eq!(script.contact(), None);
    // The accepting end of such a connection sees it first.
    let ours = "45.0.0.3:6889";
    script.dial(ours);
    let id = script.accept("45.0.0.3:40000");
    script.ends_as(id, NotReached, Outcome::SelfConnection, None);
    script.wait(3600).named(Source::Pex, ours);
    assert_eq!(script.contact(), None);
    // The control: another outcome.
    let id = script.dial("45.0.0.2:6881");
    script.ends_as(id, NotReached, Outcome::UnknownInfoHash, None);
    script.wait(3600);
    assert!(script.contact().is_some());
}

#[test]
fn addresses_of_the_predecessor_are_contacted_and_not_counted() {
    let mut script = Script::new();
    let known = KnownAddress {
        address: address(HOME),
        source: Source::Pex,
        hour: script.now.hour(),
        state: AddressState::NotContacted,
    };
    script.book.recall(script.now, &[known]);
    assert!(!script.book.has_news());
    assert_eq!(script.contact().unwrap().address, address(HOME));
}
