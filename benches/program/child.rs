//! The program's process.

use std::ffi::OsString;
use std::path::PathBuf;

use bta::actors::root::{AskAll, RunEnd, Shutdown};
use bta::app::{Run, Running, arbiters, begin, system};
use bta::cli::CrawlLine;
use bta::clock::Clock;
use bta::config::{Config, Surroundings};
use bta::input::Inputs;
use bta::net::{Network, OsNet};
use bta::swarm::pace::Pace;
use bta::swarm::schedule::Discipline;
use tokio::sync::mpsc;

use super::ROLE;

/// Plays the program if this process was started for that; returns when it was.
pub(crate) fn played() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|it| it != ROLE) {
        return false;
    }
    let divisor = arguments.next().unwrap().into_string().unwrap();
    let words: Vec<_> = arguments.collect();
    let clock = Clock::start();
    let work = play(clock, divisor.parse().unwrap(), words);
    system(clock).unwrap().block_on(work);
    true
}

async fn play(clock: Clock, divisor: u32, words: Vec<OsString>) {
    let input = PathBuf::from(words.last().unwrap());
    let line = CrawlLine::read(std::iter::once("bta".into()).chain(words)).unwrap();
    let run = Run {
        torrents: Inputs::read(&[input]).torrents,
        exclusions: Default::default(),
        network: Network::Os(OsNet),
        clock,
        pace: Pace::divided_by(divisor),
        discipline: Discipline::default(),
        arbiters: arbiters(),
        command_line: "bench".into(),
        config: Config::new(line.args, &Surroundings::read(clock.now())).unwrap(),
    };
    let mut running = begin(run).await.unwrap();
    println!("begun");
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        match order.as_str() {
            "standing" => println!("{}", standing(&running).await),
            "end" => break,
            other => panic!("{other}"),
        }
    }
    running.root.send(Shutdown).await.unwrap();
    let end = (&mut running.ended).await.unwrap();
    assert!(matches!(end, RunEnd::Stopped), "{end:?}");
    println!("stopped");
}

async fn standing(running: &Running) -> String {
    let swarms = running.root.send(AskAll).await.unwrap();
    let figures = swarms.iter().map(|it| &it.figures);
    let (mut observed, mut sessions, mut confirmed) = (0, 0, 0);
    for it in figures {
        observed += it.observed;
        sessions += it.sessions;
        confirmed += it.confirmed;
    }
    let queues = swarms.iter().map(|it| &it.queues);
    let unrecorded: usize = queues.map(|it| it.rows + it.batches + it.rises).sum();
    format!("{observed} {sessions} {confirmed} {unrecorded}")
}

/// The lines of standard input; when they end, so does this process.
fn orders() -> mpsc::Receiver<String> {
    let (orders, received) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        while let Some(line) = lines.next()
            && orders.blocking_send(line).is_ok()
        {}
    });
    received
}
