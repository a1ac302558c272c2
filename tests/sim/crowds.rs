//! Crowds of all kinds: what is confirmed happened, and most of what happened is
//! confirmed.

use std::time::Duration;

use bta::lab::peer::{Fate, Reach};
use bta::lab::{Judgement, Scenario};
use bta::swarm::facts::{Attempt, Outcome};

use crate::world::{HOUR, MINUTE, World, in_virtual_time, overlooked};

/// A crowd with everybody in it.
pub(crate) fn motley(seed: u64) -> Scenario {
    let mut scenario = Scenario::sim(seed, 120, HOUR);
    let crowd = &mut scenario.crowd;
    crowd.extras = vec![
        (Fate::SuperSeeds, 6),
        (Fate::PartialSeed, 4),
        (Fate::Rechecks, 3),
        (Fate::Lies, 3),
        (Fate::StopsShort, 3),
    ];
    crowd.ghosts = vec![(Reach::Dead, 10), (Reach::Mute, 4), (Reach::Full, 4)];
    crowd.churn = Some(20 * MINUTE);
    scenario
}

/// The seeds that `SIM_SEEDS` names, or three.
pub(crate) fn seeds() -> Vec<u64> {
    let named = std::env::var("SIM_SEEDS").unwrap_or_else(|_| "1 2 3".into());
    let seeds = named.split_whitespace().map(str::parse);
    seeds.collect::<Result<_, _>>().unwrap()
}

/// What must hold of every run, whatever is in the swarm.
fn is_true(judgement: &Judgement) {
    assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
    assert!(
        judgement.truth.offences.is_empty(),
        "{:?}",
        judgement.truth.offences
    );
}

/// Peers come and go within the quarter of an hour between two announces, and a
/// third cannot be dialled: who is never met cannot be confirmed.
async fn measures_a_motley_crowd(seed: u64) {
    let world = World::of(&motley(seed)).await;
    world.run(HOUR).await;
    let judgement = world.judge();
    is_true(&judgement);
    assert!(judgement.all.of >= 20);
    assert!(overlooked(&judgement) <= 1);
    assert!(judgement.fair.percent() >= 70.0, "{}", judgement.fair);
    assert!(judgement.time_error(0.5) <= Duration::from_secs(1));

    let harvest = world.harvest();
    let sources = harvest.sources();
    println!("{sources:?}");
    assert!(harvest.adds_up());
    assert_eq!(sources.confirmed as usize, harvest.confirmations().len());
    assert_eq!(sources.received, sources.new + sources.duplicate);
    assert!(harvest.ended()[&Attempt::Incoming] > 0);
    assert_eq!(harvest.count_outcomes(Outcome::Crashed), 0);
    assert_eq!(harvest.count_events("_restarted"), 0);
    assert_eq!(harvest.count_events("store_closed"), 1);
    // One in ten seconds; the last may find a run that ends.
    assert!((359..=361).contains(&harvest.samples.len()));
}

#[test]
fn measures_a_motley_crowd_of_seed_1() {
    in_virtual_time(measures_a_motley_crowd(1));
}

#[test]
fn measures_a_motley_crowd_of_seed_2() {
    in_virtual_time(measures_a_motley_crowd(2));
}

#[test]
fn measures_a_motley_crowd_of_seed_3() {
    in_virtual_time(measures_a_motley_crowd(3));
}

/// Everybody can be heard of in time: then nearly everybody is confirmed.
#[test]
fn misses_hardly_anybody_who_can_be_met() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(4, 70, HOUR);
        // Who is nearly done when bta comes is a matter of luck.
        (scenario.crowd.present, scenario.crowd.arriving) = (0, 70);
        scenario.crowd.fates = vec![
            (Fate::Stays, 0.5),
            (Fate::LeavesSoon, 0.3),
            (Fate::Aborts, 0.1),
            (Fate::Lazy, 0.1),
        ];
        scenario.crowd.unseen_leavers = false;
        scenario.crowd.churn = Some(10 * MINUTE);
        for torrent in &mut scenario.torrents {
            torrent.shortest = 3 * MINUTE;
        }
        for tracker in &mut scenario.trackers {
            tracker.interval = MINUTE / 2;
        }
        let world = World::of(&scenario).await;
        world.run(HOUR).await;
        let judgement = world.judge();
        is_true(&judgement);
        assert!(judgement.all.of >= 15);
        assert!(judgement.fair.percent() >= 90.0, "{}", judgement.fair);
        for row in world.harvest().announces {
            assert!(row.result.is_ok(), "{row:?}");
        }
    });
}

/// With a tenth of the sessions that it could use, it says less, and nothing wrong.
#[test]
fn stays_true_when_sessions_are_short() {
    in_virtual_time(async {
        let mut world = World::of(&motley(5)).await;
        world.config.jobs = Some(12);
        world.run(HOUR).await;
        let judgement = world.judge();
        is_true(&judgement);
        assert!(judgement.all.confirmed >= 5);
    });
}

/// The store of a run that was stopped is carried on: nobody is counted twice.
#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    in_virtual_time(async {
        let world = World::of(&motley(6)).await;
        world.run(30 * MINUTE).await;
        let first = world.harvest();
        assert!(first.confirmations().len() >= 5);
        world.pass(5 * MINUTE).await;
        world.run(30 * MINUTE).await;
        let judgement = world.judge();
        is_true(&judgement);

        let both = world.harvest();
        for completion in &first.completions {
            assert!(both.completions.contains(completion));
        }
        assert!(both.confirmations().len() > first.confirmations().len());
        assert!(both.adds_up());
        assert_eq!(both.count_events("store_resumed"), 1);
    });
}
