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

    /// How many runs of neighbouring pieces are held; counts no further than
    /// `most`.
    pub fn runs(&self, most: u32) -> u32 {
        let (mut runs, mut before) = (0, 0);
        for &byte in &self.bits {
            // A piece that is held while the one before it is not.
            runs += (byte & !(byte >> 1 | before << 7)).count_ones();
            before = byte & 1;
            if runs >= most {
                return most;
            }
        }
        runs
    }

    /// The pieces held, in rising order.
    pub fn iter_ones(&self) -> impl Iterator<Item = u32> + '_ {
        pieces(self.bits.iter().copied())
    }

    /// The pieces missing, in rising order.
    pub fn iter_zeros(&self) -> impl Iterator<Item = u32> + '_ {
        let missing = pieces(self.bits.iter().map(|byte| !byte));
        missing.take_while(|piece| *piece < self.pieces)
    }
}

/// `12/50 pieces`.
impl fmt::Debug for Bitfield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} pieces", self.count, self.pieces)
    }
}

/// Those whose bits are set.
fn pieces(bytes: impl Iterator<Item = u8>) -> impl Iterator<Item = u32> {
    (0..).zip(bytes).flat_map(|(index, byte)| {
        let bits = std::iter::successors(Some(byte), |rest| Some(rest & !first_of(*rest)));
        let bits = bits.take_while(|rest| *rest != 0);
        bits.map(move |rest| index * 8 + rest.leading_zeros())
    })
}

/// The highest bit that is set, alone.
fn first_of(byte: u8) -> u8 {
    match byte {
        0 => 0,
        _ => 0x80 >> byte.leading_zeros(),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn piece_0_is_the_highest_bit() {
        let field = Bitfield::from_wire(&[0b1000_0001, 0b0100_0000], 10).unwrap();
        assert_eq!(field.iter_ones().collect::<Vec<_>>(), [0, 7, 9]);
        assert_eq!((field.count(), field.pieces()), (3, 10));
        assert_eq!(field.as_wire(), [0b1000_0001, 0b0100_0000]);
    }

    #[test]
    fn runs_begin_where_the_piece_before_is_not_held() {
        for seed in 0..2_000_u32 {
            let mut field = Bitfield::empty(37);
            let mut drawn = seed;
            (0..seed % 40).for_each(|_| {
                drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                field.set((drawn >> 16) % 37);
            });
            let begins = |&it: &u32| field.contains(it) && (it == 0 || !field.contains(it - 1));
            let runs = (0..37).filter(begins).count() as u32;
            assert_eq!((field.runs(u32::MAX), field.runs(3)), (runs, runs.min(3)));
        }
    }

    #[test]
    fn every_have_sets_its_own_bit() {
        let mut field = Bitfield::empty(256);
        for piece in 0..256 {
            assert!(!field.contains(piece));
            assert!(field.set(piece));
            assert!(!field.set(piece));
            assert_eq!(field.count(), piece + 1);
        }
        assert_eq!(field, Bitfield::full(256));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert!(Bitfield::from_wire(&[0xff, 0xc0], 10).unwrap().is_full());
        let spare = Err(BitfieldError::SpareBits { last: 0x20 });
        assert_eq!(Bitfield::from_wire(&[0, 0x20], 10), spare);
        for len in (0..=255).filter(|len| *len != 2) {
            let expected = 2;
            let wrong = Err(BitfieldError::WrongLength {
                expected,
                received: len,
            });
            assert_eq!(Bitfield::from_wire(&vec![0; len], 10), wrong);
        }
        assert!(Bitfield::from_wire(&[0xff], 8).unwrap().is_full());
    }

    #[test]
    fn knows_no_piece_behind_the_last() {
        let mut field = Bitfield::full(9);
        for piece in [9, 15, 16, u32::MAX] {
            assert!(!field.contains(piece) && !field.set(piece) && !field.clear(piece));
        }
        assert_eq!(field.as_wire(), [0xff, 0x80]);
        assert!(field.is_full());
    }

    proptest! {
        #[test]
        fn is_a_set(pieces in 1..200u32, steps in proptest::collection::vec((any::<bool>(), 0..220u32), 0..300)) {
            let (mut field, mut set) = (Bitfield::empty(pieces), BTreeSet::new());
            for (add, piece) in steps {
                if add {
                    prop_assert_eq!(field.set(piece), piece < pieces && set.insert(piece));
                } else {
                    prop_assert_eq!(field.clear(piece), set.remove(&piece));
                }
                prop_assert_eq!(field.count() as usize, set.len());
            }
            prop_assert!(field.iter_ones().eq(set.iter().copied()));
            let missing = (0..pieces).filter(|piece| !set.contains(piece));
            prop_assert!(field.iter_zeros().eq(missing));
            prop_assert_eq!(Bitfield::from_wire(field.as_wire(), pieces), Ok(field));
        }
    }
}
