//! Each kind of actor dies by a panic in mid-run, in virtual time: the run goes on
//! and the count stays right.
#![allow(clippy::unwrap_used)]

#[path = "supervision/deaths.rs"]
mod deaths;
#[path = "supervision/ends.rs"]
mod ends;
#[allow(dead_code)]
#[path = "sim/harvest.rs"]
mod harvest;
#[path = "supervision/monitoring.rs"]
mod monitoring;
#[path = "supervision/replays.rs"]
mod replays;
#[allow(dead_code)]
#[path = "sim/world.rs"]
mod world;

use std::time::Duration;

use bta::actors::root::Kill;
use bta::actors::supervision::Class;
use bta::app::Running;
use bta::lab::Scenario;

use world::{HOUR, MINUTE};

/// An hour of a lively swarm whose peers can be heard of in time.
fn lively(seed: u64) -> Scenario {
    let mut scenario = Scenario::sim(seed, 80, HOUR);
    scenario.torrents.truncate(1);
    scenario.torrents[0].shortest = 2 * MINUTE;
    for tracker in &mut scenario.trackers {
        tracker.interval = 5 * MINUTE;
    }
    scenario
}

async fn kill(running: &Running, class: Class) {
    assert!(
        running.root.send(Kill(class)).await.unwrap(),
        "no {class:?}"
    );
}

const MILLISECOND: Duration = Duration::from_millis(1);
