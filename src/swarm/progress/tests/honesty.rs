//! What tells a download from what looks like one.

use super::*;

#[test]
fn a_super_seeder_shows_only_what_it_reveals() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.have_none(now));
    session.at(0, |it, now| it.have(now, 17));
    session.at(0, |it, now| it.have(now, 63));
    session.at(60_000, |it, now| it.have_all(now));
    let seen = session.crossing().seen;
    assert_eq!(seen.showing, Showing::Revealed);
    assert_eq!(seen.revealed.as_slice(), [17, 63]);
}

#[test]
fn more_than_three_pieces_that_stand_are_honest() {
    let mut session = Session::new(true);
    session
        .at(0, |it, now| it.have_none(now))
        .haves(0, 0, 0..4)
        .at(60_000, |it, now| it.have_all(now));
    assert_eq!(session.crossing().seen.showing, Showing::Honest);

    // A bitfield with a single piece is not a super-seeder's either.
    let mut session = Session::new(true);
    session
        .bitfield(0, 1)
        .at(60_000, |it, now| it.have_all(now));
    assert_eq!(session.crossing().seen.showing, Showing::Honest);
}

#[test]
fn counts_that_a_burst_passes_through_prove_nothing() {
    let mut session = Session::new(true);
    session
        .at(0, |it, now| it.have_none(now))
        .haves(0, 0, 0..2)
        .haves(60_000, 1, 2..98);
    assert_eq!(session.crossing().seen.showing, Showing::Revealed);
}

#[test]
fn a_fast_download_without_a_gap_is_honest() {
    let mut session = Session::new(true);
    session
        .at(0, |it, now| it.have_none(now))
        .haves(1_000, 100, 0..98);
    assert_eq!(session.crossing().seen.showing, Showing::Honest);
    // A bitfield, then HAVE messages until the longest burst ends.
    let mut session = Session::new(true);
    session.bitfield(0, 4).haves(100, 200, 4..20);
    assert_eq!(session.seen(2_100).showing, Showing::Honest);
}

#[test]
fn an_empty_peer_that_reveals_nothing_is_honest_after_five_seconds() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.have_none(now)).wait(5_001);
    assert_eq!(session.told(), [("settled", 250, 0), ("step", 250, 0)]);
    assert_eq!(session.seen(5_001).showing, Showing::Empty);

    let mut session = Session::new(true);
    session
        .at(0, |it, now| it.have_none(now))
        .at(4_999, |it, now| it.have(now, 1));
    assert_eq!(session.seen(60_000).showing, Showing::Revealed);
}

#[test]
fn super_seeding_is_no_matter_with_a_client_that_knows_none() {
    for (may_super_seed, showing) in [(false, Showing::Honest), (true, Showing::Nothing)] {
        let mut session = Session::with(Terms {
            may_super_seed,
            ..terms(true)
        });
        session.at(0, |it, now| it.have_none(now)).wait(1_000);
        assert_eq!(session.seen(1_000).showing, showing);
    }
}

#[test]
fn super_seeding_is_no_matter_in_a_torrent_of_few_pieces() {
    for (pieces, showing) in [(8, Showing::Honest), (9, Showing::Revealed)] {
        let mut session = Session::with(Terms {
            yardstick: Yardstick::new(pieces, 1_000_000, 980),
            ..terms(true)
        });
        session
            .at(0, |it, now| it.have_none(now))
            .haves(0, 0, 0..2)
            .at(60_000, |it, now| it.have_all(now));
        assert_eq!(session.crossing().seen.showing, showing);
    }
}

#[test]
fn a_stream_of_have_messages_faster_than_any_line_is_implausible() {
    // 10,000 pieces of 100 MB: a liar sends one each millisecond, then waits for an
    // hour with the last one.
    let huge = Terms {
        yardstick: Yardstick::new(10_000, 100_000_000, 980),
        ..terms(true)
    };
    let mut session = Session::with(huge);
    session.at(0, |it, now| it.have_none(now));
    session.haves(60_000, 1, 0..9_799);
    session.at(3_600_000, |it, now| it.have(now, 9_799));
    assert!(session.crossing().seen.implausible);

    // At 1 GB/s it is a very good line.
    let mut session = Session::with(huge);
    session.at(0, |it, now| it.have_none(now));
    session.haves(60_000, 100, 0..9_800);
    assert!(!session.crossing().seen.implausible);
    // At 2 GB/s it is none.
    let mut session = Session::with(huge);
    session.at(0, |it, now| it.have_none(now));
    session.haves(60_000, 50, 0..9_800);
    assert!(session.crossing().seen.implausible);
}

#[test]
fn a_crossing_within_a_disk_check_is_marked() {
    let mut session = Session::new(true);
    session.at(0, |it, now| it.have_none(now));
    session.haves(10_000, 1, 0..98);
    // 100 MB within the 10 s since the message before: 10 MB/s.
    assert!(!session.crossing().checking);

    let mut session = Session::new(true);
    session.bitfield(0, 10).haves(1_000, 1, 10..98);
    assert!(session.crossing().checking);
}
