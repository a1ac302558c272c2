//! What the store costs: `cargo bench --bench recorder [-- OPTIONS]`.
//!
//! - `--seconds N` (10): as many records as make 50,000 a second for so long;
//! - `--runs N` (5): how often, the sides by turns;
//! - `--peers N` (1,000,000): in the store that is opened, dumped and continued;
//! - `--pace N` (20,000): rows a second by which that store is filled;
//! - `--only PART`: `observations`, `completions`, `rest` or `dumped`, instead of all;
//! - `--quick`: a few seconds of all.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod dumped;
mod programs;
mod rates;
mod rest;
mod rows;
mod sides;

use common::{RUNS, header, is_quick, value};
use rows::Pool;

/// How much is done.
pub(crate) struct Extent {
    pub(crate) runs: usize,
    /// Records that one side writes in one run.
    pub(crate) records: usize,
    /// Peers in a store at rest.
    pub(crate) peers: usize,
    /// Rows a second by which it is filled.
    pub(crate) pace: usize,
}

/// A name, and what is measured under it.
type Part = (&'static str, fn(&Extent, &Pool));

/// What is aimed at, a second.
const AIM: usize = 50_000;

fn main() {
    let quick = is_quick();
    let or = |option, least, usual| {
        let given = value::<usize>(option);
        given.unwrap_or(if quick { least } else { usual })
    };
    let extent = Extent {
        runs: or("--runs", 1, RUNS),
        records: or("--seconds", 1, 10) * if quick { AIM / 5 } else { AIM },
        peers: or("--peers", 20_000, 1_000_000),
        pace: or("--pace", AIM, 20_000),
    };
    header();
    let pool = Pool::new();
    let only: Option<String> = value("--only");
    let parts: [Part; 4] = [
        ("observations", rates::observations),
        ("completions", rates::completions),
        ("rest", rest::measure),
        ("dumped", dumped::measure),
    ];
    for (name, measure) in parts {
        if only.as_deref().is_none_or(|it| it == name) {
            measure(&extent, &pool);
        }
    }
}
