//! Sessions opened and closed without end, in a swarm several times as large as bta may
//! hold: what a contact costs, and whether memory grows.
//! `cargo bench --bench churn [-- --peers N --jobs N --seconds N --quick]`
//!
//! Nobody in the crowd progresses, so that each gives way to the next; all intervals are
//! divided by [`DIVISOR`], and so minutes stand for days. By this the allocator was chosen.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
mod crowd;
mod program;
#[path = "sweep/visit.rs"]
mod visit;

use std::thread::sleep;
use std::time::Duration;

use common::{Table, header, is_quick, now, number, value};
use crowd::{Crowd, Plan};
use program::Program;

/// An hour of visits in six seconds.
const DIVISOR: u32 = 600;

/// Lines in the table.
const STRETCHES: u32 = 10;

fn main() {
    if crowd::played() || program::played() {
        return;
    }
    header();
    let (peers, jobs, seconds) = match is_quick() {
        true => (200, 50, 2),
        false => (6_000, 2_000, 300),
    };
    let peers = value("--peers").unwrap_or(peers);
    let jobs = value("--jobs").unwrap_or(jobs).to_string();
    let seconds: u32 = value("--seconds").unwrap_or(seconds);
    let mut crowd = Crowd::start(&Plan {
        peers,
        seeds_permille: 100,
        held: (20, 900),
        ..visit::PLAN
    });
    let words = [&visit::OPTIONS[..], &["--jobs", &jobs]].concat();
    let mut program = Program::start(&crowd.torrent, DIVISOR, &words);
    let mut table = Table::new([
        "seconds",
        "contacts",
        "sessions open",
        "CPU, µs a contact",
        "memory, MiB",
    ]);
    let began = now();
    let (mut accepted, mut spent) = (0, Duration::ZERO);
    for stretch in 1..=STRETCHES {
        let until = Duration::from_secs(seconds.into()) * stretch / STRETCHES;
        sleep(until.saturating_sub(began.elapsed()));
        let (stats, cpu) = (crowd.stats(), program.cpu());
        let contacts = stats.accepted - accepted;
        table.row([
            number(until.as_secs_f64()),
            number(contacts as f64),
            number(program.standing().sessions as f64),
            number((cpu - spent).as_secs_f64() * 1e6 / contacts as f64),
            number(program.memory() as f64 / f64::from(1 << 20)),
        ]);
        (accepted, spent) = (stats.accepted, cpu);
    }
    assert!(accepted > peers as u64, "nobody was visited again");
    program.end();
    table.print();
}
