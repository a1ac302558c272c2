//! Which pieces a peer holds: one more, all of them, and one after the other.

use bitvec::order::Msb0;
use bitvec::vec::BitVec;
use bta::protocol::peer::Bitfield;
use fixedbitset::FixedBitSet;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::SEED;
use crate::common::Table;
use crate::contest::Contest;

const BTA: &str = "bta";
const FIXEDBITSET: &str = "fixedbitset";
const BITVEC: &str = "bitvec";

pub(crate) fn hold(table: &mut Table) {
    for pieces in [1_000, 10_000] {
        let mut rng = SmallRng::seed_from_u64(SEED);
        let mut bytes = vec![0; pieces / 8];
        rng.fill(&mut bytes[..]);
        let mut order: Vec<_> = (0..pieces).collect();
        order.shuffle(&mut rng);
        set(table, pieces, &order);
        whole(table, pieces, &bytes);
        held(table, pieces, &bytes);
    }
}

/// A piece is set, and told are whether it is new and how many there are now.
fn set(table: &mut Table, pieces: usize, order: &[usize]) {
    let name = format!("bitfield of {pieces}: set a piece and count");
    Contest::new(&name, pieces, pieces * 9)
        .enter(
            BTA,
            || {
                let (mut field, mut sum) = (Bitfield::empty(pieces as u32), 0);
                for piece in order {
                    if field.set(*piece as u32) {
                        sum += field.count() as usize;
                    }
                }
                sum
            },
            |it| it,
        )
        .enter(
            FIXEDBITSET,
            || {
                let (mut field, mut count, mut sum) = (FixedBitSet::with_capacity(pieces), 0, 0);
                for piece in order {
                    if !field.put(*piece) {
                        count += 1;
                        sum += count;
                    }
                }
                sum
            },
            |it| it,
        )
        .enter(
            BITVEC,
            || {
                let mut field = BitVec::<u8, Msb0>::repeat(false, pieces);
                let (mut count, mut sum) = (0, 0);
                for piece in order {
                    if !field.replace(*piece, true) {
                        count += 1;
                        sum += count;
                    }
                }
                sum
            },
            |it| it,
        )
        .hold(table);
}

/// A BITFIELD's payload is kept and counted.
fn whole(table: &mut Table, pieces: usize, bytes: &[u8]) {
    let name = format!("bitfield of {pieces}: taken from the wire, counted");
    Contest::new(&name, 1, bytes.len())
        .enter(
            BTA,
            || Bitfield::from_wire(bytes, pieces as u32).unwrap(),
            |it| it.count() as usize,
        )
        .enter(
            FIXEDBITSET,
            || {
                let field = fixed(pieces, bytes);
                let count = field.count_ones(..);
                (field, count)
            },
            |it| it.1,
        )
        .enter(
            BITVEC,
            || {
                let field = BitVec::<u8, Msb0>::from_slice(bytes);
                let count = field.count_ones();
                (field, count)
            },
            |it| it.1,
        )
        .hold(table);
}

/// The pieces held, in rising order.
fn held(table: &mut Table, pieces: usize, bytes: &[u8]) {
    let name = format!("bitfield of {pieces}: pieces held, one by one");
    let ours = Bitfield::from_wire(bytes, pieces as u32).unwrap();
    let fixed = fixed(pieces, bytes);
    let bits = BitVec::<u8, Msb0>::from_slice(bytes);
    Contest::new(&name, ours.count() as usize, bytes.len())
        .enter(BTA, || ours.iter_ones().map(u64::from).sum(), |it: u64| it)
        .enter(
            FIXEDBITSET,
            || fixed.ones().map(|it| it as u64).sum(),
            |it| it,
        )
        .enter(
            BITVEC,
            || bits.iter_ones().map(|it| it as u64).sum(),
            |it| it,
        )
        .hold(table);
}

/// It has the lowest bit first, the wire the highest.
fn fixed(pieces: usize, bytes: &[u8]) -> FixedBitSet {
    let words = bytes.chunks(size_of::<usize>()).map(|chunk| {
        let mut word = [0; size_of::<usize>()];
        word[..chunk.len()].copy_from_slice(chunk);
        usize::from_be_bytes(word).reverse_bits()
    });
    FixedBitSet::with_capacity_and_blocks(pieces, words)
}
