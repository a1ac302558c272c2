//! The run's log file.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use slog::{Drain, Level, Logger, o};

use super::RunError;

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

/// A logger that keeps nothing.
pub fn discard() -> Logger {
    Logger::root(slog::Discard, o!())
}
