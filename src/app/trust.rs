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

#[cfg(test)]
mod tests {
    use super::super::RunError;
    use super::*;
    use crate::cli::exit;

    #[test]
    fn a_bad_file_is_a_bad_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for (text, why) in [
            (None, "No such file or directory (os error 2)"),
            (Some("hello"), "not a PEM file"),
            (
                Some("-----BEGIN X-----\n-----END X-----\n"),
                "there is no certificate in it",
            ),
        ] {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            let error = RunError::from(tls(std::slice::from_ref(&path)).unwrap_err());
            assert_eq!(error.exit_code(), exit::USAGE);
            let line = format!("--ca-file {}: {why}", path.display());
            assert_eq!(error.to_string(), line);
        }
        assert!(tls(&[]).is_ok());
    }
}
