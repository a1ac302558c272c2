//! Counters that add up to the attempts, whatever happens.

use super::*;
use crate::swarm::address_state::AddressCounts;
use crate::swarm::counted::Counted;

fn outcomes(script: &mut Script) -> Vec<(Attempt, Outcome, u64)> {
    let mut rows: Vec<_> = script.book.tally().take_outcomes();
    rows.sort();
    rows.into_iter()
        .filter_map(|(key, count)| Some((key.counted.attempt()?, key.outcome, count)))
        .collect()
}

fn source(script: &mut Script, source: Source) -> SourceTally {
    let rows = script.book.tally().take_sources();
    let found = rows.iter().find(|it| it.1 == source).unwrap().2;
    assert_eq!(found.came_to.total(), found.new);
    let keys: Vec<_> = rows.iter().map(|it| (it.0, it.1)).collect();
    script.book.tally().untake(&[], &keys);
    SourceTally {
        came_to: AddressCounts::default(),
        ..found
    }
}

#[test]
fn each_attempt_has_one_outcome() {
    let mut script = Script::new();
    let first = script.dial("45.0.0.1:6881");
    script.fails(first);
    let later = script.dial("45.0.0.1:6881");
    script.settles(later, LIBTORRENT, 5);
    script.ends(later, TheyLeft);
    // Said twice, counted once.
    script.ends(later, TheyLeft);
    let came = script.accept("45.0.0.2:40000");
    script.ends_as(came, TheyLeft, Outcome::Unsettled, None);
    script.book.turned_away(script.now, Outcome::NoSlot);
    // A contact that was put off was none.
    script.named(Source::Pex, "45.0.0.3:6881");
    let contact = script.book.next_contact(script.now).unwrap();
    let due = script.now + Duration::from_secs(30);
    script.book.put_off(&contact, due);
    assert_eq!(
        outcomes(&mut script),
        [
            (Attempt::First, Outcome::TimedOut, 1),
            (Attempt::Later, Outcome::Success, 1),
            (Attempt::Incoming, Outcome::Unsettled, 1),
            (Attempt::Incoming, Outcome::NoSlot, 1),
        ]
    );
    assert_eq!(script.book.figures().sessions, 0);
    let put_off = script.wait(30).contact().unwrap();
    script.fails(put_off.session);
    assert_eq!(
        outcomes(&mut script),
        [(Attempt::First, Outcome::TimedOut, 2)]
    );
}

#[test]
fn outcomes_are_counted_by_the_hour() {
    let mut script = Script::new();
    for _ in 0..2 {
        let id = script.accept("45.0.0.1:40000");
        script.wait(3600).ends(id, TheyLeft);
    }
    let rows = script.book.tally().take_outcomes();
    let hours = |of: Counted| {
        let rows = rows.iter().filter(|it| it.0.counted == of);
        let mut hours: Vec<_> = rows.map(|it| (it.0.hour, it.1)).collect();
        hours.sort_unstable();
        hours
    };
    let attempts = hours(Counted::Attempt(Attempt::Incoming));
    assert_eq!(attempts, [(1_001, 1), (1_002, 1)]);
    let had_slots_ms = [(1_001, 3_600_000), (1_002, 3_600_000)];
    assert_eq!(hours(Counted::SlotTime), had_slots_ms);
}

#[test]
fn totals_are_those_of_all_hours_and_of_earlier_runs() {
    let mut script = Script::new();
    let key = OutcomeKey {
        hour: 7,
        counted: Counted::Attempt(Attempt::First),
        family: Family::Other,
        outcome: Outcome::TimedOut,
    };
    script.book.tally().restore_outcome(key, 40);
    let earlier = SourceTally {
        contacted: 40,
        ..SourceTally::default()
    };
    let tally = script.book.tally();
    tally.restore_source(7, Source::Tracker, earlier);
    for _ in 0..2 {
        let id = script.dial("45.0.0.1:6881");
        script.fails(id);
        script.wait(3600);
    }
    let totals = *script.book.tally().totals();
    assert_eq!(totals.ended(Attempt::First, Outcome::TimedOut), 41);
    assert_eq!(totals.attempts(Attempt::Later), 1);
    assert_eq!(totals.contacted(), 42);
    assert_eq!(totals.source(Source::Tracker).new, 1);
    let mut both = totals;
    both.add(&totals);
    assert_eq!(both.contacted(), 84);
    assert_eq!(both.attempts(Attempt::First), 82);
}

#[test]
fn watched_are_those_below_with_whom_a_session_is_held() {
    let mut script = Script::new();
    let below = script.accept("45.0.0.1:40000");
    script.settles(below, LIBTORRENT.id(1), 500);
    let complete = script.accept("45.0.0.2:40000");
    script.settles(complete, LIBTORRENT.id(2), 1_000);
    script.accept("45.0.0.3:40000");
    let figures = script.book.figures();
    assert_eq!((figures.sessions, figures.watched), (3, 1));
    assert_eq!((figures.observed, figures.unsettled), (2, 0));
    script.ends(below, TheyLeft);
    assert_eq!(script.book.figures().watched, 0);
}

#[test]
fn sources_are_credited_with_what_they_brought_first() {
    let mut script = Script::new();
    let (now, both) = (script.now, ["45.0.0.1:6881", "10.0.0.1:6881"].map(address));
    script.book.found(now, Source::Tracker, &both);
    script.named(Source::Pex, "45.0.0.1:6881");
    let counted = |received, new, duplicate, contacted, reached, confirmed| SourceTally {
        received,
        new,
        duplicate,
        excluded: 0,
        contacted,
        reached,
        confirmed,
        came_to: AddressCounts::default(),
    };
    assert_eq!(
        source(&mut script, Source::Tracker),
        counted(2, 1, 0, 0, 0, 0)
    );
    assert_eq!(source(&mut script, Source::Pex), counted(1, 0, 1, 0, 0, 0));
    let failed = script.dial("45.0.0.1:6881");
    script.fails(failed);
    let id = script.dial("45.0.0.1:6881");
    let peer = script.settles(id, LIBTORRENT, 500).peer;
    script.crosses(id, LIBTORRENT);
    script.ends(id, WeLeft);
    assert_eq!(
        source(&mut script, Source::Tracker),
        counted(2, 1, 0, 2, 1, 1)
    );
    assert_eq!(source(&mut script, Source::Pex), counted(1, 0, 1, 0, 0, 0));
    let peer = script.book.peer(peer).unwrap();
    assert_eq!(peer.first_source, Source::Tracker);
    assert_eq!(
        peer.sources.iter().collect::<Vec<_>>(),
        [Source::Tracker, Source::Pex]
    );
}

#[test]
fn caller_is_its_own_source_unless_it_was_named_before() {
    let mut script = Script::new();
    script.named(Source::Tracker, "45.0.0.1:6881");
    let named = script.call("45.0.0.1:40000", LIBTORRENT.id(1), 500).peer;
    let unnamed = script.call("45.0.0.2:40000", LIBTORRENT.id(2), 500).peer;
    let anonymous = script
        .call("45.0.0.3:40000", LIBTORRENT.id(3).port(None), 500)
        .peer;
    let first = |peer| script.book.peer(peer).unwrap().first_source;
    assert_eq!(first(named), Source::Tracker);
    assert_eq!(
        (first(unnamed), first(anonymous)),
        (Source::Incoming, Source::Incoming)
    );
}

#[test]
fn figures_follow_each_record() {
    let mut script = Script::new();
    let of = |script: &Script| {
        let it = script.book.figures();
        (
            it.observed,
            it.complete_at_first,
            it.below,
            it.confirmed,
            it.not_counted,
        )
    };
    script.visit("45.0.0.1:6881", LIBTORRENT.id(1), 1_000);
    assert_eq!(of(&script), (1, 1, 0, 0, 0));
    let id = script.dial("45.0.0.2:6881");
    script.settles(id, LIBTORRENT.id(2), 500);
    assert_eq!(of(&script), (2, 1, 1, 0, 0));
    assert_eq!(
        (
            script.book.figures().addresses,
            script.book.figures().sessions
        ),
        (2, 1)
    );
    script.crosses(id, LIBTORRENT.id(2));
    assert_eq!(of(&script), (2, 1, 0, 1, 0));
    let checking = script.dial("45.0.0.3:6881");
    script.settles(checking, LIBTORRENT.id(3), 500);
    let report = Report::Crossed(Crossing {
        from: Observation::default(),
        seen: script.seen(LIBTORRENT, 980),
        checking: true,
    });
    script.say(checking, LIBTORRENT.id(3), report);
    assert_eq!(of(&script), (3, 1, 0, 1, 1));
    script.restart();
    assert_eq!(of(&script), (3, 1, 0, 1, 1));
}

#[test]
fn rows_that_were_not_stored_are_handed_out_again() {
    let mut script = Script::new();
    assert!(!script.book.has_news());
    let peers: Vec<_> = (0..3)
        .map(|n| {
            script
                .call(&format!("45.0.0.{n}:40000"), TRANSMISSION.id(n), 5)
                .peer
        })
        .collect();
    assert_eq!(script.book.take_dirty(2), peers[..2]);
    assert_eq!(script.book.take_dirty(2), peers[2..]);
    assert_eq!(script.book.take_dirty(2), []);
    script.book.mark_dirty(&peers[1..2]);
    assert!(script.book.has_news());
    assert_eq!(script.book.take_dirty(9), peers[1..2]);
    script.book.tally().take_outcomes();
    script.book.tally().take_sources();
    assert!(!script.book.has_news());
}
