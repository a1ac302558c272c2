//! Sessions held open with peers that download: `cargo bench --bench watch [-- --peers N,...
//! --runs N --idle SECONDS --batch MESSAGES --quick]` prints, for each number of peers, what a
//! session takes of memory, how many HAVE messages are heard and at what cost, how long a
//! completion takes until it is stored and acknowledged, and what doing nothing costs.
//!
//! The program is watched from outside: its process by /proc, its acknowledgements by the
//! peers, whom it leaves as soon as their completion is stored.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
mod crowd;
#[path = "watch/target.rs"]
mod target;

use std::thread::sleep;
use std::time::Duration;

use common::{RUNS, Spread, Table, header, is_quick, now, number, value};
use crowd::{Crowd, Flow, Plan};
use rustix::process::{Pid, Signal, kill_process};
use target::Target;

/// Of which a peer is complete with [`THRESHOLD`].
const PIECES: u16 = 1_000;
const THRESHOLD: u16 = 980;

/// What each holds at first: no two finish at once.
const HELD: (u16, u16) = (20, 620);

/// So many more of each are told of at saturation: who held most stays below the threshold.
const AT_SATURATION: u64 = 350;

/// One stretch of a flow.
const STRETCH_MS: u64 = 250;

/// What takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(180);

/// The figures of one run.
struct Figures {
    /// Bytes in user space that each session has added, and with the last HAVE but one.
    met: f64,
    watched: f64,
    /// Bytes: all that is resident, and ever was.
    resident: f64,
    peak: f64,
    /// Bytes of each connection in the kernel, both ends together.
    kernel: f64,
    /// Messages a second, and a second of its processors, at saturation.
    rate: f64,
    per_cpu: f64,
    /// The share of user space in that.
    user: f64,
    /// From the HAVE to the acknowledgement, at half of saturation, in milliseconds.
    p50: f64,
    p99: f64,
    /// Of one core in percent while nothing happens.
    idle: f64,
}

/// Memory of all sockets and of what the kernel keeps in small objects, in bytes.
///
/// Source: proc_meminfo(5), `Slab`; sockstat's `mem`, in pages.
fn kernel() -> f64 {
    let read = |path| std::fs::read_to_string(path).unwrap();
    let meminfo = read("/proc/meminfo");
    let slab = meminfo.lines().find_map(|it| it.strip_prefix("Slab:"));
    let slab: f64 = slab.unwrap().trim_matches([' ', 'k', 'B']).parse().unwrap();
    let sockstat = read("/proc/net/sockstat");
    let tcp = sockstat.lines().find(|it| it.starts_with("TCP:")).unwrap();
    let pages: f64 = tcp.rsplit(' ').next().unwrap().parse().unwrap();
    slab * 1024.0 + pages * 4096.0
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "not yet {what}");
        sleep(Duration::from_millis(20));
    }
}

fn run(peers: usize, seed: u64) -> Figures {
    let batch = value("--batch").unwrap_or(1);
    let idle_s = value("--idle").unwrap_or(if is_quick() { 1 } else { 30 });
    let mut crowd = Crowd::start(&Plan {
        peers,
        pieces: PIECES,
        seeds_permille: 0,
        held: HELD,
        threshold: THRESHOLD,
        seed,
    });
    let process = Pid::from_raw(crowd.process() as i32).unwrap();

    // Its tracker answers when the program has begun, and was weighed.
    kill_process(process, Signal::STOP).unwrap();
    let target = Target::start(&crowd.torrent, peers);
    target.rest();
    let (empty, empty_kernel) = (target.memory(), kernel());
    kill_process(process, Signal::CONT).unwrap();
    until("met", || crowd.stats().greeted == peers as u64);
    target.rest();
    let of_each = |bytes: f64| bytes / peers as f64;
    let met = of_each(target.memory() - empty);
    let kernel = of_each(kernel() - empty_kernel);

    let (began, before, mut told) = (now(), target.cpu(), 0);
    while told < AT_SATURATION * peers as u64 {
        let all = Flow {
            per_second: u64::MAX,
            millis: STRETCH_MS,
            batch,
            most: THRESHOLD - 1,
        };
        let sent = crowd.flow(all).messages;
        assert_ne!(sent, 0, "{told} HAVE in all");
        told += sent;
    }
    let rested = target.rest();
    let spent = target.cpu() - before;
    let rate = told as f64 / (began.elapsed() - rested).as_secs_f64();
    let per_cpu = told as f64 / spent.total().as_secs_f64();
    let watched = of_each(target.memory() - empty);
    let resident = target.memory();

    let (began, before) = (now(), target.cpu());
    sleep(Duration::from_secs(idle_s));
    let idle = (target.cpu() - before).total().as_secs_f64();
    let idle = 100.0 * idle / began.elapsed().as_secs_f64();

    let half = Flow {
        per_second: (rate / 2.0) as u64,
        millis: STRETCH_MS,
        batch,
        most: THRESHOLD,
    };
    until("complete", || {
        crowd.flow(half);
        crowd.stats().open == 0
    });
    let farewells = crowd.farewells();
    let delays: Spread = farewells.iter().map(|it| *it as f64 / 1e6).collect();
    let peak = target.peak();
    // A finish that is not expected within ten minutes is not waited for: who stood still
    // for long was left, and is a download all the same if it was met again.
    let seen = farewells.len();
    assert!(seen * 100 >= peers * 99, "{seen} of {peers} seen to cross");
    let confirmed = target.stop();
    assert!(confirmed >= seen as u64, "{confirmed} confirmed of {seen}");
    Figures {
        met,
        watched,
        resident,
        peak,
        kernel,
        rate,
        per_cpu,
        user: spent.user.as_secs_f64() / spent.total().as_secs_f64(),
        p50: delays.quantile(0.5),
        p99: delays.quantile(0.99),
        idle,
    }
}

fn main() {
    if crowd::played() {
        return;
    }
    header();
    let sizes: String = value("--peers").unwrap_or_else(|| match is_quick() {
        true => "50".into(),
        false => "1000,5000,18000".into(),
    });
    let runs = value("--runs").unwrap_or(if is_quick() { 1 } else { RUNS });
    let mut memory = Table::new([
        "peers",
        "bytes a session, met",
        "after its HAVE",
        "MiB in all",
        "at most",
        "kernel, bytes a connection",
    ]);
    let mut work = Table::new([
        "peers",
        "HAVE/s",
        "HAVE per CPU s",
        "% in user space",
        "ms to the acknowledgement, p50",
        "p99",
        "% of a core, idle",
    ]);
    for peers in sizes.split(',').map(|it| it.parse().unwrap()) {
        let all: Vec<_> = (0..runs).map(|it| run(peers, it as u64 + 1)).collect();
        let spread = |of: fn(&Figures) -> f64| all.iter().map(of).collect::<Spread>().to_string();
        const MIB: f64 = (1 << 20) as f64;
        memory.row([
            number(peers as f64),
            spread(|it| it.met),
            spread(|it| it.watched),
            spread(|it| it.resident / MIB),
            spread(|it| it.peak / MIB),
            spread(|it| it.kernel),
        ]);
        work.row([
            number(peers as f64),
            spread(|it| it.rate),
            spread(|it| it.per_cpu),
            spread(|it| 100.0 * it.user),
            spread(|it| it.p50),
            spread(|it| it.p99),
            spread(|it| it.idle),
        ]);
    }
    memory.print();
    work.print();
}
