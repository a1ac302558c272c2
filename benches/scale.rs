//! What a peer costs, of 1,000 and of 18,000: visited once, and watched.
//! `cargo bench --bench scale [-- --quick] [--peers N]`
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
mod crowd;
mod program;
#[path = "sweep/visit.rs"]
mod visit;

use std::thread::sleep;
use std::time::Duration;

use common::{RUNS, Spread, Table, header, is_quick, number, value};
use crowd::{Crowd, Plan, wall_ns};
use program::Program;

/// Downloads under way, watched for a minute at least.
const WATCHED: Plan = Plan {
    held: (100, 900),
    ..visit::PLAN
};

const PEERS: [usize; 3] = [1_000, 5_000, 18_000];

/// The hard limit of descriptors here is 20,000.
const JOBS: [&str; 2] = ["--jobs", "19500"];

/// For so long nothing happens.
fn idle() -> Duration {
    Duration::from_secs(if is_quick() { 1 } else { 5 })
}

const PATIENCE: Duration = Duration::from_secs(60);

/// What one run came to, of a peer each.
#[derive(Clone, Copy, Debug)]
struct Costs {
    /// CPU, in microseconds: of a visit, and of meeting somebody who is watched.
    visit: f64,
    meet: f64,
    /// Memory of the process, in bytes.
    visited: f64,
    watched: f64,
    /// CPU while nothing happens, in microseconds a second.
    idle: f64,
}

fn main() {
    if crowd::played() || program::played() {
        return;
    }
    header();
    let (sizes, runs) = match (value("--peers"), is_quick()) {
        (Some(peers), _) => (vec![peers], RUNS),
        (None, true) => (vec![100, 300], 1),
        (None, false) => (PEERS.to_vec(), RUNS),
    };
    let mut costs = vec![Vec::new(); sizes.len()];
    for _ in 0..runs {
        for (peers, costs) in sizes.iter().zip(&mut costs) {
            costs.push(measure(*peers));
        }
    }
    let mut table = Table::new([
        "peers",
        "CPU µs a visit",
        "memory a visited peer, KiB",
        "CPU µs to meet one and watch",
        "memory a watched peer, KiB",
        "CPU µs/s a watched peer, idle",
    ]);
    let columns: [fn(&Costs) -> f64; 5] = [
        |it| it.visit,
        |it| it.visited / 1024.0,
        |it| it.meet,
        |it| it.watched / 1024.0,
        |it| it.idle,
    ];
    let spreads = |costs: &[Costs]| columns.map(|of| costs.iter().map(of).collect::<Spread>());
    for (peers, costs) in sizes.iter().zip(&costs) {
        let [a, b, c, d, e] = spreads(costs).map(|it| it.to_string());
        table.row([number(*peers as f64), a, b, c, d, e]);
    }
    if let (Some(first), Some(last), true) = (costs.first(), costs.last(), sizes.len() > 1) {
        let (first, last) = (spreads(first), spreads(last));
        let ratios = std::array::from_fn(|it| number(last[it].median() / first[it].median()));
        let [a, b, c, d, e]: [String; 5] = ratios;
        table.row(["most / fewest".to_owned(), a, b, c, d, e]);
    }
    table.print();
}

fn measure(peers: usize) -> Costs {
    let each = 1.0 / peers as f64;
    let mut crowd = Crowd::start(&Plan {
        peers,
        ..visit::PLAN
    });
    let sweep = visit::by_bta(&mut crowd, &[]);
    drop(crowd);
    let mut crowd = Crowd::start(&Plan { peers, ..WATCHED });
    let options = [&visit::OPTIONS[..], &JOBS].concat();
    let mut program = Program::start(&crowd.torrent, visit::DIVISOR, &options);
    let halted = wall_ns() + PATIENCE.as_nanos() as u64;
    loop {
        let standing = program.standing();
        if standing.observed == peers as u64 && standing.unrecorded == 0 {
            assert_eq!(standing.sessions, peers as u64);
            break;
        }
        assert!(wall_ns() < halted, "{standing:?} {:?}", crowd.stats());
        sleep(Duration::from_millis(100));
    }
    let (met, memory) = (program.cpu(), program.memory());
    let pause = idle();
    sleep(pause);
    let idle = program.cpu() - met;
    assert_eq!(crowd.stats().open, peers as u64);
    let began_with = program.began_with;
    program.end();
    Costs {
        visit: sweep.cpu.as_secs_f64() * 1e6 * each,
        visited: (sweep.peak - sweep.began_with) as f64 * each,
        meet: met.as_secs_f64() * 1e6 * each,
        watched: (memory - began_with) as f64 * each,
        idle: idle.as_secs_f64() * 1e6 / pause.as_secs_f64() * each,
    }
}
