//! N synthetic peers visited once by the whole program, beside the floor: a bare tokio
//! loop that dials them, shakes hands, reads what they hold and closes.
//! `cargo bench --bench sweep [-- --quick] [--peers N] [--bound]`; bound: the program dials
//! from a certain address, and so the kernel does not choose the source's port freely.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
mod crowd;
#[path = "sweep/floor.rs"]
mod floor;
mod program;
#[path = "sweep/visit.rs"]
mod visit;

use std::time::Duration;

use common::{RUNS, Spread, Table, has, header, is_quick, number, value};
use crowd::{Crowd, Plan};
use visit::{PLAN, Sweep, by_bta};

const PEERS: [usize; 3] = [1_000, 5_000, 18_000];

/// Visits at a time, of the floor; the program bounds its dials by the same number.
const CONCURRENCY: usize = 512;

fn main() {
    if crowd::played() || program::played() || floor::played() {
        return;
    }
    header();
    let (peers, runs) = match (value("--peers"), is_quick()) {
        (Some(peers), _) => (vec![peers], RUNS),
        (None, true) => (vec![300], 1),
        (None, false) => (PEERS.to_vec(), RUNS),
    };
    let bound: &[&str] = match has("--bound") {
        true => &["--bind", "127.0.0.1"],
        false => &[],
    };
    let mut rates = Table::new([
        "peers",
        "floor, contacts/s",
        "bta, contacts/s",
        "bta / floor",
        "all recorded after, s",
    ]);
    let mut costs = Table::new([
        "peers",
        "floor, CPU µs a contact",
        "bta, CPU µs a contact",
        "bta / floor",
        "crowd's share with bta, µs",
        "bta, memory at first and at most, MiB",
    ]);
    for peers in peers {
        let mut crowd = Crowd::start(&Plan { peers, ..PLAN });
        let pairs: Vec<_> = (0..runs)
            .map(|_| (by_floor(&mut crowd), by_bta(&mut crowd, bound)))
            .collect();
        let spread = |of: fn(&(Sweep, Sweep)) -> f64| pairs.iter().map(of).collect::<Spread>();
        let each = 1e6 / peers as f64;
        let rate = |visits: Spread| visits.map(|it| peers as f64 / it);
        rates.row([
            number(peers as f64),
            rate(spread(|it| it.0.visits.as_secs_f64())).to_string(),
            rate(spread(|it| it.1.visits.as_secs_f64())).to_string(),
            spread(|it| it.0.visits.as_secs_f64() / it.1.visits.as_secs_f64()).to_string(),
            spread(|it| it.1.recorded.as_secs_f64()).to_string(),
        ]);
        costs.row([
            number(peers as f64),
            spread(|it| it.0.cpu.as_secs_f64())
                .map(|it| it * each)
                .to_string(),
            spread(|it| it.1.cpu.as_secs_f64())
                .map(|it| it * each)
                .to_string(),
            spread(|it| it.1.cpu.as_secs_f64() / it.0.cpu.as_secs_f64()).to_string(),
            spread(|it| it.1.crowd_cpu.as_secs_f64())
                .map(|it| it * each)
                .to_string(),
            format!(
                "{:#}, {}",
                spread(|it| mebi(it.1.began_with)),
                spread(|it| mebi(it.1.peak))
            ),
        ]);
    }
    rates.print();
    costs.print();
}

fn mebi(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn by_floor(crowd: &mut Crowd) -> Sweep {
    crowd.begin_anew();
    let before = crowd.cpu();
    let floor = floor::run(crowd, CONCURRENCY);
    let stats = crowd.settled_stats();
    assert_eq!(floor.visited, crowd.plan.peers);
    assert_eq!(stats.visited, crowd.plan.peers as u64);
    Sweep {
        visits: Duration::from_nanos(stats.closed_ns - stats.accepted_ns),
        recorded: Duration::ZERO,
        cpu: floor.cpu,
        crowd_cpu: crowd.cpu() - before,
        peak: 0,
        began_with: 0,
    }
}
