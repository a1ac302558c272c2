//! One death, or two at once: the run goes on.

use bta::actors::root::{AskAll, RunEnd};
use bta::actors::supervision::Class;
use bta::config::{Dht, DhtFile};

use crate::world::{MINUTE, World, in_virtual_time, overlooked};
use crate::{MILLISECOND, kill, lively};

/// Every seven minutes one of this class dies. Returns the run's world.
async fn outlives(class: Class, seed: u64, event: &str) {
    let mut world = World::of(&lively(seed)).await;
    world.config.dht = Some(Dht {
        bootstrap: vec![("44.9.9.9".into(), 6881)],
        read_only: false,
        file: DhtFile::Nowhere,
    });
    world.config.lsd = true;
    let running = world.begin().await;
    for _ in 0..8 {
        world.pass(7 * MINUTE).await;
        kill(&running, class).await;
    }
    world.pass(4 * MINUTE).await;
    let end = world.stop(running).await;
    assert!(matches!(end, RunEnd::Stopped), "{end:?}");
    let judgement = world.judge();
    assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
    assert!(
        judgement.truth.offences.is_empty(),
        "{:?}",
        judgement.truth.offences
    );
    assert!(judgement.all.of >= 5);
    assert!(overlooked(&judgement) <= 1);
    let harvest = world.harvest();
    assert!(harvest.adds_up());
    assert_eq!(harvest.count_events(event), 8);
    assert_eq!(harvest.count_events("store_closed"), 1);
    let late = harvest.events.last().unwrap().at - 4 * MINUTE;
    assert!(
        harvest.announces.iter().any(|it| it.at > late),
        "no announce was recorded any more"
    );
}

#[test]
fn outlives_recorders() {
    in_virtual_time(outlives(Class::Recorder, 31, "recorder_restarted"));
}

#[test]
fn outlives_listeners() {
    in_virtual_time(outlives(Class::Listener, 32, "listener_restarted"));
}

/// Who reads the datagrams is gone for a moment: the streams that they carry are not.
#[test]
fn streams_over_utp_outlive_listeners() {
    in_virtual_time(async {
        let mut scenario = lively(41);
        scenario.crowd.utp_alone = 1.0;
        let mut world = World::of(&scenario).await;
        world.config.utp = true;
        let running = world.begin().await;
        let sessions = async || {
            let answers = running.root.send(AskAll).await.unwrap();
            answers.iter().map(|it| it.figures.sessions).sum::<usize>()
        };
        for _ in 0..3 {
            world.pass(7 * MINUTE).await;
            // Some end by themselves at the full minute.
            world.pass(1_000 * MILLISECOND).await;
            let before = sessions().await;
            kill(&running, Class::Listener).await;
            world.pass(200 * MILLISECOND).await;
            let after = sessions().await;
            println!("sessions: {before}, then {after}");
            // Some end by themselves in this second.
            assert!(before >= 3 && 2 * after > before);
        }
        world.pass(9 * MINUTE).await;
        world.stop(running).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        assert!(overlooked(&judgement) <= 1);
        assert_eq!(world.harvest().count_events("listener_restarted"), 3);
    });
}

#[test]
fn outlives_monitors() {
    in_virtual_time(outlives(Class::Monitor, 38, "monitor_restarted"));
}

#[test]
fn outlives_nodes_of_the_dht() {
    in_virtual_time(outlives(Class::Dht, 39, "dht_restarted"));
}

#[test]
fn outlives_local_discovery() {
    in_virtual_time(outlives(Class::Lsd, 40, "lsd_restarted"));
}

#[test]
fn outlives_swarms() {
    in_virtual_time(outlives(Class::Swarm, 33, "swarm_restarted"));
}

#[test]
fn outlives_trackers() {
    in_virtual_time(outlives(Class::Tracker, 34, "tracker_restarted"));
}

#[test]
fn outlives_exchanges() {
    in_virtual_time(outlives(Class::Pex, 37, "pex_restarted"));
}

#[test]
fn outlives_peers() {
    in_virtual_time(outlives(Class::Peer, 35, "peer_died"));
}

/// Whoever dies in the same moment, and in the moment of the restarts: one of each
/// is left.
#[test]
fn deaths_at_once_leave_one_of_each() {
    in_virtual_time(async {
        let world = World::of(&lively(36)).await;
        let running = world.begin().await;
        world.pass(10 * MINUTE).await;
        for pause in [0, 0, 49, 50, 51] {
            kill(&running, Class::Swarm).await;
            world.pass(pause * MILLISECOND).await;
            kill(&running, Class::Recorder).await;
            kill(&running, Class::Listener).await;
            world.pass(5 * MINUTE).await;
        }
        let known = world.lab.trackers().iter().map(|it| it.guest_announces());
        let before: u32 = known.sum();
        world.pass(20 * MINUTE).await;
        let known = world.lab.trackers().iter().map(|it| it.guest_announces());
        // Four in twenty minutes to each of two.
        assert!(known.sum::<u32>() - before <= 10);
        assert_eq!(running.root.send(AskAll).await.unwrap().len(), 1);
        world.stop(running).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        assert!(
            judgement.truth.offences.is_empty(),
            "{:?}",
            judgement.truth.offences
        );
        assert!(world.harvest().adds_up());
        assert!(overlooked(&judgement) <= 1);
    });
}
