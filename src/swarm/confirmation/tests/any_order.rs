//! Whatever is reported, in whatever order.

use proptest::prelude::*;

use super::*;

prop_compose! {
    fn any_seen()(
        second in 0_u64..10_000,
        pieces in prop_oneof![0_u32..5, 0_u32..1_000, 970_u32..=1_000],
        showing in 0..4_u8,
        revealed in proptest::collection::vec(0_u32..9, 0..4),
        flags in any::<[bool; 3]>(),
    ) -> Seen {
        let showing = [Showing::Nothing, Showing::Revealed, Showing::Empty, Showing::Honest]
            [usize::from(showing)];
        let [provisional, implausible, holds_back] = flags;
        Seen {
            showing,
            provisional,
            implausible: implausible && pieces % 7 == 0,
            holds_back,
            ..revealing_all(second, pieces, &revealed)
        }
    }
}

fn revealing_all(second: u64, pieces: u32, revealed: &[u32]) -> Seen {
    Seen {
        pieces,
        ..revealing(second, revealed)
    }
}

fn any_report() -> impl Strategy<Value = Report> {
    prop_oneof![
        any_seen().prop_map(Settled),
        any_seen().prop_map(Replaced),
        any_seen().prop_map(Step),
        any_seen().prop_map(FellBack),
        any_seen().prop_map(PartialSeed),
        (any_seen(), any_seen(), any::<bool>()).prop_map(|(from, seen, checking)| {
            Report::Crossed(Crossing {
                from: Observation {
                    pieces: from.pieces.min(979),
                    ..from.observation()
                },
                seen: Seen {
                    pieces: seen.pieces.max(980),
                    ..seen
                },
                checking,
            })
        }),
    ]
}

proptest! {
    #[test]
    fn at_most_one_confirmed_and_never_without_a_settled_observation_below(
        reports in proptest::collection::vec(any_report(), 0..40),
    ) {
        let mut history = History::default();
        let (mut below, mut confirmed) = (false, 0);
        for report in reports {
            let rise = history.take(&report, &yardstick());
            if rise.is_some_and(|rise| rise.verdict == Confirmed) {
                confirmed += 1;
                prop_assert!(below, "{report:?}");
            }
            // Only what an earlier report told may count as below.
            below |= match report {
                Settled(seen) | Replaced(seen) | Step(seen) | FellBack(seen)
                | PartialSeed(seen) => !seen.provisional && seen.pieces < 980,
                Report::Crossed(_) => false,
            };
        }
        prop_assert!(confirmed <= 1);
        prop_assert_eq!(confirmed == 1, history.state() == PeerState::Confirmed);
    }
}
