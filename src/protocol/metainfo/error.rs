//! Why a `.torrent` file is of no use.

use crate::protocol::bencode::BencodeError;

/// Why a `.torrent` file is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetainfoError {
    /// Not bencode, or too long.
    #[error("not a torrent file: {0}")]
    Bencode(#[from] BencodeError),
    /// A key that is needed is not there, or is of another kind.
    #[error("`{key}` is missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A value that makes no sense, or is beyond the bounds.
    #[error("`{key}` is out of range")]
    OutOfRange {
        /// The key.
        key: &'static str,
    },
    /// More or fewer hashes than the files have pieces.
    #[error("{received} piece hashes for files of {expected} pieces")]
    PieceCount {
        /// Pieces by the files' lengths.
        expected: u64,
        /// Hashes.
        received: u64,
    },
    /// All files are empty.
    #[error("no content")]
    NoPieces,
    /// The two halves of a hybrid (BEP 52) are not of the same files.
    #[error("the halves of a hybrid torrent differ: {v1} {what} in version 1, {v2} in version 2")]
    HalvesDiffer {
        /// What they do not agree in: pieces, or bytes of content.
        what: &'static str,
        /// By `pieces` and `files`.
        v1: u64,
        /// By `file tree`.
        v2: u64,
    },
    /// The hashes of a file's pieces do not lead to its `pieces root` (BEP 52).
    #[error("`piece layers` are not those of the files")]
    PieceLayers,
}

impl MetainfoError {
    /// The stable name in logs and counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Bencode(_) => "not_bencode",
            Self::Missing { .. } => "missing_key",
            Self::OutOfRange { .. } => "out_of_range",
            Self::PieceCount { .. } => "piece_count",
            Self::NoPieces => "no_pieces",
            Self::HalvesDiffer { .. } => "halves_differ",
            Self::PieceLayers => "piece_layers",
        }
    }
}
