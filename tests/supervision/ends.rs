//! Who dies too often ends the run, in order; and an orderly end bears deaths.

use bta::actors::root::{Kill, RunEnd, Shutdown};
use bta::actors::supervision::Class;

use crate::world::{MINUTE, World, in_virtual_time, overlooked};
use crate::{MILLISECOND, kill, lively};

/// Kills one of this class as often as it comes back, at most so often.
async fn dies_again_and_again(class: Class, times: usize) -> (World, RunEnd) {
    let mut scenario = lively(41);
    scenario.torrents[0].trackers = vec![0];
    let world = World::of(&scenario).await;
    let mut running = world.begin().await;
    world.pass(20 * MINUTE).await;
    for _ in 0..times {
        kill(&running, class).await;
        tokio::select! {
            end = &mut running.ended => return (world, end.unwrap()),
            // Longer than any back-off until then.
            () = world.pass(7_000 * MILLISECOND) => {}
        }
    }
    let end = world.stop(running).await;
    (world, end)
}

async fn escalates(class: Class) {
    let times = class.spec().intensity + 1;
    let (world, end) = dies_again_and_again(class, times).await;
    assert!(matches!(end, RunEnd::Escalated), "{end:?}");
    let harvest = world.harvest();
    assert_eq!(harvest.count_events("_restarted"), times - 1);
    assert_eq!(harvest.count_events("escalated"), 1);
    assert_eq!(harvest.count_events("store_closed"), 1);
    let judgement = world.judge();
    assert!(judgement.wrong.is_empty() && judgement.all.confirmed > 0);
    assert!(overlooked(&judgement) <= 1);
}

#[test]
fn a_recorder_that_dies_too_often_ends_the_run_in_order() {
    in_virtual_time(escalates(Class::Recorder));
}

#[test]
fn a_swarm_that_dies_too_often_ends_the_run_in_order() {
    in_virtual_time(escalates(Class::Swarm));
}

#[test]
fn a_listener_that_dies_too_often_ends_the_run_in_order() {
    in_virtual_time(escalates(Class::Listener));
}

/// Its Swarm takes a tracker's deaths for its own; Root starts that again.
#[test]
fn a_tracker_that_dies_too_often_costs_its_swarm_one_life() {
    in_virtual_time(async {
        let times = Class::Tracker.spec().intensity + 1;
        let (world, end) = dies_again_and_again(Class::Tracker, times).await;
        assert!(matches!(end, RunEnd::Stopped), "{end:?}");
        let harvest = world.harvest();
        assert_eq!(harvest.count_events("tracker_restarted"), times - 1);
        assert_eq!(harvest.count_events("swarm_restarted"), 1);
    });
}

/// A death in the moment of the end neither delays it nor leaves the store open.
#[test]
fn an_orderly_end_bears_a_death() {
    for class in [
        Class::Recorder,
        Class::Listener,
        Class::Monitor,
        Class::Swarm,
        Class::Tracker,
        Class::Peer,
    ] {
        for before in [true, false] {
            in_virtual_time(async {
                let world = World::of(&lively(42)).await;
                let running = world.begin().await;
                world.pass(3 * MINUTE).await;
                if before {
                    kill(&running, class).await;
                } else {
                    running.root.send(Shutdown).await.unwrap();
                    let _ = running.root.send(Kill(class)).await;
                }
                let end = world.stop(running).await;
                assert!(matches!(end, RunEnd::Stopped), "{class:?}: {end:?}");
                let closed = world.harvest().count_events("store_closed");
                assert_eq!(closed, 1, "{class:?} {before}");
            });
        }
    }
}

/// A run that is stopped in the moment in which it begins ends in order too.
#[test]
fn stops_before_it_has_begun() {
    for pause in [0, 1, 130] {
        in_virtual_time(async {
            let world = World::of(&lively(43)).await;
            let running = world.begin().await;
            world.pass(pause * MILLISECOND).await;
            let end = world.stop(running).await;
            assert!(matches!(end, RunEnd::Stopped), "{end:?}");
            let harvest = world.harvest();
            assert_eq!(harvest.count_events("store_closed"), 1);
            assert!(harvest.adds_up());
        });
    }
}
