//! Finds out whether a bta runs on a store, and opens it accordingly.

use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::DumpError;
use crate::cli::dump::Shown;
use crate::moment::Moment;
use crate::report::ReportError;
use crate::report::text::harmless;
use crate::report::units::time;
use crate::serve::client;
use crate::store::{Reader, StoreError, Tree};

/// A bta that just starts, stops, or was killed is asked again so often.
const TRIES: u32 = 30;
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// How far the computing steps back behind the crawl.
const NICENESS: i32 = 10;

/// Opens the store at `path`: that of a running bta as of `now`, or one at rest.
pub(super) fn open(path: &Path, shown: &Shown, now: Moment) -> Result<Reader, DumpError> {
    for _ in 1..TRIES {
        match try_open(path, shown, now) {
            Err(failure) if may_pass(&failure) => thread::sleep(RETRY_AFTER),
            done => return done,
        }
    }
    try_open(path, shown, now)
}

fn try_open(path: &Path, shown: &Shown, now: Moment) -> Result<Reader, DumpError> {
    match Reader::running(path)? {
        None => Ok(Reader::open(path)?),
        Some(run_dir) => {
            let snapshot = client::snapshot(&run_dir, &trees(shown))?;
            // The crawl goes first where there is not time for both.
            let _ = rustix::process::nice(NICENESS);
            Ok(Reader::live(&run_dir, snapshot, now)?)
        }
    }
}

fn may_pass(failure: &DumpError) -> bool {
    match failure {
        DumpError::Serve(failure) => failure.may_pass(),
        // One was started between two looks.
        DumpError::Report(ReportError::Store(StoreError::CrawlerRunning(_))) => true,
        _ => false,
    }
}

/// The trees that a command needs.
fn trees(shown: &Shown) -> Vec<Tree> {
    let own: &[Tree] = match shown {
        Shown::Summary => &[
            Tree::Peers,
            Tree::Completions,
            Tree::Announces,
            Tree::Scrapes,
            Tree::Outcomes,
            Tree::Sources,
        ],
        Shown::Torrents | Shown::Scrapes => &[Tree::Scrapes],
        // Whose record turned out to be another's stands with the peers.
        Shown::Completions { .. } => &[Tree::Completions, Tree::Peers],
        Shown::Peers { .. } | Shown::Fates | Shown::Places(_) | Shown::Clients { .. } => {
            &[Tree::Peers]
        }
        Shown::Announces => &[Tree::Announces],
        Shown::Sources { .. } => &[Tree::Sources],
        Shown::Outcomes { .. } => &[Tree::Outcomes],
        Shown::Hearsay => &[Tree::Hearsay],
        Shown::Events => &[Tree::Events],
        Shown::Samples => &[Tree::Samples],
        Shown::Meta => &[],
    };
    [&[Tree::Meta, Tree::Torrents, Tree::Names], own].concat()
}

/// The first line: of what store, in which state, the rest is.
pub(super) fn announce(reader: &Reader, err: &mut dyn Write) -> io::Result<()> {
    let folder = reader.path().display().to_string();
    let folder = harmless(&folder);
    match reader.as_of() {
        Some(at) => writeln!(err, "bta-dump: live, {folder}, as of {} UTC", time(at)),
        None => writeln!(err, "bta-dump: at rest, {folder}"),
    }
}
