//! What a `.torrent` file says.

use crate::protocol::info_hash::InfoHash;

/// What a `.torrent` file says, as far as a crawler needs it.
///
/// Source: BEP 3 (single and multi file), BEP 5 (`nodes`), BEP 12 (tiers),
/// BEP 27 (private), BEP 47 (padding), BEP 52 (hybrid).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metainfo {
    /// SHA-1 of the info dictionary's exact bytes.
    pub info_hash: InfoHash,
    /// SHA-256 of the same bytes, if the torrent has a v2 half.
    pub info_hash_v2: Option<[u8; 32]>,
    /// The suggested name, printable.
    pub name: String,
    /// Length of a piece in bytes; the last one may be shorter.
    pub piece_length: u64,
    /// Number of pieces, at least 1.
    pub pieces: u32,
    /// Length of all that the pieces span, padding files included: what `left`
    /// is for a peer that has nothing.
    pub total_len_bytes: u64,
    /// Length of the content, without padding files.
    pub content_len_bytes: u64,
    /// Number of files, without padding files.
    pub files: u32,
    /// Whether peers may be looked for at its trackers only.
    pub private: bool,
    /// Announce URLs by tier, each once, as they stand in the file.
    pub trackers: Vec<Vec<String>>,
    /// DHT nodes to start from: host and port.
    pub nodes: Vec<(String, u16)>,
}

/// Why a `.torrent` file is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetainfoError {
    /// Only v2 (BEP 52): no v1 pieces.
    #[error("a torrent of version 2 only, without a version 1 half")]
    OnlyV2,
}

impl Metainfo {
    /// Reads a `.torrent` file.
    ///
    /// # Errors
    /// See [`MetainfoError`].
    pub fn parse(bytes: &[u8]) -> Result<Metainfo, MetainfoError> {
        let _ = bytes;
        Err(MetainfoError::OnlyV2)
    }
}
