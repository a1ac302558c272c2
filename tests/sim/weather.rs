//! Bad days of the network.

use std::net::IpAddr;
use std::time::Duration;

use bta::lab::Scenario;

use crate::world::{HERE, HERE_6, HOUR, MINUTE, World, in_virtual_time, overlooked};

/// The cable is cut for ten minutes. What was watched then is met again.
#[test]
fn outlives_an_outage() {
    in_virtual_time(async {
        let world = World::of(&Scenario::sim(11, 80, HOUR)).await;
        let running = world.begin().await;
        world.pass(20 * MINUTE).await;
        for own in [IpAddr::V4(HERE), IpAddr::V6(HERE_6)] {
            world.net.cut(own);
        }
        world.pass(10 * MINUTE).await;
        for own in [IpAddr::V4(HERE), IpAddr::V6(HERE_6)] {
            world.net.mend(own);
        }
        world.pass(30 * MINUTE).await;
        world.stop(running).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        assert!(overlooked(&judgement) <= 1);
        let hits = judgement.hits.iter().map(|hit| judgement.peer_of(hit));
        let crossed: Vec<_> = hits.filter_map(|peer| peer.crossed).collect();
        let late = world.clock.now() - 25 * MINUTE;
        assert!(
            crossed.iter().any(|at| *at > late),
            "nobody after the outage"
        );
    });
}

/// Half a world away, and every tenth datagram lost.
#[test]
fn measures_over_long_lines() {
    in_virtual_time(async {
        let world = World::of(&Scenario::sim(12, 60, 45 * MINUTE)).await;
        world.net.set_latency(Duration::from_millis(400));
        world.net.set_datagram_loss(100);
        world.run(45 * MINUTE).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        assert!(judgement.truth.offences.is_empty());
        assert!(overlooked(&judgement) <= 1);
    });
}

/// Without a cable at the end, the end comes in time all the same.
#[test]
fn stops_in_time_without_a_network() {
    in_virtual_time(async {
        let world = World::of(&Scenario::sim(13, 60, 20 * MINUTE)).await;
        let running = world.begin().await;
        world.pass(10 * MINUTE).await;
        world.net.cut(IpAddr::V4(HERE));
        world.pass(Duration::from_secs(3)).await;
        // Held to ten seconds.
        world.stop(running).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        assert_eq!(harvest.count_events("store_closed"), 1);
    });
}
