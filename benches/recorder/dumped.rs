//! What a saturated Recorder loses to `bta-dump`, which asks it for the summary again and
//! again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use bta::serve::Server;
use bta::store::Live;
use slog::{Discard, Logger, o};

use crate::Extent;
use crate::common::{Spread, Table, number};
use crate::programs;
use crate::rows::{self, Pool};
use crate::sides;

const KNOWN: usize = 200_000;
const EVERY: Duration = Duration::from_secs(1);

pub(crate) fn measure(extent: &Extent, pool: &Pool) {
    let known = KNOWN.min(extent.peers);
    let puts = rows::puts(known, 1.0, extent.records);
    let first = rows::first_puts(known);
    let mut rates = [const { Vec::new() }; 2];
    let mut answers = Vec::new();
    for turn in 0..2 * extent.runs {
        let asked = turn % 2 == 1;
        let folder = tempfile::tempdir().unwrap();
        let mut writer = rows::open(folder.path());
        sides::write(&mut writer, pool, &first);
        let live = Live::default();
        writer.show_to(&live);
        let log = Logger::root(Discard, o!());
        let server = Server::start(folder.path(), live, log).unwrap();
        let over = AtomicBool::new(!asked);
        let spent = thread::scope(|scope| {
            let asker = scope.spawn(|| ask(folder.path(), &over));
            let spent = sides::record(writer, pool, &puts, false);
            over.store(true, Ordering::Relaxed);
            answers.extend(asker.join().unwrap());
            spent
        });
        drop(server);
        rates[usize::from(asked)].push(puts.len() as f64 / spent.as_secs_f64());
    }
    let [alone, asked] = rates.map(Spread::from_iter);
    let answers = Spread::from_iter(answers);
    let mut table = Table::new(["Recorder, known peers", "observations a second", "of alone"]);
    table.row(["alone".to_owned(), alone.to_string(), number(1.0)]);
    table.row([
        "asked each second for a summary".to_owned(),
        asked.to_string(),
        number(asked.median() / alone.median()),
    ]);
    table.print();
    println!(
        "{} peers at first; an answer took {answers} s.\n",
        number(known as f64)
    );
}

/// How long each answer took.
fn ask(run_dir: &Path, over: &AtomicBool) -> Vec<f64> {
    let mut answers = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let taken = programs::dump(&["--format", "json"], run_dir);
        answers.push(taken.seconds);
        sleep(EVERY.saturating_sub(Duration::from_secs_f64(taken.seconds)));
    }
    // It saw the end of the run.
    answers.pop();
    answers
}
