//! Which pieces a peer holds.

use std::fmt;

/// A set of pieces among a fixed number. Piece 0 is the first byte's highest bit.
///
/// Source: BEP 3, "bitfield".
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bitfield {
    bits: Box<[u8]>,
    pieces: u32,
    count: u32,
}

/// A bitfield that does not fit its torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BitfieldError {
    /// Too short or too long.
    #[error("a bitfield of {received} bytes, expected {expected}")]
    WrongLength {
        /// Bytes that the number of pieces needs.
        expected: usize,
        /// Bytes that came.
        received: usize,
    },
    /// Bits behind the last piece are set.
    #[error("spare bits are set in a bitfield's last byte 0x{last:02x}")]
    SpareBits {
        /// The last byte.
        last: u8,
    },
}

impl Bitfield {
    /// Bytes of a bitfield for so many pieces.
    pub const fn bytes_for(pieces: u32) -> usize {
        pieces.div_ceil(8) as usize
    }

    /// No piece.
    pub fn empty(pieces: u32) -> Self {
        let bits = vec![0; Self::bytes_for(pieces)].into();
        let count = 0;
        Bitfield {
            bits,
            pieces,
            count,
        }
    }

    /// All pieces.
    pub fn full(pieces: u32) -> Self {
        let mut bits = vec![0xff; Self::bytes_for(pieces)];
        if let Some(last) = bits.last_mut() {
            *last &= !spare_mask(pieces);
        }
        let (bits, count) = (bits.into(), pieces);
        Bitfield {
            bits,
            pieces,
            count,
        }
    }

    /// From the payload of a BITFIELD message.
    ///
    /// # Errors
    /// The length is not that of `pieces`, or spare bits are set.
    pub fn from_wire(bytes: &[u8], pieces: u32) -> Result<Self, BitfieldError> {
        let (expected, received) = (Self::bytes_for(pieces), bytes.len());
        if expected != received {
            return Err(BitfieldError::WrongLength { expected, received });
        }
        if let Some(&last) = bytes.last().filter(|last| *last & spare_mask(pieces) != 0) {
            return Err(BitfieldError::SpareBits { last });
        }
        let count = bytes.iter().map(|byte| byte.count_ones()).sum();
        let bits = bytes.into();
        Ok(Bitfield {
            bits,
            pieces,
            count,
        })
    }

    /// The payload of a BITFIELD message.
    pub fn as_wire(&self) -> &[u8] {
        &self.bits
    }

    /// How many pieces the torrent has.
    pub fn pieces(&self) -> u32 {
        self.pieces
    }

    /// How many are held.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether all are held.
    pub fn is_full(&self) -> bool {
        self.count == self.pieces
    }

    /// Whether `piece` is held; no piece beyond the last one is.
    pub fn contains(&self, piece: u32) -> bool {
        let byte = self.bits.get(piece as usize / 8);
        byte.is_some_and(|byte| byte & mask(piece) != 0)
    }

    /// Adds a piece. Returns whether it is new; one beyond the last never is.
    pub fn set(&mut self, piece: u32) -> bool {
        let new = piece < self.pieces && !self.contains(piece);
        if new {
            self.bits[piece as usize / 8] |= mask(piece);
            self.count += 1;
        }
        new
    }

    /// Takes a piece away. Returns whether it was held.
    pub fn clear(&mut self, piece: u32) -> bool {
        let held = self.contains(piece);
        if held {
            self.bits[piece as usize / 8] &= !mask(piece);
            self.count -= 1;
        }
        held
    }

    /// The pieces held, in rising order.
    pub fn iter_ones(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.iter().enumerate().flat_map(|(index, &byte)| {
            let first = index as u32 * 8;
            (0..8).filter_map(move |bit| (byte & mask(bit) != 0).then_some(first + bit))
        })
    }
}

/// `12/50 pieces`.
impl fmt::Debug for Bitfield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} pieces", self.count, self.pieces)
    }
}

fn mask(piece: u32) -> u8 {
    0x80 >> (piece % 8)
}

/// The bits of the last byte that stand for no piece.
fn spare_mask(pieces: u32) -> u8 {
    match pieces % 8 {
        0 => 0,
        used => 0xff >> used,
    }
}
