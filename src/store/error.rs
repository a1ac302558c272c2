//! What can go wrong with a store, by what its user can do about it.

use std::io;
use std::path::PathBuf;

use super::codec::CodecError;

/// A store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is at this path.
    #[error("{path}: no such store; give the folder of a run, such as output/2026-11-23T03-44-01Z", path = .0.display())]
    Missing(PathBuf),
    /// Something is at this path, but not a run's folder.
    #[error("{path}: not a store; give the folder of a run: it holds completions.journal and store/", path = .0.display())]
    NotAStore(PathBuf),
    /// The sled folder was given where the run's folder is wanted.
    #[error("{path}: this is the database inside a run's folder; give the folder above it", path = .0.display())]
    InsideAStore(PathBuf),
    /// A running bta writes it.
    #[error("{path}: in use by a running bta; wait until it has stopped, or stop it", path = .0.display())]
    CrawlerRunning(PathBuf),
    /// Somebody reads it and did not finish in time.
    #[error("{path}: in use by another reader for {waited_s} s; try again when it has finished", path = path.display())]
    Busy {
        /// The run's folder.
        path: PathBuf,
        /// How long it was waited for, seconds.
        waited_s: u64,
    },
    /// The store was begun with another parameter.
    #[error("{path}: this store was begun with {name} {stored}, not {wanted}; use {stored}, or another --output", path = path.display())]
    OtherParameter {
        /// The run's folder.
        path: PathBuf,
        /// Which parameter.
        name: &'static str,
        /// Its value in the store.
        stored: String,
        /// Its value now.
        wanted: String,
    },
    /// The store's secret is gone or another: its peers can't be recognised.
    #[error("{path}: the secret that this store was begun with is not there; it can be read, not continued", path = .0.display())]
    SecretLost(PathBuf),
    /// Written by a bta with another format.
    #[error("{path}: written in format {found}, this bta knows {known}; use the bta that wrote it", path = path.display())]
    OtherFormat {
        /// The run's folder.
        path: PathBuf,
        /// Its format.
        found: String,
        /// The format that this program knows.
        known: u32,
    },
    /// A journal row that checks and yet cannot be read.
    #[error("{path}: {source}; use the bta that wrote it", path = path.display())]
    JournalRow {
        /// The journal.
        path: PathBuf,
        /// What is wrong with the row.
        source: CodecError,
    },
    /// The database is damaged.
    #[error("{path}: the database is damaged ({detail}); start bta with this --output again: it sets the damaged one aside and rebuilds completions from the journal", path = path.display())]
    Damaged {
        /// The run's folder.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A row that cannot be read.
    #[error("tree {tree}, key {key}: {source}")]
    Row {
        /// The tree.
        tree: &'static str,
        /// The key, hexadecimal.
        key: String,
        /// What is wrong with it.
        source: CodecError,
    },
    /// The database fails.
    #[error("the database fails: {0}")]
    Database(#[source] sled::Error),
    /// The file system fails.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    /// The stable name in counters and logs.
    pub fn label(&self) -> &'static str {
        match self {
            StoreError::Missing(_) => "missing",
            StoreError::NotAStore(_) => "not_a_store",
            StoreError::InsideAStore(_) => "inside_a_store",
            StoreError::CrawlerRunning(_) => "crawler_running",
            StoreError::Busy { .. } => "busy",
            StoreError::OtherParameter { .. } => "other_parameter",
            StoreError::SecretLost(_) => "secret_lost",
            StoreError::OtherFormat { .. } => "other_format",
            StoreError::JournalRow { .. } => "journal_row",
            StoreError::Damaged { .. } => "damaged",
            StoreError::Row { .. } => "row",
            StoreError::Database(_) => "database",
            StoreError::Io { .. } => "io",
        }
    }

    /// Binds a file system error to its file.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.into();
        move |source| StoreError::Io { path, source }
    }
}
