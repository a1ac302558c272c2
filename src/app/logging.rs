//! The run's log file.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use slog::{Drain, Level, Logger, Never, OwnedKVList, Record, b, info, o, record, warn};
use slog_async::{AsyncCore, AsyncGuard};

use super::{RunError, note};
use crate::store::Opened;

/// Lines that wait for the disk at most; beyond that they are lost and counted.
const QUEUE: usize = 4_096;

/// A log that is being written.
pub struct LogFile {
    pub(super) logger: Logger,
    /// Lines that did not reach the file.
    pub(super) lost: Arc<AtomicU64>,
    queue: AsyncGuard,
}

impl LogFile {
    /// Appends to `bta.log` in the run's folder.
    pub(super) fn open(run_dir: &Path, level: Level) -> Result<LogFile, RunError> {
        let path = run_dir.join("bta.log");
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| RunError::Log { path, source })?;
        Ok(LogFile::to(file, level, QUEUE))
    }

    fn to<W: io::Write + Send + 'static>(out: W, level: Level, queue: usize) -> LogFile {
        let lost = Arc::new(AtomicU64::new(0));
        let lines = slog_term::FullFormat::new(slog_term::PlainDecorator::new(out))
            .use_utc_timestamp()
            .build();
        let lines = Noting {
            drain: lines,
            lost: Arc::clone(&lost),
            noted: AtomicU64::new(0),
        };
        // A disk that is full loses lines as a queue does, and ends no run.
        let lines = Counting {
            drain: lines,
            lost: Arc::clone(&lost),
        };
        let (queued, queue) = AsyncCore::custom(lines).chan_size(queue).build_with_guard();
        let queued = Counting {
            drain: queued,
            lost: Arc::clone(&lost),
        };
        LogFile {
            logger: Logger::root(slog::LevelFilter::new(queued, level).fuse(), o!()),
            lost,
            queue,
        }
    }

    /// Writes what waits; answers how many lines were lost in all.
    pub(super) fn close(self) -> u64 {
        drop(self.queue);
        self.lost.load(Ordering::Acquire)
    }
}

/// Counts the lines that its drain refuses.
struct Counting<D> {
    drain: D,
    lost: Arc<AtomicU64>,
}

impl<D: Drain> Drain for Counting<D> {
    type Ok = ();
    type Err = Never;

    fn log(&self, line: &Record<'_>, values: &OwnedKVList) -> Result<(), Never> {
        if self.drain.log(line, values).is_err() {
            self.lost.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }
}

/// Writes into the log where lines are missing, and how many.
struct Noting<D> {
    drain: D,
    lost: Arc<AtomicU64>,
    noted: AtomicU64,
}

impl<D: Drain> Drain for Noting<D> {
    type Ok = D::Ok;
    type Err = D::Err;

    fn log(&self, line: &Record<'_>, values: &OwnedKVList) -> Result<D::Ok, D::Err> {
        let lost = self.lost.load(Ordering::Acquire);
        let missing = lost - self.noted.load(Ordering::Acquire);
        if missing > 0 {
            self.drain.log(
                &record!(
                    Level::Warning,
                    "",
                    &format_args!("log lines were lost before this one"),
                    b!("lines" => missing)
                ),
                &OwnedKVList::from(o!()),
            )?;
            self.noted.store(lost, Ordering::Release);
        }
        self.drain.log(line, values)
    }
}

/// Notes how the store was found: in the log, and a damage for all to see.
pub(super) fn note_opening(log: &Logger, opened: &Opened) {
    if let Some(moved_to) = &opened.damaged {
        warn!(log, "the database was damaged: it was set aside and rebuilt from the journal";
            "moved_to" => %moved_to.display());
        note(&format!(
            "the database was damaged; it was moved to {} and completions were rebuilt from the journal",
            moved_to.display()
        ));
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Mutex, PoisonError};

    use slog::info;

    use super::*;

    /// A disk that stands still until `go` falls.
    struct Disk {
        go: Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.go.recv();
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_lost_to_a_slow_disk_are_counted_and_noted() {
        let (stand_still, go) = channel::<()>();
        let written = Arc::default();
        let disk = Disk {
            go,
            written: Arc::clone(&written),
        };
        let log = LogFile::to(disk, Level::Info, 4);
        for number in 0..100 {
            info!(log.logger, "line"; "number" => number);
        }
        let lost = log.lost.load(Ordering::Acquire);
        // Four wait; one may be on its way.
        assert!((95..=96).contains(&lost), "{lost}");
        drop(stand_still);
        assert_eq!(log.close(), lost);
        let written = written.lock().unwrap();
        let text = std::str::from_utf8(&written).unwrap();
        assert_eq!(text.matches(" line, number: ").count() as u64, 100 - lost);
        let noted = text.lines().filter_map(|it| {
            let (_, lines) = it.split_once("lost before this one, lines: ")?;
            lines.parse::<u64>().ok()
        });
        assert_eq!(noted.sum::<u64>(), lost, "{text}");
    }

    #[test]
    fn a_full_disk_loses_lines_and_nothing_else() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let log = LogFile::to(full, Level::Info, QUEUE);
        for _ in 0..10 {
            info!(log.logger, "line");
        }
        slog::debug!(log.logger, "of no interest at this level");
        assert_eq!(log.close(), 10);
    }

    #[test]
    fn nothing_is_lost_on_a_good_disk() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path(), Level::Info).unwrap();
        for _ in 0..100 {
            info!(log.logger, "line");
        }
        assert_eq!(log.close(), 0);
        let text = std::fs::read_to_string(folder.path().join("bta.log")).unwrap();
        assert_eq!(text.lines().count(), 100);
    }
}
