//! What all benches share: the header, medians with their spread, tables, the clock,
//! and what a process takes of the machine.
#![allow(dead_code, unused_imports)] // each bench uses its part of it

mod header;
mod process;
mod spread;
mod table;

pub(crate) use header::header;
pub(crate) use process::{CpuTime, cpu_time, memory_bytes, own_cpu_time, peak_memory_bytes};
pub(crate) use spread::{RUNS, Spread};
pub(crate) use table::{Table, number};

use std::str::FromStr;
use std::time::{Duration, Instant};

/// What the bench was started with, but for cargo's own `--bench`.
pub(crate) fn arguments() -> Vec<String> {
    let given = std::env::args().skip(1);
    given.filter(|it| it != "--bench").collect()
}

/// Whether a flag was given.
pub(crate) fn has(flag: &str) -> bool {
    arguments().iter().any(|it| it == flag)
}

/// A few seconds of small work, that shows that the bench still works.
pub(crate) fn is_quick() -> bool {
    has("--quick")
}

/// The value that follows an option; ends the bench with 2 if it cannot be read.
pub(crate) fn value<T: FromStr>(option: &str) -> Option<T> {
    let mut arguments = arguments().into_iter();
    arguments.find(|it| it == option)?;
    let text = arguments.next().unwrap_or_default();
    let value = text.parse().ok();
    if value.is_none() {
        eprintln!("{option} {text:?}: cannot be read");
        std::process::exit(2);
    }
    value
}

/// Now, for measuring.
#[allow(clippy::disallowed_methods)] // what is measured is real time, below the milliseconds of bta's clock
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long it takes, and what it gives.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = now();
    let result = work();
    (began.elapsed(), result)
}
