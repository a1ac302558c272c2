//! The messages that follow the handshake, as they stand in a frame: one byte
//! id, payload. The frame's length prefix belongs to [`super::frame`].

/// One message. Integers are big-endian on the wire.
///
/// Source: BEP 3, "peer messages"; BEP 5 (port); BEP 6 (13–17); BEP 10 (20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A frame without an id.
    KeepAlive,
    /// 0: the sender will not serve.
    Choke,
    /// 1: the sender serves.
    Unchoke,
    /// 2: the sender wants pieces.
    Interested,
    /// 3: the sender wants none.
    NotInterested,
    /// 4: the sender has one more piece.
    Have(u32),
    /// 5: what the sender has; not checked here (see [`super::Bitfield`]).
    Bitfield(&'a [u8]),
    /// 6: asks for a block.
    Request(Block),
    /// 7: a block's content.
    Piece {
        /// The piece.
        index: u32,
        /// Where in the piece, in bytes.
        begin: u32,
        /// The bytes.
        data: &'a [u8],
    },
    /// 8: takes a request back.
    Cancel(Block),
    /// 9: the port of the sender's DHT node.
    Port(u16),
    /// 13: "you may want this piece".
    SuggestPiece(u32),
    /// 14: the sender has everything.
    HaveAll,
    /// 15: the sender has nothing.
    HaveNone,
    /// 16: a request will not be served.
    RejectRequest(Block),
    /// 17: a piece that may be requested while choked.
    AllowedFast(u32),
    /// 20: a message of an extension; 0 is the extension handshake.
    Extended {
        /// The number under which the receiver had named the extension.
        id: u8,
        /// The extension's own bytes.
        payload: &'a [u8],
    },
    /// Any other.
    Unknown {
        /// The id.
        id: u8,
        /// What came with it.
        payload: &'a [u8],
    },
}

/// A part of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The piece.
    pub index: u32,
    /// Where in the piece, in bytes.
    pub begin: u32,
    /// How long, in bytes.
    pub len_bytes: u32,
}

/// The id of HAVE.
pub const HAVE: u8 = 4;
/// The id of BITFIELD.
pub const BITFIELD: u8 = 5;
/// The id of PIECE.
pub const PIECE: u8 = 7;
/// The id of PORT.
pub const PORT: u8 = 9;
/// The id of HAVE_ALL.
pub const HAVE_ALL: u8 = 14;
/// The id of HAVE_NONE.
pub const HAVE_NONE: u8 = 15;
/// The id of all extension messages.
pub const EXTENDED: u8 = 20;

/// A message whose payload has not the length that its id fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {id} with {received} bytes of payload")]
pub struct WrongLength {
    /// The message's id.
    pub id: u8,
    /// Length of its payload.
    pub received: usize,
}

impl<'a> Message<'a> {
    /// Reads a frame's body (what follows the length prefix).
    ///
    /// # Errors
    /// The payload's length does not fit the id.
    pub fn decode(body: &'a [u8]) -> Result<Message<'a>, WrongLength> {
        let Some((&id, payload)) = body.split_first() else {
            return Ok(Message::KeepAlive);
        };
        let received = payload.len();
        let wrong = WrongLength { id, received };
        let number = || match *payload {
            [a, b, c, d] => Ok(u32::from_be_bytes([a, b, c, d])),
            _ => Err(wrong),
        };
        let bare = |message| {
            if received == 0 {
                Ok(message)
            } else {
                Err(wrong)
            }
        };
        match id {
            0 => bare(Message::Choke),
            1 => bare(Message::Unchoke),
            2 => bare(Message::Interested),
            3 => bare(Message::NotInterested),
            HAVE => number().map(Message::Have),
            BITFIELD => Ok(Message::Bitfield(payload)),
            6 => Block::decode(payload).map(Message::Request).ok_or(wrong),
            PIECE => match payload.split_at_checked(8).and_then(|(head, data)| {
                let (index, begin) = head.split_first_chunk()?;
                Some((*index, *begin.first_chunk()?, data))
            }) {
                None => Err(wrong),
                Some((index, begin, data)) => Ok(Message::Piece {
                    index: u32::from_be_bytes(index),
                    begin: u32::from_be_bytes(begin),
                    data,
                }),
            },
            8 => Block::decode(payload).map(Message::Cancel).ok_or(wrong),
            PORT => match *payload {
                [high, low] => Ok(Message::Port(u16::from_be_bytes([high, low]))),
                _ => Err(wrong),
            },
            13 => number().map(Message::SuggestPiece),
            HAVE_ALL => bare(Message::HaveAll),
            HAVE_NONE => bare(Message::HaveNone),
            16 => Block::decode(payload)
                .map(Message::RejectRequest)
                .ok_or(wrong),
            17 => number().map(Message::AllowedFast),
            EXTENDED => match payload.split_first() {
                Some((&id, payload)) => Ok(Message::Extended { id, payload }),
                None => Err(wrong),
            },
            _ => Ok(Message::Unknown { id, payload }),
        }
    }

    /// Appends the whole frame: length prefix, id, payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; 4]);
        match *self {
            Message::KeepAlive => {}
            Message::Choke => out.push(0),
            Message::Unchoke => out.push(1),
            Message::Interested => out.push(2),
            Message::NotInterested => out.push(3),
            Message::Have(piece) => put(out, HAVE, &piece.to_be_bytes()),
            Message::Bitfield(bits) => put(out, BITFIELD, bits),
            Message::Request(block) => put(out, 6, &block.encode()),
            Message::Piece { index, begin, data } => {
                put(out, PIECE, &index.to_be_bytes());
                out.extend(begin.to_be_bytes());
                out.extend(data);
            }
            Message::Cancel(block) => put(out, 8, &block.encode()),
            Message::Port(port) => put(out, PORT, &port.to_be_bytes()),
            Message::SuggestPiece(piece) => put(out, 13, &piece.to_be_bytes()),
            Message::HaveAll => out.push(HAVE_ALL),
            Message::HaveNone => out.push(HAVE_NONE),
            Message::RejectRequest(block) => put(out, 16, &block.encode()),
            Message::AllowedFast(piece) => put(out, 17, &piece.to_be_bytes()),
            Message::Extended { id, payload } => {
                out.extend([EXTENDED, id]);
                out.extend(payload);
            }
            Message::Unknown { id, payload } => put(out, id, payload),
        }
        let len = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&len.to_be_bytes());
    }
}

impl Block {
    fn decode(payload: &[u8]) -> Option<Block> {
        let (numbers, rest) = payload.as_chunks::<4>();
        let [index, begin, len_bytes] = *numbers else {
            return None;
        };
        rest.is_empty().then_some(Block {
            index: u32::from_be_bytes(index),
            begin: u32::from_be_bytes(begin),
            len_bytes: u32::from_be_bytes(len_bytes),
        })
    }

    fn encode(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.index.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.begin.to_be_bytes());
        bytes[8..].copy_from_slice(&self.len_bytes.to_be_bytes());
        bytes
    }
}

fn put(out: &mut Vec<u8>, id: u8, payload: &[u8]) {
    out.push(id);
    out.extend(payload);
}
