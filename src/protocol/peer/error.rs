//! Why a conversation cannot go on.

use super::bitfield::BitfieldError;
use super::encryption::EncryptionError;
use super::message::WrongLength;
use crate::protocol::info_hash::InfoHash;

/// Why a conversation cannot go on: disconnect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// The first bytes are no handshake: encrypted, or another protocol.
    #[error("byte {offset} of a handshake is 0x{received:02x}, expected 0x{expected:02x}")]
    NotBitTorrent {
        /// Where, from 0.
        offset: usize,
        /// The byte that every handshake has there.
        expected: u8,
        /// The byte that came.
        received: u8,
    },
    /// The two did not agree on encryption.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// No whole handshake in time.
    #[error("no handshake in time")]
    HandshakeTimeout,
    /// The handshake names another torrent.
    #[error("the handshake names torrent {received}")]
    WrongInfoHash {
        /// What it names.
        received: InfoHash,
    },
    /// The handshake has our own peer id.
    #[error("a connection to ourselves")]
    SelfConnection,
    /// A frame longer than anything legitimate.
    #[error("a frame of {len_bytes} bytes, at most {max} are read")]
    FrameTooLong {
        /// What its prefix says.
        len_bytes: u32,
        /// The bound.
        max: u32,
    },
    /// A message whose length does not fit its id.
    #[error(transparent)]
    WrongLength(#[from] WrongLength),
    /// A bitfield that does not fit the torrent.
    #[error(transparent)]
    Bitfield(#[from] BitfieldError),
    /// A piece number beyond the last piece.
    #[error("piece {piece} of a torrent of {pieces}")]
    PieceOutOfRange {
        /// The number.
        piece: u32,
        /// Pieces in the torrent; the last one is `pieces - 1`.
        pieces: u32,
    },
    /// Content that we never asked for.
    #[error("a block of content, never requested")]
    UnrequestedPiece,
    /// Not a byte for longer than any living client is silent.
    #[error("nothing said for too long")]
    Silent,
}

impl ConversationError {
    /// The stable name in counters and stored outcomes.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotBitTorrent { .. } => "not_bittorrent",
            Self::Encryption(error) => error.label(),
            Self::HandshakeTimeout => "handshake_timeout",
            Self::WrongInfoHash { .. } => "wrong_info_hash",
            Self::SelfConnection => "self_connection",
            Self::FrameTooLong { .. } => "frame_too_long",
            Self::WrongLength(_) => "wrong_length",
            Self::Bitfield(_) => "bad_bitfield",
            Self::PieceOutOfRange { .. } => "piece_out_of_range",
            Self::UnrequestedPiece => "unrequested_piece",
            Self::Silent => "silent",
        }
    }
}
