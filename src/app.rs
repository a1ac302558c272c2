//! Composes a run: from the command line to the exit code.

mod begin;
mod command_line;
mod demo;
mod dhts;
mod end;
mod greeting;
mod import;
mod listening;
mod location;
mod logging;
mod lsds;
mod picture;
mod signals;
mod threads;
mod trust;
mod watch;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use crate::cli::{self, Color, CrawlLine, check, exit};
use crate::clock::Clock;
use crate::config::{Config, Surroundings, Task};
use crate::input::{Inputs, read_exclusions};
use crate::net::{Network, OsNet};
use crate::protocol::exclusions::Exclusions;
use crate::swarm::pace::Pace;
use crate::swarm::schedule::Discipline;

pub use begin::{Arbiters, Run, RunError, Running, begin};
pub use logging::{LogFile, discard as discard_log};
pub use threads::{arbiters, system};
pub use trust::TrustError;

/// Runs `bta` with this command line; answers the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let clock = Clock::start();
    let line = match CrawlLine::read(args) {
        Ok(line) => line,
        Err(answer) => {
            answer.print();
            return answer.code;
        }
    };
    let command_line = command_line::command_line(&line.words);
    let config = match Config::new(line.args.clone(), &Surroundings::read(clock.now())) {
        Ok(config) => config,
        Err(error) => {
            let answer = cli::Answer::usage("bta", error);
            answer.print();
            return answer.code;
        }
    };
    let exclusions = match read_exclusions(&config.exclude) {
        Ok(exclusions) => Arc::new(exclusions),
        Err(wrong) => {
            wrong.iter().for_each(|it| eprintln!("bta: {it}"));
            return exit::USAGE;
        }
    };
    match config.task.clone() {
        Task::PrintConfig => {
            let answer = line.print_config().unwrap_or_else(|answer| answer);
            answer.print();
            answer.code
        }
        Task::Check(paths) => {
            let answer = check::check(&Inputs::read(&paths));
            answer.print();
            answer.code
        }
        Task::Crawl(paths) => {
            let inputs = Inputs::read(&paths);
            let complaints = check::complaints(&inputs);
            complaints.print();
            if complaints.code != exit::DONE {
                note("no usable input; see bta --help");
                return complaints.code;
            }
            work(
                clock,
                crawl(config, inputs, exclusions, clock, command_line),
            )
        }
        Task::Demo => work(clock, demo::run(config, exclusions, clock, command_line)),
    }
}

/// Works on the main thread; answers the exit code.
fn work(clock: Clock, work: impl Future<Output = u8>) -> u8 {
    match system(clock) {
        Ok(system) => system.block_on(work),
        Err(error) => fail(&RunError::Thread(error)),
    }
}

async fn crawl(
    config: Config,
    inputs: Inputs,
    exclusions: Arc<Exclusions>,
    clock: Clock,
    command_line: String,
) -> u8 {
    let run = Run {
        torrents: inputs.torrents,
        exclusions,
        network: Network::Os(OsNet),
        clock,
        pace: Pace::default(),
        discipline: Discipline::default(),
        arbiters: arbiters(),
        command_line,
        config,
    };
    match run_to_end(run).await {
        Ok(end) => end::report(end),
        Err(error) => fail(&error),
    }
}

/// Begins a run, watches it, and answers how it ended.
async fn run_to_end(run: Run) -> Result<end::Ended, RunError> {
    let (config, clock) = (run.config.clone(), run.clock);
    let mut running = begin(run).await?;
    let run_end = watch::until_stopped(&mut running, &config, clock).await;
    Ok(end::Ended {
        run_end,
        lost_log_lines: running.log.close(),
        config,
    })
}

/// One line, and the exit code.
fn fail(error: &RunError) -> u8 {
    note(&error.to_string());
    error.exit_code()
}

/// Whether to write in colour to a stream.
fn coloured(config: &Config, is_terminal: bool) -> bool {
    match config.color {
        Color::Auto => is_terminal,
        Color::Always => true,
        Color::Never => false,
    }
}

/// Writes a line to standard error. A terminal that is gone is no failure.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "bta: {text}");
}

/// Writes to standard output. A closed pipe is no failure.
fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}
