//! The hashes of a file's pieces, and the root that they lead to.

use std::collections::HashSet;

use bip_bencode::{BRefAccess, BencodeRef};
use sha2::{Digest, Sha256};

use super::MetainfoError;
use super::file_tree::FileTree;
use crate::protocol::bencode::Node;
use crate::protocol::limits;

/// Checks the `piece layers` of a file against its tree; peers give metadata without
/// them. The work is bounded by the length of the document: each layer that is in it is
/// hashed once, however many files name it.
///
/// Source: BEP 52, "piece layers".
pub(super) fn verify(
    root: &BencodeRef<'_>,
    tree: &FileTree<'_>,
    piece_length: u64,
) -> Result<(), MetainfoError> {
    let Some(layers) = root.field("piece layers") else {
        return Ok(());
    };
    let layers = layers.dict().ok_or(MetainfoError::PieceLayers)?;
    let mut verified = HashSet::new();
    for (pieces_root, pieces) in &tree.layered {
        let layer = layers.lookup(*pieces_root).and_then(|it| it.bytes());
        let (hashes, rest) = layer.unwrap_or_default().as_chunks::<32>();
        let whole = rest.is_empty() && hashes.len() as u64 == *pieces;
        let new = verified.insert(pieces_root);
        if !whole || (new && merkle_root(hashes, piece_length) != **pieces_root) {
            return Err(MetainfoError::PieceLayers);
        }
    }
    Ok(())
}

/// The root over the hashes of pieces. Where there are none any more, the leaves (of
/// blocks of 16 KiB) are zero.
fn merkle_root(hashes: &[[u8; 32]], piece_length: u64) -> [u8; 32] {
    let blocks = piece_length / limits::BLOCK_BYTES;
    let mut nothing = [0; 32];
    for _ in 0..blocks.trailing_zeros() {
        nothing = pair(&nothing, &nothing);
    }
    let mut layer = hashes.to_vec();
    while layer.len() > 1 {
        let above = layer.chunks(2);
        let above = above.map(|it| pair(&it[0], it.get(1).unwrap_or(&nothing)));
        layer = above.collect();
        nothing = pair(&nothing, &nothing);
    }
    layer.first().copied().unwrap_or(nothing)
}

fn pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let both = Sha256::new().chain_update(left).chain_update(right);
    both.finalize().into()
}
