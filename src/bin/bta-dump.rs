//! `bta-dump`: what a run of bta stored.

#![forbid(unsafe_code)]

use std::io::{self, BufWriter, IsTerminal};
use std::process::ExitCode;

use bta::clock::Clock;
use bta::dump::{Surroundings, run};

fn main() -> ExitCode {
    let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let surroundings = Surroundings {
        now: Clock::start().now(),
        colour: io::stdout().is_terminal() && !asked_not_to,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    ExitCode::from(run(std::env::args_os(), &surroundings, &mut out, &mut err))
}
