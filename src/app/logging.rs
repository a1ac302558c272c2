//! The run's log file.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use slog::{Drain, Level, Logger, info, o, warn};

use super::RunError;
use crate::store::Opened;

/// Records that wait for the disk at most; beyond that they are dropped, and
/// slog-async writes how many.
const QUEUE: usize = 4_096;

/// A logger to `bta.log` in the run's folder; it appends.
pub(super) fn to_file(run_dir: &Path, level: Level) -> Result<Logger, RunError> {
    let path = run_dir.join("bta.log");
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| RunError::Log { path, source })?;
    let decorator = slog_term::PlainDecorator::new(file);
    let lines = slog_term::FullFormat::new(decorator)
        .use_utc_timestamp()
        .build()
        .fuse();
    let queued = slog_async::Async::new(lines).chan_size(QUEUE).build();
    let drain = slog::LevelFilter::new(queued, level).fuse();
    Ok(Logger::root(drain, o!()))
}

/// Notes how the store was found: in the log, and a damage for all to see.
pub(super) fn note_opening(log: &Logger, opened: &Opened) {
    if let Some(moved_to) = &opened.damaged {
        warn!(log, "the database was damaged: it was set aside and rebuilt from the journal";
            "moved_to" => %moved_to.display());
        eprintln!(
            "bta: the database was damaged; it was moved to {} and completions were rebuilt from the journal",
            moved_to.display()
        );
    }
    if opened.resumed {
        info!(log, "an earlier run is resumed"; "torrents" => opened.torrents.len(),
            "clean" => opened.clean, "journal_rows_applied" => opened.replayed,
            "torn_bytes" => opened.torn_bytes);
    }
}

/// A logger that keeps nothing.
pub fn discard() -> Logger {
    Logger::root(slog::Discard, o!())
}
