//! Whom we trust to vouch for HTTPS trackers.

use std::path::PathBuf;

use crate::net::Tls;
use crate::net::tls::{CaFileError, Roots};

/// Why no encrypted connection can be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file of certificate authorities is of no use.
    #[error("--ca-file {path}: {source}", path = path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CaFileError,
    },
    /// The cryptography that was compiled in cannot do TLS.
    #[error("TLS cannot be used: {0}")]
    Tls(String),
}

/// Trusts the authorities of the Web and those of these files.
pub(super) fn tls(ca_files: &[PathBuf]) -> Result<Tls, TrustError> {
    let mut roots = Roots::default();
    for path in ca_files {
        roots.add_file(path).map_err(|source| TrustError::CaFile {
            path: path.clone(),
            source,
        })?;
    }
    Tls::new(roots).map_err(|error| TrustError::Tls(error.to_string()))
}
