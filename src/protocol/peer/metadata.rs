//! Metadata exchange: the messages by which peers hand each other the info
//! dictionary, and the machine that gathers it.

mod fetch;
#[cfg(test)]
mod tests;

pub use fetch::Fetch;

use crate::protocol::bencode::{self, Node, Tail};
use crate::protocol::limits;

/// One message of metadata exchange. Pieces have
/// [`limits::METADATA_PIECE_BYTES`], only the last one is shorter.
///
/// Source: BEP 9, "extension message".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataMessage {
    /// Asks for a piece.
    Request(u32),
    /// A piece.
    Data {
        /// Its number.
        piece: u32,
        /// Length of the whole info dictionary, in bytes.
        total_bytes: u32,
        /// The piece itself.
        bytes: Vec<u8>,
    },
    /// A piece that the sender will not give.
    Reject(u32),
}

impl MetadataMessage {
    /// Reads the payload of the extension message; `None` for what is malformed or of
    /// another kind, which BEP 9 bids to pass over.
    pub fn decode(payload: &[u8]) -> Option<MetadataMessage> {
        let max = limits::METADATA_MESSAGE_BYTES as usize;
        let head = bencode::decode(payload, max, Tail::Allowed).ok()?;
        let piece = u32::try_from(head.int_at("piece")?).ok()?;
        Some(match head.int_at("msg_type")? {
            0 => MetadataMessage::Request(piece),
            1 => MetadataMessage::Data {
                piece,
                total_bytes: u32::try_from(head.int_at("total_size")?).ok()?,
                bytes: payload.get(head.buffer().len()..)?.to_vec(),
            },
            2 => MetadataMessage::Reject(piece),
            _ => return None,
        })
    }

    /// As the payload of the extension message; keys sorted.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Request(piece) => format!("d8:msg_typei0e5:piecei{piece}ee").into_bytes(),
            Self::Reject(piece) => format!("d8:msg_typei2e5:piecei{piece}ee").into_bytes(),
            Self::Data {
                piece,
                total_bytes,
                bytes,
            } => {
                let head = format!("d8:msg_typei1e5:piecei{piece}e10:total_sizei{total_bytes}ee");
                [head.as_bytes(), bytes].concat()
            }
        }
    }
}
