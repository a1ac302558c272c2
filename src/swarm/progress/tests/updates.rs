//! What happens after it.

use super::*;

#[test]
fn a_repeated_bitfield_is_an_update() {
    let mut session = Session::new(true);
    session.bitfield(0, 10).bitfield(100, 10);
    session.bitfield(10_000, 11).bitfield(20_000, 100);
    assert_eq!(session.told()[0], ("settled", 350, 10));
    let crossing = session.crossing();
    assert_eq!((crossing.from.at, crossing.from.pieces), (at(10_000), 11));
    assert_eq!((crossing.seen.at, crossing.seen.pieces), (at(20_000), 100));
}

#[test]
fn a_lower_bitfield_falls_back_and_rises_again() {
    let mut session = Session::new(true);
    session.bitfield(0, 97).haves(10_000, 0, 97..98);
    session.bitfield(20_000, 50).bitfield(30_000, 100);
    let told = [
        ("settled", 250, 97),
        ("crossed", 10_000, 98),
        ("fell back", 20_000, 50),
        ("crossed", 30_000, 100),
    ];
    assert_eq!(session.told(), told);
}

#[test]
fn lost_pieces_lower_the_count() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.have_all(now));
    for (n, piece) in [3, 4, 4, 5].into_iter().enumerate() {
        session.at(1_000 + n as u64, |it, now| it.dont_have(now, piece));
    }
    assert_eq!(
        session.told(),
        [("settled", 0, 100), ("fell back", 1_003, 97)]
    );
}

#[test]
fn a_peer_that_plays_is_not_reported_for_ever() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.have_all(now));
    for n in 0..1_000 {
        session.bitfield(1_000 + n * 2, 10);
        session.bitfield(1_001 + n * 2, 100);
    }
    assert_eq!(session.told().len(), 1 + 4 + 4);
}

#[test]
fn coarse_steps_are_told_once() {
    let mut session = Session::new(true);
    session
        .at(0, |it, now| it.have_none(now))
        .haves(6_000, 500, 0..20);
    let steps: Vec<_> = session.told().iter().map(|(_, _, count)| *count).collect();
    // Settled, the proof of honest emptiness, and each multiple of 100 / 16.
    assert_eq!(steps, [0, 0, 6, 12, 18]);
}

#[test]
fn twins_tell_equal_sums_at_equal_counts() {
    let (mut one, mut other) = (Session::new(true), Session::new(true));
    one.bitfield(0, 20).haves(5_000, 500, 40..60);
    other.bitfield(4_000, 20).haves(5_010, 500, 40..60);
    let sums = |it: &Session| -> Vec<_> {
        let steps = it.reports.iter().filter_map(|report| match report {
            Report::Step(seen) => Some((seen.pieces, seen.set_sum)),
            _ => None,
        });
        steps.collect()
    };
    assert_eq!(sums(&one).len(), 3);
    assert_eq!(sums(&one), sums(&other));
}

#[test]
fn upload_only_below_the_threshold_is_a_partial_seed_once_it_stands() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.upload_only(now, true));
    session.bitfield(0, 50).wait(15_250);
    assert_eq!(session.told(), [("settled", 250, 50)]);
    session.wait(60_000);
    assert_eq!(session.told()[1..], [("partial seed", 250, 50)]);

    // It overtook the last pieces.
    let mut session = Session::new(true);
    session
        .bitfield(0, 50)
        .at(5_000, |it, now| it.upload_only(now, true));
    session.haves(15_000, 0, 50..100).wait(60_000);
    assert!(!session.told().iter().any(|it| it.0 == "partial seed"));
    // It was taken back.
    let mut session = Session::new(true);
    session
        .bitfield(0, 50)
        .at(5_000, |it, now| it.upload_only(now, true));
    session
        .at(6_000, |it, now| it.upload_only(now, false))
        .wait(60_000);
    assert_eq!(session.told(), [("settled", 250, 50)]);
}

#[test]
fn expects_the_finish_at_the_recent_speed() {
    let mut session = Session::new(true);
    session.bitfield(0, 8);
    assert_eq!(session.progress.expected_finish(at(500)), None);
    // 1 MB/s.
    session.haves(1_250, 1_000, 8..38);
    let finish = session.progress.expected_finish(at(30_250)).unwrap();
    assert_eq!(finish, at(90_250));
    assert_eq!(session.progress.best_speed(), 1_000_000);
    assert_eq!(session.progress.changes(), 30);
    // Without progress it recedes.
    let later = session.progress.expected_finish(at(60_250)).unwrap();
    assert!(later > at(120_000), "{later}");
}

#[test]
fn one_burst_is_one_change() {
    let mut session = Session::new(true);
    session
        .bitfield(0, 8)
        .haves(12_000, 1, 8..20)
        .haves(24_000, 1, 20..32);
    assert_eq!(session.progress.changes(), 2);
    session.at(36_000, |it, now| it.have_all(now));
    assert_eq!(session.progress.expected_finish(at(36_000)), None);
}

#[test]
fn what_comes_first_after_an_outage_may_be_old() {
    let mut session = Session::new(true);
    session.bitfield(0, 90).wait(1_000);
    session.at(61_000, |it, _| it.was_away());
    session.haves(61_000, 10, 90..98);
    let crossing = session.crossing();
    assert_eq!(
        crossing.from,
        Observation {
            at: at(250),
            pieces: 90
        }
    );
    assert_eq!(crossing.seen.at, at(61_070));
    // What comes later is new.
    let mut session = Session::new(true);
    session.bitfield(0, 90).wait(1_000);
    session.at(61_000, |it, _| it.was_away());
    session.haves(61_000, 10, 90..94).haves(62_000, 10, 94..98);
    let from = Observation {
        at: at(62_020),
        pieces: 97,
    };
    assert_eq!(session.crossing().from, from);
}
