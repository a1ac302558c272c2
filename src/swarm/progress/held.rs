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
    /// All of them, while there is no bitfield; else none.
    all: bool,
    /// The sum over `some`; not kept for all, where nobody asks.
    sum: u64,
    some: Option<Bitfield>,
}

impl Held {
    pub(super) fn none(pieces: u32) -> Self {
        Held {
            pieces,
            all: false,
            sum: 0,
            some: None,
        }
    }

    pub(super) fn count(&self) -> u32 {
        match &self.some {
            Some(bits) => bits.count(),
            None if self.all => self.pieces,
            None => 0,
        }
    }

    /// The same sets have the same sum, whatever the order of arrival; 0 for sets
    /// that tell nobody apart: none, all, and what is downloaded in order.
    pub(super) fn telling_sum(&self) -> u64 {
        match &self.some {
            Some(bits) if bits.runs(TELLING_RUNS) >= TELLING_RUNS => self.sum,
            Some(_) | None => 0,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Held::none(self.pieces);
    }

    pub(super) fn fill(&mut self) {
        (self.all, self.some) = (true, None);
    }

    pub(super) fn replace(&mut self, bits: Bitfield, Sums { key, of_all }: Sums) {
        // Another torrent's bitfield would break the count: protocol checks that.
        debug_assert_eq!(bits.pieces(), self.pieces);
        self.sum = match bits.count() > self.pieces / 2 {
            true => of_all.wrapping_sub(sum(key, bits.iter_zeros())),
            false => sum(key, bits.iter_ones()),
        };
        self.all = bits.is_full() && bits.count() > 0;
        self.some = Some(bits).filter(|bits| bits.count() > 0 && !bits.is_full());
    }

    /// Returns whether the piece is new.
    pub(super) fn add(&mut self, piece: u32, sums: Sums) -> bool {
        if self.all {
            return false;
        }
        let pieces = self.pieces;
        let bits = self.some.get_or_insert_with(|| Bitfield::empty(pieces));
        let new = bits.set(piece);
        if new {
            self.sum = self.sum.wrapping_add(mix(sums.key, piece));
        }
        if bits.is_full() {
            self.fill();
        }
        new
    }

    /// Returns whether the piece was held.
    pub(super) fn remove(&mut self, piece: u32, sums: Sums) -> bool {
        if self.all && piece < self.pieces {
            self.sum = sums.of_all;
            (self.all, self.some) = (false, Some(Bitfield::full(self.pieces)));
        }
        let Some(bits) = &mut self.some else {
            return false;
        };
        let held = bits.clear(piece);
        if held {
            self.sum = self.sum.wrapping_sub(mix(sums.key, piece));
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

    fn sums() -> Sums {
        Sums::new(7, 100)
    }

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
        let (mut one, mut other) = (Held::none(100), Held::none(100));
        one.replace(bits(&SCATTERED), sums());
        for piece in SCATTERED.into_iter().rev().chain([99, 4]) {
            other.add(piece, sums());
        }
        assert_ne!(one.telling_sum(), other.telling_sum());
        other.remove(99, sums());
        assert_eq!(one.telling_sum(), other.telling_sum());
        assert_eq!((one.count(), other.count()), (9, 9));

        let mut keyed = Held::none(100);
        keyed.replace(bits(&SCATTERED), Sums::new(8, 100));
        assert_ne!(one.telling_sum(), keyed.telling_sum());
    }

    #[test]
    fn sums_are_the_same_counted_from_either_end() {
        for held in [0, 8, 49, 50, 51, 90, 99] {
            let pieces: Vec<_> = (0..held).map(|it| (it * 37 + 11) % 100).collect();
            let (mut stepwise, mut at_once) = (Held::none(100), Held::none(100));
            pieces
                .iter()
                .for_each(|it| assert!(stepwise.add(*it, sums())));
            at_once.replace(bits(&pieces), sums());
            assert_eq!((at_once.sum, at_once.count()), (stepwise.sum, held));
        }
    }

    #[test]
    fn what_is_downloaded_in_order_tells_nobody_apart() {
        let mut held = Held::none(100);
        held.add(99, sums());
        (0..50).for_each(|piece| {
            held.add(piece, sums());
        });
        assert_eq!(held.telling_sum(), 0);
        [60, 62, 64, 66, 68, 70].into_iter().for_each(|piece| {
            held.add(piece, sums());
        });
        assert_ne!(held.telling_sum(), 0);
    }

    #[test]
    fn all_is_kept_without_a_bitfield_and_taken_apart_again() {
        let (mut stepwise, mut at_once) = (Held::none(100), Held::none(100));
        (0..100).for_each(|piece| {
            stepwise.add(piece, sums());
        });
        at_once.fill();
        for held in [&mut stepwise, &mut at_once] {
            assert!(held.all && held.some.is_none());
            assert!(!held.add(5, sums()) && !held.remove(100, sums()));
            assert_eq!((held.count(), held.telling_sum()), (100, 0));
            (0..10).for_each(|nth| assert!(held.remove(nth * 10, sums())));
        }
        assert_eq!(stepwise.count(), 90);
        assert_ne!(stepwise.telling_sum(), 0);
        assert_eq!(stepwise.telling_sum(), at_once.telling_sum());
    }

    #[test]
    fn ignores_pieces_beyond_the_last() {
        let mut held = Held::none(10);
        assert!(
            !held.add(10, sums()) && !held.add(u32::MAX, sums()) && !held.remove(u32::MAX, sums())
        );
        assert!(held.add(9, sums()));
        assert_eq!(held.count(), 1);
    }
}
