//! A crowd visited once by the program: handshake, settled progress, recorded.
#![allow(dead_code)] // each bench uses its part of it

use std::thread::sleep;
use std::time::Duration;

use bta::store::Reader;

use crate::crowd::{Crowd, Plan, wall_ns};
use crate::program::Program;

/// All hold enough to be complete and not everything: each tells by a bitfield, is
/// settled at once, and is left at once, so that work is measured and not waiting.
pub(crate) const PLAN: Plan = Plan {
    peers: 0,
    pieces: 1000,
    seeds_permille: 0,
    held: (980, 999),
    threshold: 980,
    seed: 2015,
};

/// Real time: nobody is visited twice.
pub(crate) const DIVISOR: u32 = 1;

/// A lab, and nothing but TCP.
pub(crate) const OPTIONS: [&str; 14] = [
    "--allow-local",
    "--port=0",
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
    "--quiet",
];

/// A sweep that takes longer has come to a halt.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one sweep came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    /// From the first connection to the end of the last one.
    pub visits: Duration,
    /// Until all was acknowledged by the recorder, after that.
    pub recorded: Duration,
    /// Of processors, by who visits and by who is visited.
    pub cpu: Duration,
    pub crowd_cpu: Duration,
    /// The most memory of who visits, in bytes, and what it had before.
    pub peak: u64,
    pub began_with: u64,
}

/// A sweep by the whole program, with further options.
pub(crate) fn by_bta(crowd: &mut Crowd, words: &[&str]) -> Sweep {
    crowd.begin_anew();
    let (peers, before) = (crowd.plan.peers as u64, crowd.cpu());
    let options = [&OPTIONS, words].concat();
    let mut program = Program::start(&crowd.torrent, DIVISOR, &options);
    let halted = wall_ns() + PATIENCE.as_nanos() as u64;
    while crowd.stats().visited < peers {
        assert!(wall_ns() < halted, "{:?}", crowd.stats());
        sleep(Duration::from_millis(20));
    }
    loop {
        let standing = program.standing();
        if standing.observed == peers && standing.unrecorded == 0 {
            break;
        }
        assert!(wall_ns() < halted, "{standing:?}");
        sleep(Duration::from_millis(5));
    }
    let recorded = wall_ns();
    let cpu = program.cpu();
    let stats = crowd.settled_stats();
    let sweep = Sweep {
        visits: Duration::from_nanos(stats.closed_ns - stats.accepted_ns),
        recorded: Duration::from_nanos(recorded.saturating_sub(stats.closed_ns)),
        cpu,
        crowd_cpu: crowd.cpu() - before,
        peak: program.peak(),
        began_with: program.began_with,
    };
    let ended = program.end();
    let reader = Reader::open(&ended.run).unwrap();
    let settled = reader
        .peers(None)
        .filter(|it| it.as_ref().unwrap().1.first.is_some());
    assert_eq!(settled.count() as u64, peers);
    assert_eq!(stats.accepted, peers);
    sweep
}
