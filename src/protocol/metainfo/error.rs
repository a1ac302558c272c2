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
    /// Only version 2 (BEP 52), which has no v1 info-hash.
    #[error("a torrent of version 2 only, without a version 1 half")]
    OnlyV2,
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
            Self::OnlyV2 => "only_v2",
        }
    }
}
