//! Our own network goes away for a while, and comes back.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use bta::lab::{Judgement, Scenario};
use bta::moment::Moment;
use bta::net::MemoryNet;
use bta::protocol::address::IpFamily;
use bta::store::gaps::{self, StoredGap};
use bta::swarm::facts::Outcome;

use crate::harvest::Harvest;
use crate::world::{HERE, HERE_6, HOUR, MINUTE, World, in_virtual_time};

const SECOND: Duration = Duration::from_secs(1);

/// When the network goes.
const BEFORE: Duration = Duration::from_secs(20 * 60);

/// How it goes.
type Going = fn(&MemoryNet, IpAddr);

/// What came of a run.
struct Run {
    judgement: Judgement,
    harvest: Harvest,
    /// When the network went, and when it was back.
    gone: (Moment, Moment),
}

impl Run {
    /// Who crossed while the network was there, and is confirmed; by address.
    fn confirmed_outside(&self, gone: (Moment, Moment)) -> BTreeSet<String> {
        let hits = self.judgement.hits.iter();
        let peers = hits.map(|hit| self.judgement.peer_of(hit));
        let outside = peers.filter(|it| {
            let at = it.crossed.unwrap();
            at < gone.0 || at > gone.1
        });
        outside.map(|it| it.address.to_string()).collect()
    }

    fn gaps(&self) -> Vec<StoredGap> {
        gaps::read(&self.harvest.events)
    }
}

const OWN: [IpAddr; 2] = [IpAddr::V4(HERE), IpAddr::V6(HERE_6)];

/// A swarm of `peers` over an hour, in which the network of `own` goes after twenty
/// minutes and is back after `outage`; it is to be noticed within so long.
fn run(
    seed: u64,
    peers: usize,
    own: &[IpAddr],
    outage: Option<(Going, Duration, Duration)>,
) -> Run {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(seed, peers, HOUR);
        // Else whom bta meets in time depends on when it happens to announce.
        for tracker in &mut scenario.trackers {
            tracker.interval = MINUTE;
        }
        let world = World::of(&scenario).await;
        let running = world.begin().await;
        world.pass(BEFORE).await;
        let gone_at = world.clock.now();
        if let Some((going, length, noticed)) = outage {
            own.iter().for_each(|ip| going(&world.net, *ip));
            world.pass(noticed).await;
            assert!(running.signs.is_down(IpFamily::of(own[0])), "not noticed");
            world.pass(length - noticed).await;
            own.iter().for_each(|ip| world.net.mend(*ip));
        }
        let back_at = world.clock.now();
        world.pass(10 * SECOND).await;
        assert!(running.signs.gap().is_none(), "its return was not noticed");
        let rest = BEFORE + 10 * SECOND + back_at.since(gone_at);
        world.pass(HOUR - rest).await;
        world.stop(running).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        Run {
            judgement: world.judge(),
            harvest,
            gone: (gone_at, back_at),
        }
    })
}

/// Held against the same swarm without an outage.
fn costs_nothing(seed: u64, going: Going, length: Duration, noticed: Duration) -> Run {
    let calm = run(seed, 120, &OWN, None);
    assert_eq!(calm.gaps(), []);
    assert_eq!(calm.harvest.count_outcomes(Outcome::NetworkDown), 0);
    let run = run(seed, 120, &OWN, Some((going, length, noticed)));
    assert!(run.judgement.wrong.is_empty(), "{:?}", run.judgement.wrong);
    // It may have cost those who were there then and at no other time.
    let (with, without) = (
        run.confirmed_outside(run.gone),
        calm.confirmed_outside(run.gone),
    );
    let lost: Vec<_> = without.difference(&with).collect();
    println!(
        "{} of {} outside the gap, lost {lost:?}",
        with.len(),
        without.len()
    );
    assert!(lost.len() <= 1, "{lost:?}");
    let gaps = run.gaps();
    assert!(!gaps.is_empty());
    for gap in &gaps {
        println!("{gap:?}, truly {:?}", run.gone);
        assert!(gap.since <= run.gone.0 + SECOND && gap.since + 2 * SECOND >= run.gone.0);
        let until = gap.until.unwrap();
        assert!(run.gone.1 <= until && until <= run.gone.1 + 10 * SECOND);
    }
    run
}

#[test]
fn a_cable_that_is_pulled_for_a_minute_costs_nothing() {
    let run = costs_nothing(51, MemoryNet::unplug, MINUTE, 3 * SECOND);
    // All that such a network says is charged to nobody.
    assert_eq!(run.harvest.count_outcomes(Outcome::Unreachable), 0);
}

#[test]
fn a_silent_minute_costs_nothing() {
    let run = costs_nothing(52, MemoryNet::cut, MINUTE, 12 * SECOND);
    println!("{}", run.harvest.count_outcomes(Outcome::NetworkDown));
}

#[test]
fn ten_silent_minutes_cost_nothing() {
    let run = costs_nothing(53, MemoryNet::cut, 10 * MINUTE, 12 * SECOND);
    assert!(run.harvest.count_outcomes(Outcome::NetworkDown) > 0);
    // Each tracker is asked again at once, and not only when its back-off is over.
    for tracker in ["http:", "udp:"] {
        let announces = run.harvest.announces.iter();
        let mut announces = announces.filter(|it| it.tracker.starts_with(tracker));
        let soon = run.gone.1..run.gone.1 + 15 * SECOND;
        assert!(
            announces.any(|it| it.result.is_ok() && soon.contains(&it.at)),
            "{tracker}"
        );
    }
}

/// The network of one family goes: that of the other goes on.
#[test]
fn one_family_alone_may_go() {
    let outage: Option<(Going, _, _)> = Some((MemoryNet::unplug, 5 * MINUTE, 3 * SECOND));
    let run = run(54, 100, &[IpAddr::V4(HERE)], outage);
    let gaps = run.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].family, IpFamily::V4);
}

/// A handful of peers, of whom nothing is heard for minutes: no outage.
#[test]
fn a_quiet_swarm_raises_no_alarm() {
    for seed in 55..60 {
        let run = run(seed, 6, &OWN, None);
        assert_eq!(run.gaps(), [], "seed {seed}");
    }
}
