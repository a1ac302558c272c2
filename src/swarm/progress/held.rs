//! The pieces that a peer holds, with a keyed sum over them.

use crate::protocol::peer::bitfield::Bitfield;

/// With fewer runs of pieces a set is that of a client that downloads in order,
/// and two such clients show the same sets at the same counts.
const TELLING_RUNS: u32 = 8;

/// What the sums over sets of a torrent's pieces are made with.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    key: u64,
    /// The sum over all pieces: of who holds most of them the others are taken away, and
    /// a peer that toggles its last piece does not make us add up all.
    of_all: u64,
}

impl Sums {
    /// For a torrent of so many pieces, with the run's key.
    pub fn new(key: u64, pieces: u32) -> Self {
        let of_all = sum(key, 0..pieces);
        Sums { key, of_all }
    }
}

/// A set of pieces; a bitfield is kept only between none and all.
#[derive(Debug)]
pub(super) struct Held {
    pieces: u32,
    sums: Sums,
    /// The sum over `set`; not kept for all, where nobody asks.
    sum: u64,
    set: Set,
}

#[derive(Debug)]
enum Set {
    None,
    Some(Bitfield),
    All,
}

impl Held {
    pub(super) fn none(pieces: u32, sums: Sums) -> Self {
        Held {
            pieces,
            sums,
            sum: 0,
            set: Set::None,
        }
    }

    pub(super) fn count(&self) -> u32 {
        match &self.set {
            Set::None => 0,
            Set::Some(bits) => bits.count(),
            Set::All => self.pieces,
        }
    }

    /// The same sets have the same sum, whatever the order of arrival; 0 for sets
    /// that tell nobody apart: none, all, and what is downloaded in order.
    pub(super) fn telling_sum(&self) -> u64 {
        match &self.set {
            Set::Some(bits) if bits.runs(TELLING_RUNS) >= TELLING_RUNS => self.sum,
            Set::Some(_) | Set::None | Set::All => 0,
        }
    }

    pub(super) fn clear(&mut self) {
        (self.set, self.sum) = (Set::None, 0);
    }

    pub(super) fn fill(&mut self) {
        self.set = Set::All;
    }

    pub(super) fn replace(&mut self, bits: Bitfield) {
        // Another torrent's bitfield would break the count: protocol checks that.
        debug_assert_eq!(bits.pieces(), self.pieces);
        let Sums { key, of_all } = self.sums;
        self.sum = match bits.count() > self.pieces / 2 {
            true => of_all.wrapping_sub(sum(key, bits.iter_zeros())),
            false => sum(key, bits.iter_ones()),
        };
        self.set = match bits.count() {
            0 => Set::None,
            _ if bits.is_full() => Set::All,
            _ => Set::Some(bits),
        };
    }

    /// Returns whether the piece is new.
    pub(super) fn add(&mut self, piece: u32) -> bool {
        if matches!(self.set, Set::None) {
            self.set = Set::Some(Bitfield::empty(self.pieces));
        }
        let Set::Some(bits) = &mut self.set else {
            return false;
        };
        let new = bits.set(piece);
        if new {
            self.sum = self.sum.wrapping_add(mix(self.sums.key, piece));
        }
        if bits.is_full() {
            self.set = Set::All;
        }
        new
    }

    /// Returns whether the piece was held.
    pub(super) fn remove(&mut self, piece: u32) -> bool {
        if matches!(self.set, Set::All) && piece < self.pieces {
            self.sum = self.sums.of_all;
            self.set = Set::Some(Bitfield::full(self.pieces));
        }
        let Set::Some(bits) = &mut self.set else {
            return false;
        };
        let held = bits.clear(piece);
        if held {
            self.sum = self.sum.wrapping_sub(mix(self.sums.key, piece));
        }
        if bits.count() == 0 {
            self.clear();
        }
        held
    }
}

fn sum(key: u64, pieces: impl Iterator<Item = u32>) -> u64 {
    pieces.fold(0, |sum, piece| sum.wrapping_add(mix(key, piece)))
}

/// 64 well-mixed bits for a piece, so that sums of different sets differ.
///
/// Source: the finaliser of splitmix64 (S. Vigna, public domain).
fn mix(key: u64, piece: u32) -> u64 {
    let step = (u64::from(piece) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut z = key.wrapping_add(step);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(pieces: &[u32]) -> Bitfield {
        let mut bits = Bitfield::empty(100);
        pieces.iter().for_each(|piece| {
            bits.set(*piece);
        });
        bits
    }

    /// Every third piece: a set that tells a peer apart.
    const SCATTERED: [u32; 9] = [1, 4, 7, 10, 13, 16, 19, 22, 25];

    #[test]
    fn sums_depend_on_the_set_alone() {
        let (mut one, mut other) = (
            Held::none(100, Sums::new(7, 100)),
            Held::none(100, Sums::new(7, 100)),
        );
        one.replace(bits(&SCATTERED));
        for piece in SCATTERED.into_iter().rev().chain([99, 4]) {
            other.add(piece);
        }
        assert_ne!(one.telling_sum(), other.telling_sum());
        other.remove(99);
        assert_eq!(one.telling_sum(), other.telling_sum());
        assert_eq!((one.count(), other.count()), (9, 9));

        let mut keyed = Held::none(100, Sums::new(8, 100));
        keyed.replace(bits(&SCATTERED));
        assert_ne!(one.telling_sum(), keyed.telling_sum());
    }

    #[test]
    fn sums_are_the_same_counted_from_either_end() {
        for held in [0, 8, 49, 50, 51, 90, 99] {
            let pieces: Vec<_> = (0..held).map(|it| (it * 37 + 11) % 100).collect();
            let (mut stepwise, mut at_once) = (
                Held::none(100, Sums::new(7, 100)),
                Held::none(100, Sums::new(7, 100)),
            );
            pieces.iter().for_each(|it| assert!(stepwise.add(*it)));
            at_once.replace(bits(&pieces));
            assert_eq!((at_once.sum, at_once.count()), (stepwise.sum, held));
        }
    }

    #[test]
    fn what_is_downloaded_in_order_tells_nobody_apart() {
        let mut held = Held::none(100, Sums::new(7, 100));
        held.add(99);
        (0..50).for_each(|piece| {
            held.add(piece);
        });
        assert_eq!(held.telling_sum(), 0);
        [60, 62, 64, 66, 68, 70].into_iter().for_each(|piece| {
            held.add(piece);
        });
        assert_ne!(held.telling_sum(), 0);
    }

    #[test]
    fn all_is_kept_without_a_bitfield_and_taken_apart_again() {
        let (mut stepwise, mut at_once) = (
            Held::none(100, Sums::new(7, 100)),
            Held::none(100, Sums::new(7, 100)),
        );
        (0..100).for_each(|piece| {
            stepwise.add(piece);
        });
        at_once.fill();
        for held in [&mut stepwise, &mut at_once] {
            assert!(matches!(held.set, Set::All));
            assert!(!held.add(5) && !held.remove(100));
            assert_eq!((held.count(), held.telling_sum()), (100, 0));
            (0..10).for_each(|nth| assert!(held.remove(nth * 10)));
        }
        assert_eq!(stepwise.count(), 90);
        assert_ne!(stepwise.telling_sum(), 0);
        assert_eq!(stepwise.telling_sum(), at_once.telling_sum());
    }

    #[test]
    fn ignores_pieces_beyond_the_last() {
        let mut held = Held::none(10, Sums::new(0, 10));
        assert!(!held.add(10) && !held.add(u32::MAX) && !held.remove(u32::MAX));
        assert!(held.add(9));
        assert_eq!(held.count(), 1);
    }
}
