//! sled, held at arm's length: opened with its lock waited for, its panics
//! turned into errors, its trees behind one type.

use std::fs::File;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;
use std::{io, thread};

use rustix::fs::{FlockOperation, flock};

use super::broom::Broom;
use super::error::StoreError;
use super::shelf::{Puts, Scan, Shelf, Tree};

/// Pages that sled keeps in memory; its default is 1 GiB.
const CACHE_BYTES: u64 = 32 << 20;
/// Entries in one sled batch; bigger ones make its memory grow out of bounds.
const BATCH_ENTRIES: usize = 200;
/// How often a lock that somebody else holds is tried.
const LOCK_RETRY: Duration = Duration::from_millis(100);

/// An open database.
#[derive(Debug)]
pub(super) struct Database {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    broom: Broom,
}

/// Why a database did not open.
#[derive(Debug)]
pub(super) enum OpenError {
    /// Another process has it open.
    Locked,
    /// It cannot be written where it lies.
    ReadOnly(io::Error),
    /// What is there is no database any more.
    Damaged(String),
    /// Anything else.
    Other(sled::Error),
}

impl Database {
    /// Opens or makes the database at `path`, waiting for its lock at most for
    /// `patience`.
    pub(super) fn open(path: &Path, patience: Duration) -> Result<Database, OpenError> {
        let mut tries = patience.as_millis() / LOCK_RETRY.as_millis();
        let mut once_more = true;
        loop {
            match Self::try_open(path) {
                // The lock may have been given up between the failure and the look at it.
                Err(OpenError::Other(_)) if std::mem::take(&mut once_more) => {}
                Err(OpenError::Locked) if tries > 0 => {
                    tries -= 1;
                    thread::sleep(LOCK_RETRY);
                }
                tried => return tried,
            }
        }
    }

    fn try_open(path: &Path) -> Result<Database, OpenError> {
        let opened = guarded(|| {
            let config = sled::Config::new()
                .path(path)
                .cache_capacity(CACHE_BYTES)
                // The one writer flushes by itself; a flush on another thread at
                // the same time can deadlock.
                .flush_every_ms(None);
            let db = config.open()?;
            let trees = Tree::ALL.iter().map(|tree| db.open_tree(tree.label()));
            let trees = trees.collect::<Result<_, _>>()?;
            let broom = Broom::open(&db)?;
            Ok(Database { db, trees, broom })
        });
        opened.map_err(|error| match error {
            Fault::Damaged(detail) => OpenError::Damaged(detail),
            Fault::Other(sled::Error::Io(error)) if is_read_only(&error) => {
                OpenError::ReadOnly(error)
            }
            Fault::Other(_) if is_locked(path) => OpenError::Locked,
            Fault::Other(error) => OpenError::Other(error),
        })
    }

    /// Reads every page: damage is found now, where the journal can mend it, and not
    /// in mid-run.
    pub(super) fn verify(&self) -> Result<(), OpenError> {
        let read = guarded(|| {
            for tree in &self.trees {
                for entry in tree.iter() {
                    entry?;
                }
            }
            Ok(())
        });
        read.map_err(|fault| match fault {
            Fault::Damaged(detail) => OpenError::Damaged(detail),
            Fault::Other(error) => OpenError::Other(error),
        })
    }

    /// Writes entries, tree by tree in the order of [`Tree`], and flushes: when
    /// this returns they survive a killed process.
    pub(super) fn write(&self, puts: &Puts) -> Result<(), StoreError> {
        let entries: Vec<_> = puts.iter().collect();
        let written = guarded(|| {
            for of_tree in entries.chunk_by(|((left, _), _), ((right, _), _)| left == right) {
                for chunk in of_tree.chunks(BATCH_ENTRIES) {
                    let mut batch = sled::Batch::default();
                    for ((_, key), value) in chunk {
                        batch.insert(key.as_slice(), value.as_slice());
                    }
                    let ((tree, _), _) = chunk[0];
                    self.tree(*tree).apply_batch(batch)?;
                }
            }
            self.db.flush()
        });
        written.map(drop).map_err(StoreError::from)
    }

    /// Has sled move so many pages out of segments that are half dead.
    pub(super) fn sweep(&self, pages: usize) -> Result<(), StoreError> {
        Ok(guarded(|| self.broom.sweep(pages))?)
    }

    /// Entries whose keys come behind `after`; all of them if that is empty.
    pub(super) fn scan_behind(&self, tree: Tree, after: &[u8]) -> Scan<'_> {
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        scan(self.tree(tree).range::<&[u8], _>(behind))
    }

    /// The last key of a tree.
    pub(super) fn last_key(&self, tree: Tree) -> Result<Option<Vec<u8>>, StoreError> {
        let last = guarded(|| self.tree(tree).last())?;
        Ok(last.map(|(key, _)| key.to_vec()))
    }

    fn tree(&self, tree: Tree) -> &sled::Tree {
        &self.trees[tree as usize]
    }
}

impl Shelf for Database {
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = guarded(|| self.tree(tree).get(key))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_> {
        scan(self.tree(tree).scan_prefix(prefix))
    }
}

/// Entries up to the first that cannot be read.
fn scan<'a>(mut entries: sled::Iter) -> Scan<'a> {
    let mut broken = false;
    Box::new(std::iter::from_fn(move || {
        if broken {
            return None;
        }
        match guarded(|| entries.next().transpose()) {
            Ok(entry) => entry.map(|(key, value)| Ok((key.to_vec(), value.to_vec()))),
            Err(fault) => {
                broken = true;
                Some(Err(fault.into()))
            }
        }
    }))
}

/// What sled answered instead.
#[derive(Debug)]
enum Fault {
    Damaged(String),
    Other(sled::Error),
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        StoreError::Database(match fault {
            Fault::Damaged(detail) => sled::Error::ReportableBug(detail),
            Fault::Other(error) => error,
        })
    }
}

/// sled answers damage with errors of several kinds, and with panics.
fn guarded<T>(run: impl FnOnce() -> sled::Result<T>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if is_damage(&error) => Err(Fault::Damaged(error.to_string())),
        Ok(Err(error)) => Err(Fault::Other(error)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Fault::Damaged(text.unwrap_or("sled panicked").to_owned()))
        }
    }
}

fn is_damage(error: &sled::Error) -> bool {
    match error {
        sled::Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
        ),
        sled::Error::Corruption { .. }
        | sled::Error::ReportableBug(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_) => true,
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// sled says only in words that its lock is held; so the lock is asked.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path.join("db")) else {
        return false;
    };
    let tried = flock(&file, FlockOperation::NonBlockingLockShared);
    tried == Err(rustix::io::Errno::WOULDBLOCK)
}
