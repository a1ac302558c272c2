//! Whom bta tells its peers of (BEP 11).

use bta::lab::Scenario;
use bta::lab::peer::Reach;
use bta::protocol::peer::pex::PexFlags;

use crate::world::{HOUR, World, in_virtual_time};

fn scenario() -> Scenario {
    Scenario::sim(81, 120, HOUR)
}

/// Those whom it has met, nobody whom it was only told of, and none of them to itself; what
/// it says of them is true.
#[test]
fn peers_are_told_of_those_whom_bta_has_met() {
    in_virtual_time(async {
        let world = World::of(&scenario()).await;
        world.run(HOUR).await;
        let truth = world.lab.truth(world.clock.now());
        assert!(truth.offences.is_empty(), "{:?}", truth.offences);
        let gossip = world.lab.gossip();
        let mut reachable = 0;
        for (at, flags) in &gossip {
            let mut plans = world.lab.plans().iter();
            let plan = plans.find(|it| it.addresses().any(|own| own == *at));
            let plan = plan.unwrap_or_else(|| panic!("{at} is nobody's"));
            if flags.has(PexFlags::REACHABLE) {
                assert_eq!(plan.reach, Reach::Open, "{at}");
                reachable += 1;
            }
        }
        println!("told of {}, {reachable} of them reachable", gossip.len());
        assert!(reachable > 40);
        assert!(gossip.values().any(|it| it.has(PexFlags::SEED)));
        assert!(gossip.values().any(|it| !it.has(PexFlags::SEED)));
    });
}

#[test]
fn a_silent_guest_tells_nobody_of_anybody() {
    in_virtual_time(async {
        let mut world = World::of(&scenario()).await;
        world.config.tells_peers = false;
        world.run(HOUR / 2).await;
        assert_eq!(world.lab.gossip().len(), 0);
    });
}
