//! When a first observation is believed.

use super::*;

#[test]
fn silence_without_fast_is_a_provisional_zero() {
    let mut session = Session::new(false);
    assert_eq!(session.wait(10_000).told(), []);
    assert!(!session.progress.settled());
    assert_eq!(session.wait(60_000).told(), [("settled", 10_000, 0)]);
    assert!(session.seen(60_000).provisional);
}

#[test]
fn silence_with_fast_stays_unknown() {
    let mut session = Session::new(true);
    assert_eq!(session.wait(86_400_000).told(), []);
    assert_eq!(session.progress.poll_timeout(), None);
    assert_eq!(session.progress.seen(at(86_400_000)), None);
    assert_eq!(session.progress.unsettled(), None);
}

#[test]
fn silence_of_rtorrent_is_a_firm_zero() {
    let holds_back = Terms {
        holds_back: true,
        ..terms(false)
    };
    let mut session = Session::with(holds_back);
    assert!(!session.seen(11_000).provisional);
}

#[test]
fn have_none_is_a_zero() {
    let mut session = Session::new(true);
    session.at(100, |it, now| it.have_none(now)).wait(1_000);
    assert_eq!(session.told(), [("settled", 350, 0)]);
    assert!(!session.seen(1_000).provisional);
}

#[test]
fn a_lazy_bitfield_settles_at_the_end_of_its_burst() {
    let mut session = Session::new(true);
    session.bitfield(100, 90).haves(200, 100, 90..96);
    assert_eq!(session.told(), []);
    assert_eq!(
        session.progress.unsettled(),
        Some(Observation {
            at: at(700),
            pieces: 96
        })
    );
    assert_eq!(session.wait(5_000).told(), [("settled", 950, 96)]);
    assert_eq!(session.progress.unsettled(), None);
}

#[test]
fn a_lazy_seed_is_complete_at_first() {
    let mut session = Session::new(true);
    session.bitfield(100, 90).haves(200, 100, 90..100);
    assert_eq!(session.told(), [("settled", 900, 98)]);
}

#[test]
fn a_burst_ends_after_two_seconds() {
    let mut session = Session::new(true);
    session.bitfield(0, 10).haves(200, 200, 10..40);
    assert_eq!(session.told()[0], ("settled", 2_000, 20));
}

#[test]
fn a_gap_after_the_bitfield_makes_have_news() {
    let mut session = Session::new(true);
    session.bitfield(0, 90).haves(5_000, 10, 90..98);
    let told = [
        ("settled", 250, 90),
        ("step", 5_050, 96),
        ("crossed", 5_070, 98),
    ];
    assert_eq!(session.told(), told);
    let crossing = session.crossing();
    let below = Observation {
        at: at(5_060),
        pieces: 97,
    };
    assert_eq!((crossing.from, crossing.checking), (below, false));
    assert_eq!(session.progress.last_below(), Some(below));
}

#[test]
fn a_late_timer_does_not_end_a_burst_that_waits_in_a_buffer() {
    // The machine was busy: the HAVE messages are read 3 s after the bitfield, and
    // only then the timer is served.
    let mut progress = Progress::new(at(0), terms(true));
    progress.bitfield(at(0), bits(&progress, 0..97));
    progress.have(at(3_000), 97);
    progress.handle_timeout(at(3_000));
    let Some(Report::Settled(seen)) = progress.poll_report() else {
        panic!("not settled");
    };
    assert_eq!(seen.pieces, 98);
    assert_eq!(progress.poll_report(), None);
}

#[test]
fn have_messages_without_a_bitfield_wait_for_one() {
    for fast in [false, true] {
        let mut session = Session::new(fast);
        session.haves(1_000, 10, 0..5);
        session.bitfield(3_000, 99);
        assert_eq!(session.told(), [("settled", 3_000, 99)]);

        let mut session = Session::new(fast);
        session.haves(1_000, 10, 0..5).wait(60_000);
        assert_eq!(session.told(), [("settled", 10_000, 5)]);
    }
}

#[test]
fn a_bitfield_replaces_a_provisional_zero() {
    let mut session = Session::new(false);
    session.bitfield(15_000, 60).wait(60_000);
    let told = [("settled", 10_000, 0), ("replaced", 15_250, 60)];
    assert_eq!(session.told(), told);

    let mut session = Session::new(false);
    session.at(15_000, |it, now| it.have_all(now)).wait(60_000);
    let told = [("settled", 10_000, 0), ("replaced", 15_000, 100)];
    assert_eq!(session.told(), told);
}

#[test]
fn single_have_messages_uphold_a_provisional_zero() {
    let mut session = Session::new(false);
    session.haves(15_000, 1_000, 0..3);
    assert_eq!(
        session.told(),
        [("settled", 10_000, 0), ("step", 15_250, 1)]
    );
    assert!(!session.seen(18_000).provisional);
    // What comes now is an update.
    session.bitfield(20_000, 100);
    assert_eq!(session.last(), &Report::Crossed(session.crossing()));
    assert_eq!(session.crossing().from.pieces, 3);
}

#[test]
fn have_messages_that_show_all_at_one_go_uphold_nothing() {
    let mut session = Session::new(false);
    session.haves(15_000, 10, 0..100).wait(60_000);
    let told = [("settled", 10_000, 0), ("replaced", 15_970, 98)];
    assert_eq!(session.told(), told);
}
