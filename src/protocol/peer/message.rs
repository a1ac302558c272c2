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
    #[inline]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BLOCK: Block = Block {
        index: 1,
        begin: 0x4000,
        len_bytes: 0x4000,
    };

    /// Frames as the BEPs show them.
    const BY_HAND: &[(&[u8], Message<'static>)] = &[
        (b"\0\0\0\0", Message::KeepAlive),
        (b"\0\0\0\x01\0", Message::Choke),
        (b"\0\0\0\x01\x01", Message::Unchoke),
        (b"\0\0\0\x01\x02", Message::Interested),
        (b"\0\0\0\x01\x03", Message::NotInterested),
        (b"\0\0\0\x05\x04\0\0\x01\x02", Message::Have(258)),
        (b"\0\0\0\x03\x05\xff\x80", Message::Bitfield(&[0xff, 0x80])),
        (
            b"\0\0\0\x0d\x06\0\0\0\x01\0\0\x40\0\0\0\x40\0",
            Message::Request(BLOCK),
        ),
        (
            b"\0\0\0\x0b\x07\0\0\0\x01\0\0\x40\0hi",
            Message::Piece {
                index: 1,
                begin: 0x4000,
                data: b"hi",
            },
        ),
        (
            b"\0\0\0\x0d\x08\0\0\0\x01\0\0\x40\0\0\0\x40\0",
            Message::Cancel(BLOCK),
        ),
        (b"\0\0\0\x03\x09\x1a\xe1", Message::Port(6881)),
        (b"\0\0\0\x05\x0d\0\0\0\x07", Message::SuggestPiece(7)),
        (b"\0\0\0\x01\x0e", Message::HaveAll),
        (b"\0\0\0\x01\x0f", Message::HaveNone),
        (
            b"\0\0\0\x0d\x10\0\0\0\x01\0\0\x40\0\0\0\x40\0",
            Message::RejectRequest(BLOCK),
        ),
        (b"\0\0\0\x05\x11\0\0\0\x07", Message::AllowedFast(7)),
        (
            b"\0\0\0\x04\x14\0de",
            Message::Extended {
                id: 0,
                payload: b"de",
            },
        ),
        (
            b"\0\0\0\x02\x15x",
            Message::Unknown {
                id: 21,
                payload: b"x",
            },
        ),
    ];

    #[test]
    fn reads_and_writes_the_layouts_of_the_beps() {
        for (frame, message) in BY_HAND {
            assert_eq!(Message::decode(&frame[4..]), Ok(*message));
            let mut out = b"before".to_vec();
            message.encode(&mut out);
            assert_eq!(&out[6..], *frame);
        }
    }

    #[test]
    fn refuses_other_lengths() {
        let fixed = [
            (0, 0),
            (1, 0),
            (2, 0),
            (3, 0),
            (4, 4),
            (6, 12),
            (8, 12),
            (9, 2),
        ];
        let fast = [(13, 4), (14, 0), (15, 0), (16, 12), (17, 4)];
        for (id, len) in fixed.into_iter().chain(fast) {
            for received in 0..=255 {
                let mut body = vec![id];
                body.resize(1 + received, 0);
                let result = Message::decode(&body);
                match received == len {
                    true => assert!(result.is_ok()),
                    false => assert_eq!(result, Err(WrongLength { id, received })),
                }
            }
        }
        assert!(Message::decode(&[PIECE, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(Message::decode(&[EXTENDED]).is_err());
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(body in proptest::collection::vec(any::<u8>(), 0..=255), id in 0..22u8) {
            let mut body = body;
            if let Some(first) = body.first_mut() {
                *first = id;
            }
            if let Ok(message) = Message::decode(&body) {
                let mut frame = Vec::new();
                message.encode(&mut frame);
                prop_assert_eq!(&frame[..4], &(body.len() as u32).to_be_bytes());
                prop_assert_eq!(&frame[4..], &body);
            }
        }
    }
}
