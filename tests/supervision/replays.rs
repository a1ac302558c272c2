//! A crossing that a Swarm died on reaches the store all the same.

use std::time::Duration;

use bta::actors::supervision::Class;
use bta::lab::peer::client::Client;
use bta::lab::peer::{Fate, Reach};
use bta::moment::Moment;
use bta::store::records::CompletionRow;
use bta::swarm::facts::{Evidence, Verdict};

use crate::world::{LATENCY, MINUTE, World, in_virtual_time};
use crate::{MILLISECOND, kill, lively};

/// The Recorder dies just before a peer's crossing is seen, the Swarm just after:
/// nobody but the Peer knows of it, and the Peer ends. It is recorded with the time
/// at which it was seen.
#[test]
fn a_crossing_that_a_swarm_died_on_is_replayed() {
    in_virtual_time(async {
        let mut scenario = lively(51);
        scenario.crowd.clients = vec![(Client::Libtorrent, 1.0)];
        scenario.crowd.reach = vec![(Reach::Open, 1.0)];
        scenario.crowd.fates = vec![(Fate::Stays, 1.0)];
        let world = World::of(&scenario).await;
        let running = world.begin().await;
        let begun = world.clock.now();
        let crossings = world.lab.plans().iter().filter_map(|plan| plan.crossing());
        let mut seen: Vec<Moment> = crossings.map(|at| at + LATENCY).collect();
        seen.sort_unstable();
        let mut last = begun + 5 * MINUTE;
        seen.retain(|at| {
            let apart = at.since(last) > Duration::from_secs(100);
            if apart {
                last = *at;
            }
            apart
        });
        assert!(seen.len() >= 5, "{seen:?}");
        for at in &seen {
            let wait = |until: Moment| world.pass(until.since(world.clock.now()));
            wait(*at - 10 * MILLISECOND).await;
            kill(&running, Class::Recorder).await;
            wait(*at + 10 * MILLISECOND).await;
            kill(&running, Class::Swarm).await;
        }
        world.pass(5 * MINUTE).await;
        world.stop(running).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        let harvest = world.harvest();
        let told = judgement.truth.peers.iter().filter(|peer| {
            let met_before = peer.shown.below.is_some();
            let above = peer.shown.above.map(|at| at + LATENCY);
            met_before && above.is_some_and(|at| seen.contains(&at))
        });
        let told: Vec<_> = told.collect();
        println!("{} sessions saw a crossing at a death", told.len());
        assert!(told.len() >= 3);
        for peer in told {
            let own = |row: &CompletionRow| row.raw_address == Some(peer.address);
            let row = harvest.completions.iter().find(|it| own(&it.1));
            let row = &row.unwrap().1;
            assert_eq!(row.verdict, Verdict::Confirmed);
            assert_eq!(row.evidence, Evidence::InSession);
            assert_eq!(Some(row.at), peer.shown.above.map(|at| at + LATENCY));
        }
    });
}
