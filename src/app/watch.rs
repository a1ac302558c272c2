//! Watches a run until it is to stop, and sees it stop.

use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::actors::root::{AskAll, RunEnd, Shutdown};
use crate::actors::swarm::SwarmFigures;
use crate::cli::exit;
use crate::clock::Clock;
use crate::config::Config;
use crate::ui::progress::{Progress, Standing};

use super::Running;

/// The whole of an orderly end; what is not done by then is given up.
const STOP_TIMEOUT: Duration = Duration::from_millis(9_500);

/// A swarm that is busy with its store is not waited for: a signal may come.
const ASK_TIMEOUT: Duration = Duration::from_millis(500);

/// How a run came to its end.
#[derive(Debug)]
pub(super) enum StoppedBy {
    /// The tree ended in this way.
    Tree(RunEnd),
    /// It did not end in time.
    Timeout,
    /// It vanished.
    Lost,
}

/// Shows progress until a signal, the duration's end, or the tree's own end.
pub(super) async fn until_stopped(
    running: &mut Running,
    config: &Config,
    clock: Clock,
) -> StoppedBy {
    let mut signals = Signals::new();
    let mut progress = Progress::new(io::stderr().is_terminal(), config.quiet, clock.now());
    if !config.quiet {
        eprintln!("bta: run in {}; stop with Ctrl-C", config.output.display());
    }
    let deadline = config
        .duration
        .map(|span| clock.instant(clock.now() + span));
    let mut tick = tokio::time::interval(progress.interval());
    loop {
        tokio::select! {
            ended = &mut running.ended => {
                progress.done();
                return ended.map_or(StoppedBy::Lost, StoppedBy::Tree);
            }
            () = signals.next() => break,
            () = sleep_until(deadline) => break,
            _ = tick.tick() => {
                let asked = tokio::time::timeout(ASK_TIMEOUT, running.root.send(AskAll));
                if let Ok(Ok(figures)) = asked.await {
                    progress.show(clock.now(), &standing(&figures));
                }
            }
        }
    }
    progress.done();
    if !config.quiet {
        eprintln!("bta: stopping (again Ctrl-C: at once)");
    }
    stop(running, &mut signals).await
}

async fn stop(running: &mut Running, signals: &mut Signals) -> StoppedBy {
    let asked = running.root.send(Shutdown);
    tokio::select! {
        ended = async { asked.await.ok(); (&mut running.ended).await } => {
            ended.map_or(StoppedBy::Lost, StoppedBy::Tree)
        }
        () = signals.next() => {
            // What was acknowledged is on disk; the rest is as after a crash.
            eprintln!("bta: stopped at once; the store goes on from its journal next time");
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
        () = tokio::time::sleep(STOP_TIMEOUT) => StoppedBy::Timeout,
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn standing(swarms: &[SwarmFigures]) -> Standing {
    let mut sum = Standing {
        torrents: swarms.len(),
        ..Standing::default()
    };
    for swarm in swarms {
        let figures = &swarm.figures;
        sum.addresses += figures.addresses;
        sum.observed += figures.observed;
        sum.complete += figures.complete_at_first;
        sum.below += figures.below;
        sum.confirmed += figures.confirmed;
        sum.not_counted += figures.not_counted;
        sum.sessions += figures.sessions;
    }
    sum
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    fn new() -> Self {
        // Without a handler the signal ends the process, which loses nothing that
        // was acknowledged either.
        Signals {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(&mut self.interrupt) => {}
            () = received(&mut self.terminate) => {}
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
