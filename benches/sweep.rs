//! N synthetic peers visited once by the whole program, beside the floor: a bare tokio
//! loop that dials them, shakes hands, reads what they hold and closes.
//! `cargo bench --bench sweep [-- --quick] [--peers N]...`
#![allow(clippy::unwrap_used, missing_docs)]

mod crowd;
#[path = "sweep/floor.rs"]
mod floor;
mod program;

use std::time::Duration;

use bta::store::Reader;
use crowd::{Crowd, Plan, wall_ns};
use floor::Floor;
use program::Program;

/// Whoever holds so many of 1,000 is complete, which settles at once.
const PLAN: Plan = Plan {
    peers: 0,
    pieces: 1000,
    seeds_permille: 0,
    held: (980, 999),
    threshold: 980,
    seed: 2015,
};

/// What is dialled at a time.
const CONCURRENCY: usize = 1_000;

/// Settling, holding and returning in real time: nobody is visited twice.
const DIVISOR: u32 = 1;

const OPTIONS: [&str; 14] = [
    "--allow-local",
    "--port",
    "0",
    "--no-dht",
    "--no-lsd",
    "--no-utp",
    "--encryption",
    "off",
    "--geoip",
    "none",
    "--timeout",
    "5s",
    "--jobs",
    "1000",
];

/// One sweep.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    took: Duration,
    cpu: Duration,
    crowd: Duration,
}

fn main() {
    if crowd::played() || program::played() || floor::played() {
        return;
    }
    let peers = std::env::args().filter_map(|it| it.parse().ok());
    for peers in peers {
        let mut crowd = Crowd::start(&Plan { peers, ..PLAN });
        for _ in 0..3 {
            println!("floor {:?}", floor(&mut crowd));
            println!("ours {:?}", ours(&mut crowd));
        }
    }
}

fn floor(crowd: &mut Crowd) -> Sweep {
    crowd.begin_anew();
    let floor = Floor::run(crowd, CONCURRENCY);
    let stats = crowd.stats();
    assert_eq!(floor.visited, crowd.plan.peers);
    Sweep {
        took: Duration::from_nanos(floor.ended_ns - stats.accepted_ns),
        cpu: floor.cpu,
        crowd: Duration::ZERO,
    }
}

fn ours(crowd: &mut Crowd) -> Sweep {
    crowd.begin_anew();
    let peers = crowd.plan.peers as u64;
    let mut program = Program::start(&crowd.torrent, DIVISOR, &OPTIONS);
    while crowd.stats().visited < peers {
        std::thread::sleep(Duration::from_millis(10));
    }
    while {
        let it = program.standing();
        it.observed < peers || it.unrecorded > 0
    } {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = wall_ns();
    let used = program.used();
    let stats = crowd.stats();
    let ended_run = program.end();
    let reader = Reader::open(&ended_run.run).unwrap();
    assert_eq!(reader.peers(None).count() as u64, peers);
    println!("{stats:?} {used:?}");
    Sweep {
        took: Duration::from_nanos(ended - stats.accepted_ns),
        cpu: used.cpu(),
        crowd: Duration::ZERO,
    }
}
