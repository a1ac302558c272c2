//! Behaviour of a peer's record, report by report.

mod any_order;

use super::*;
use crate::swarm::progress::Showing;

/// 1,000 pieces of 1 MB, T = 980.
fn yardstick() -> Yardstick {
    Yardstick::new(1_000, 1_000_000, 980)
}

fn seen(second: u64, pieces: u32) -> Seen {
    Seen {
        at: Moment::from_millis(second * 1_000),
        pieces,
        set_sum: 0,
        showing: Showing::Honest,
        revealed: Few::default(),
        provisional: false,
        implausible: false,
        holds_back: false,
    }
}

fn silent(second: u64) -> Seen {
    Seen {
        provisional: true,
        showing: Showing::Empty,
        ..seen(second, 0)
    }
}

fn revealing(second: u64, pieces: &[u32]) -> Seen {
    let mut revealed = Few::default();
    pieces.iter().for_each(|piece| revealed.push(*piece));
    Seen {
        showing: Showing::Revealed,
        revealed,
        ..seen(second, pieces.len() as u32)
    }
}

fn bare(second: u64, pieces: u32) -> Seen {
    Seen {
        showing: Showing::Nothing,
        ..seen(second, pieces)
    }
}

fn crossed(from: Seen, seen: Seen) -> Report {
    Report::Crossed(Crossing {
        from: from.observation(),
        seen,
        checking: false,
    })
}

/// The record after these reports, and the verdicts on the way.
fn after(reports: &[Report]) -> (History, Vec<Verdict>) {
    let mut history = History::default();
    let rises = reports
        .iter()
        .filter_map(|report| history.take(report, &yardstick()));
    let verdicts = rises.map(|rise| rise.verdict).collect();
    (history, verdicts)
}

fn verdicts(reports: &[Report]) -> Vec<Verdict> {
    after(reports).1
}

use Report::{FellBack, PartialSeed, Replaced, Settled, Step};
use Verdict::{Again, Checking, Confirmed, Implausible, Unproven};

// Downloads

#[test]
fn below_then_above_in_one_session_is_confirmed_and_dated_at_its_message() {
    let mut history = History::default();
    history.take(&Settled(seen(10, 500)), &yardstick());
    assert_eq!(history.state(), PeerState::Below);
    let crossing = crossed(seen(1_999, 979), seen(2_000, 980));
    let rise = history.take(&crossing, &yardstick()).unwrap();
    assert_eq!(rise.verdict, Confirmed);
    assert_eq!(rise.evidence, Evidence::InSession);
    assert_eq!(rise.below, seen(1_999, 979).observation());
    assert_eq!(rise.reached, seen(2_000, 980).observation());
    assert_eq!(history.state(), PeerState::Confirmed);
    assert_eq!(history.first(), Some(seen(10, 500).observation()));
    assert_eq!(history.below(), Some(seen(1_999, 979).observation()));
    assert_eq!(history.last(), Some(seen(2_000, 980).observation()));
}

#[test]
fn below_then_above_in_two_sessions_is_confirmed_with_an_interval() {
    let mut history = History::default();
    history.take(&Settled(seen(10, 500)), &yardstick());
    history.take(&Step(seen(300, 620)), &yardstick());
    let rise = history.take(&Settled(seen(4_000, 1_000)), &yardstick());
    let rise = rise.unwrap();
    assert_eq!(rise.verdict, Confirmed);
    assert_eq!(rise.evidence, Evidence::AcrossSessions);
    assert_eq!(rise.below, seen(300, 620).observation());
    assert_eq!(rise.reached, seen(4_000, 1_000).observation());
}

#[test]
fn complete_when_first_seen_is_never_confirmed() {
    let (history, verdicts) = after(&[
        Settled(seen(10, 980)),
        Settled(seen(900, 1_000)),
        FellBack(seen(1_000, 5)),
        crossed(seen(2_000, 979), seen(2_001, 1_000)),
    ]);
    assert_eq!(verdicts, [Again]);
    assert_eq!(history.state(), PeerState::CompleteAtFirst);
}

#[test]
fn a_record_is_confirmed_once() {
    let reports = [
        Settled(seen(10, 500)),
        crossed(seen(999, 979), seen(1_000, 980)),
        // A twin of the same session, and a later visit.
        crossed(seen(999, 979), seen(1_001, 980)),
        Settled(seen(5_000, 1_000)),
        // Falls back in sight, then between sessions.
        FellBack(seen(6_000, 300)),
        crossed(seen(7_000, 979), seen(7_001, 980)),
        Settled(seen(8_000, 400)),
        Settled(seen(9_000, 1_000)),
        Settled(seen(9_500, 1_000)),
    ];
    assert_eq!(verdicts(&reports), [Confirmed, Again, Again]);
}

#[test]
fn a_partial_seed_that_goes_on_is_confirmed() {
    let (mut history, _) = after(&[Settled(seen(10, 500)), PartialSeed(seen(20, 500))]);
    assert_eq!(history.state(), PeerState::PartialSeed);
    history.take(&Settled(seen(30, 500)), &yardstick());
    assert_eq!(history.state(), PeerState::PartialSeed);
    history.take(&Step(seen(40, 600)), &yardstick());
    assert_eq!(history.state(), PeerState::Below);
    let rise = history.take(&Settled(seen(900, 1_000)), &yardstick());
    assert_eq!(rise.unwrap().verdict, Confirmed);
}

// Silence

#[test]
fn a_provisional_zero_is_replaced_by_what_is_known_later() {
    let replaced = [
        vec![Settled(silent(10)), Replaced(seen(20, 1_000))],
        vec![Settled(silent(10)), Settled(seen(900, 1_000))],
        vec![
            Settled(silent(10)),
            Settled(silent(900)),
            Settled(seen(1_900, 980)),
        ],
    ];
    for reports in replaced {
        let (history, verdicts) = after(&reports);
        assert_eq!(verdicts, []);
        assert_eq!(history.state(), PeerState::CompleteAtFirst);
        assert_eq!(history.below(), None);
    }
    let (history, _) = after(&[Settled(silent(10)), Settled(seen(900, 30))]);
    assert_eq!(history.first(), Some(seen(900, 30).observation()));
}

#[test]
fn an_upheld_zero_is_a_first_observation() {
    for upheld in [Step(seen(20, 1)), Settled(bare(20, 0))] {
        let (history, verdicts) = after(&[
            Settled(silent(10)),
            upheld,
            Step(seen(40, 9)),
            Settled(seen(900, 1_000)),
        ]);
        assert_eq!(verdicts, [Confirmed]);
        assert_eq!(history.first(), Some(silent(10).observation()));
    }
}

#[test]
fn silence_tells_nothing_of_a_known_peer() {
    let (history, verdicts) = after(&[
        Settled(seen(10, 500)),
        Settled(silent(20)),
        Replaced(seen(30, 1_000)),
        Settled(silent(40)),
        Replaced(seen(50, 1_000)),
    ]);
    assert_eq!(verdicts, [Confirmed]);
    assert_eq!(history.below(), Some(seen(10, 500).observation()));
}

#[test]
fn an_unsettled_session_adds_a_last_observation_only() {
    let mut history = History::default();
    history.glimpsed(seen(5, 300).observation());
    assert_eq!(history, History::default());
    history.take(&Settled(seen(10, 500)), &yardstick());
    history.glimpsed(seen(20, 600).observation());
    assert_eq!(history.last(), Some(seen(20, 600).observation()));
    assert_eq!(history.below(), Some(seen(10, 500).observation()));
}

// Not downloads

#[test]
fn a_jump_from_a_few_revealed_pieces_is_unproven() {
    let jump = Settled(bare(900, 1_000));
    let (mut history, verdicts) = after(&[Settled(revealing(10, &[7, 9])), jump]);
    assert_eq!(verdicts, [Unproven]);
    assert_eq!(history.state(), PeerState::NotCounted);
    // That decides the record.
    history.take(&Settled(seen(1_000, 500)), &yardstick());
    let rise = history.take(&Settled(seen(2_000, 1_000)), &yardstick());
    assert_eq!(rise.unwrap().verdict, Again);

    let from = revealing(10, &[7, 9]);
    assert_eq!(
        self::verdicts(&[
            Settled(from),
            crossed(
                from,
                Seen {
                    pieces: 1_000,
                    ..from
                }
            )
        ]),
        [Unproven]
    );
    // More than three pieces below the threshold lie between.
    let between = Step(seen(20, 4));
    assert_eq!(self::verdicts(&[Settled(from), between, jump]), [Confirmed]);
}

#[test]
fn a_zero_shorter_than_a_super_seeder_waits_is_unproven() {
    let jump = Settled(bare(900, 1_000));
    assert_eq!(verdicts(&[Settled(bare(10, 0)), jump]), [Unproven]);
    let empty = Seen {
        showing: Showing::Empty,
        ..bare(15, 0)
    };
    let honest = [Settled(bare(10, 0)), Step(empty), jump];
    assert_eq!(verdicts(&honest), [Confirmed]);
}

#[test]
fn other_pieces_in_another_session_prove_super_seeding() {
    let empty = Seen {
        showing: Showing::Empty,
        ..bare(50, 0)
    };
    let jump = Settled(bare(900, 1_000));
    let mut reports = vec![
        Settled(empty),
        Settled(revealing(60, &[7, 9])),
        Settled(revealing(70, &[7, 9, 11])),
        jump,
    ];
    assert_eq!(verdicts(&reports), [Confirmed]);
    reports[2] = Settled(revealing(70, &[1, 2]));
    let (history, verdicts) = after(&reports);
    assert_eq!(verdicts, [Unproven]);
    assert_eq!(history.proof(), Proof::SuperSeeder);
    // Emptiness does not clear a known super-seeder, more pieces do.
    reports.insert(
        3,
        Step(Seen {
            showing: Showing::Empty,
            ..bare(80, 0)
        }),
    );
    assert_eq!(self::verdicts(&reports), [Unproven]);
    reports[3] = Step(seen(80, 4));
    assert_eq!(self::verdicts(&reports), [Confirmed]);
}

#[test]
fn a_leap_between_sessions_is_implausible() {
    let huge = Yardstick::new(1_000, 100_000_000, 980);
    let rise = |first: u64, second: u64, holds_back: bool| {
        let mut history = History::default();
        history.take(&Settled(seen(first, 500)), &huge);
        let above = Seen {
            holds_back,
            ..seen(second, 1_000)
        };
        history.take(&Settled(above), &huge).unwrap().verdict
    };
    // 50 GB.
    assert_eq!(rise(10, 30, false), Implausible);
    assert_eq!(rise(10, 30, true), Confirmed);
    assert_eq!(rise(10, 51, false), Confirmed);
}

#[test]
fn implausible_gains_taint_the_record_wherever_they_were_seen() {
    let tainted = Step(Seen {
        implausible: true,
        ..seen(20, 700)
    });
    let (first, above) = (Settled(seen(10, 500)), Settled(seen(9_000, 1_000)));
    assert_eq!(verdicts(&[first, tainted, above]), [Implausible]);
    let clean = Step(seen(20, 700));
    assert_eq!(verdicts(&[first, clean, above]), [Confirmed]);
}

#[test]
fn a_disk_check_taints_only_the_rise_that_it_reaches() {
    let check = |checking| {
        Report::Crossed(Crossing {
            from: seen(900, 979).observation(),
            seen: seen(900, 980),
            checking,
        })
    };
    let first = Settled(seen(10, 500));
    assert_eq!(verdicts(&[first, check(true)]), [Checking]);
    assert_eq!(verdicts(&[first, check(false)]), [Confirmed]);
}

// Storing

#[test]
fn a_restored_record_goes_on_where_it_was() {
    let lives: [&[Report]; 5] = [
        &[Settled(silent(10))],
        &[Settled(seen(10, 500))],
        &[Settled(revealing(10, &[1]))],
        &[
            Settled(seen(10, 500)),
            Settled(seen(900, 1_000)),
            FellBack(seen(950, 3)),
        ],
        &[
            Settled(seen(10, 500)),
            Step(Seen {
                implausible: true,
                ..seen(20, 700)
            }),
        ],
    ];
    for life in lives {
        let (mut history, _) = after(life);
        let mut restored = History::restore(
            history.first(),
            history.last(),
            history.below(),
            history.state(),
            history.code(),
        );
        assert_eq!(restored.code(), history.code());
        let next = Settled(bare(9_000, 1_000));
        let (one, other) = (
            history.take(&next, &yardstick()),
            restored.take(&next, &yardstick()),
        );
        assert_eq!(one, other, "{life:?}");
    }
}
