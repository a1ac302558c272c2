//! Fewer sessions than peers: what is confirmed then, and by which discipline.

use std::time::Duration;

use bta::lab::peer::{Fate, Reach};
use bta::lab::{Judgement, Scenario};
use bta::swarm::schedule::Discipline;

use crate::world::{HOUR, World, in_virtual_time};

/// Peers of the swarm that sessions are short for.
const PEERS: usize = 1_000;

/// What `jobs` sessions confirm of a swarm.
fn judged(scenario: &Scenario, jobs: u32, discipline: Discipline) -> Judgement {
    in_virtual_time(async {
        let mut world = World::of(scenario).await;
        world.config.jobs = Some(jobs);
        world.discipline = discipline;
        world.run(scenario.duration).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        let offences = &judgement.truth.offences;
        assert!(offences.is_empty(), "{offences:?}");
        judgement
    })
}

/// With a tenth of the sessions at least seven tenths of what all of them confirm, and
/// more than whoever serves the first first.
fn holds_up_when_sessions_are_short(seed: u64, span: Duration) {
    let swarm = &Scenario::sim(seed, PEERS, span);
    let all = judged(swarm, 1_000, Discipline::SoonestFirst).all;
    let few = judged(swarm, 100, Discipline::SoonestFirst).all;
    let first = judged(swarm, 100, Discipline::FirstCome).all;
    let share = 100.0 * few.confirmed as f64 / all.confirmed as f64;
    println!(
        "scarcity: seed {seed}, {PEERS} peers, {} min: -j 1000 {all}, -j 100 {few}, \
         first come first served {first}: {share:.0} % of all sessions' recall",
        span.as_secs() / 60
    );
    assert!(few.confirmed * 10 >= all.confirmed * 7);
    assert!(few.confirmed > first.confirmed);
}

#[test]
fn a_tenth_of_the_sessions_confirms_most_of_what_all_would() {
    holds_up_when_sessions_are_short(1, HOUR / 2);
}

/// `just sim-big`
#[test]
#[ignore = "minutes"]
fn a_tenth_of_the_sessions_confirms_most_in_an_hour_of_many_seeds() {
    for seed in crate::crowds::seeds() {
        holds_up_when_sessions_are_short(seed, HOUR);
    }
}

/// Nobody can be dialled, and most of those that call never finish: who holds a slot
/// without hope gives it to the next one.
#[test]
fn callers_without_hope_give_way_to_others() {
    let mut swarm = Scenario::sim(3, 120, HOUR);
    let crowd = &mut swarm.crowd;
    (crowd.present, crowd.arriving) = (0, 120);
    crowd.reach = vec![(Reach::Firewalled, 1.0)];
    crowd.fates = vec![(Fate::Lazy, 0.7), (Fate::Stays, 0.3)];
    let few = judged(&swarm, 8, Discipline::SoonestFirst).all;
    let first = judged(&swarm, 8, Discipline::FirstCome).all;
    println!("callers: {few}, first come first served {first}");
    assert!(few.of >= 10);
    assert!(few.confirmed * 10 >= few.of * 6);
    assert!(few.confirmed > first.confirmed);
}
