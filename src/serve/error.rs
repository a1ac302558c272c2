//! What can go wrong between a running crawler and who asks it.

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// A running crawler cannot be asked, or cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nobody listens there: bta just starts, or was killed.
    #[error("{path}: in use by a running bta that cannot be asked (it makes no bta.sock there); wait until it has stopped, or stop it", path = .0.display())]
    Absent(PathBuf),
    /// It has no store open: bta just stops, or opens its store again.
    #[error("{path}: the running bta has no store open just now; try again", path = .0.display())]
    Gone(PathBuf),
    /// As many as it answers at a time ask it already.
    #[error("{path}: too many ask this bta at once; try again when they have finished", path = .0.display())]
    Full(PathBuf),
    /// It speaks another version.
    #[error("{path}: the running bta speaks version {running} of bta.sock, this bta-dump version {own}; use the bta-dump that came with it", path = path.display())]
    OtherVersion {
        /// The run's folder.
        path: PathBuf,
        /// The version that it speaks.
        running: u16,
        /// The version that we speak.
        own: u16,
    },
    /// What came is no answer of a bta.
    #[error("{path}: what came through bta.sock is not from a bta", path = .0.display())]
    Nonsense(PathBuf),
    /// The rows cannot be kept or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The socket fails.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ServeError {
    /// The stable name in counters and logs.
    pub fn label(&self) -> &'static str {
        match self {
            ServeError::Absent(_) => "absent",
            ServeError::Gone(_) => "gone",
            ServeError::Full(_) => "full",
            ServeError::OtherVersion { .. } => "other_version",
            ServeError::Nonsense(_) => "nonsense",
            ServeError::Store(error) => error.label(),
            ServeError::Io { .. } => "io",
        }
    }

    /// Whether asking again in a moment may help.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            ServeError::Absent(_) | ServeError::Gone(_) | ServeError::Full(_)
        )
    }
}
