//! How the files of a torrent make its pieces.

use bip_bencode::{BRefAccess, BencodeRef};

use super::MetainfoError;
use super::file_tree::FileTree;
use super::piece_layers;
use crate::protocol::bencode::Node;
use crate::protocol::limits;

/// What the files add up to, by either version or by both.
///
/// Source: BEP 3, BEP 47 (padding), BEP 52.
#[derive(Default)]
pub(super) struct Layout {
    /// There is a v1 half.
    pub(super) v1: bool,
    /// There is a v2 half.
    pub(super) v2: bool,
    pub(super) piece_length: u64,
    pub(super) pieces: u32,
    pub(super) total_len_bytes: u64,
    pub(super) content_len_bytes: u64,
    pub(super) files: u32,
}

/// How BitComet named padding before BEP 47.
const OLD_PADDING: &[u8] = b"_____padding_file";

impl Layout {
    /// Of a whole document and of the info dictionary in it.
    pub(super) fn read(
        root: &BencodeRef<'_>,
        info: &BencodeRef<'_>,
    ) -> Result<Layout, MetainfoError> {
        let v2 = info.int_at("meta version") == Some(2);
        let hashes = info.bytes_at("pieces");
        if hashes.is_none() && !v2 {
            return Err(MetainfoError::Missing { key: "pieces" });
        }
        let piece_length = piece_length(info, v2)?;
        let first = hashes.map(|hashes| Layout::v1(info, hashes, piece_length));
        let second = v2.then(|| Layout::v2(root, info, piece_length));
        match (first.transpose()?, second.transpose()?) {
            (Some(first), Some(second)) => first.joined(&second),
            (first, second) => Ok(first.or(second).unwrap_or_default()),
        }
    }

    fn v1(
        info: &BencodeRef<'_>,
        hashes: &[u8],
        piece_length: u64,
    ) -> Result<Layout, MetainfoError> {
        let mut layout = Layout {
            v1: true,
            piece_length,
            ..Layout::default()
        };
        layout.add_files(info)?;
        layout.pieces = count_pieces(hashes, layout.total_len_bytes, piece_length)?;
        Ok(layout)
    }

    fn v2(
        root: &BencodeRef<'_>,
        info: &BencodeRef<'_>,
        piece_length: u64,
    ) -> Result<Layout, MetainfoError> {
        let tree = FileTree::read(info, piece_length)?;
        piece_layers::verify(root, &tree, piece_length)?;
        Ok(Layout {
            v2: true,
            piece_length,
            pieces: bounded(tree.pieces)?,
            total_len_bytes: tree.len_bytes,
            content_len_bytes: tree.len_bytes,
            files: tree.files,
            ..Layout::default()
        })
    }

    /// Both halves of a hybrid, if they are of the same pieces.
    fn joined(self, second: &Layout) -> Result<Layout, MetainfoError> {
        let pieces = (self.pieces.into(), second.pieces.into());
        let bytes = (self.content_len_bytes, second.content_len_bytes);
        for (what, (v1, v2)) in [("pieces", pieces), ("bytes", bytes)] {
            if v1 != v2 {
                return Err(MetainfoError::HalvesDiffer { what, v1, v2 });
            }
        }
        Ok(Layout { v2: true, ..self })
    }

    fn add_files(&mut self, info: &BencodeRef<'_>) -> Result<(), MetainfoError> {
        if info.field("files").is_none() {
            return self.add(info, false);
        }
        for (index, file) in info.items_at("files").enumerate() {
            if index == limits::FILES {
                return Err(MetainfoError::OutOfRange { key: "files" });
            }
            let attributes = file.bytes_at("attr").unwrap_or_default();
            let last = file.items_at("path").last().and_then(|it| it.bytes());
            let old = last.is_some_and(|name| name.starts_with(OLD_PADDING));
            self.add(file, old || attributes.contains(&b'p'))?;
        }
        Ok(())
    }

    fn add(&mut self, file: &BencodeRef<'_>, padding: bool) -> Result<(), MetainfoError> {
        let len = file_len(file)?;
        let total = self.total_len_bytes.checked_add(len);
        self.total_len_bytes = total.ok_or(MetainfoError::OutOfRange { key: "length" })?;
        if !padding {
            self.content_len_bytes += len;
            self.files += 1;
        }
        Ok(())
    }
}

/// The length that a file's dictionary states.
pub(super) fn file_len(file: &BencodeRef<'_>) -> Result<u64, MetainfoError> {
    match file.int_at("length") {
        Some(len) => u64::try_from(len).map_err(|_| MetainfoError::OutOfRange { key: "length" }),
        // A symbolic link has no content (BEP 47).
        None if file.bytes_at("attr").is_some_and(|it| it.contains(&b'l')) => Ok(0),
        None => Err(MetainfoError::Missing { key: "length" }),
    }
}

/// In version 2 pieces consist of whole blocks, as many as a tree has leaves.
fn piece_length(info: &BencodeRef<'_>, v2: bool) -> Result<u64, MetainfoError> {
    const KEY: &str = "piece length";
    let stated = info.int_at(KEY);
    let stated = stated.ok_or(MetainfoError::Missing { key: KEY })?;
    let fits = |len: &u64| {
        (1..=limits::PIECE_BYTES).contains(len)
            && (!v2 || (*len >= limits::BLOCK_BYTES && len.is_power_of_two()))
    };
    let len = u64::try_from(stated).ok().filter(fits);
    len.ok_or(MetainfoError::OutOfRange { key: KEY })
}

/// The number of pieces, if the hashes are as many as the files need.
fn count_pieces(hashes: &[u8], total: u64, piece_length: u64) -> Result<u32, MetainfoError> {
    let (hashes, rest) = hashes.as_chunks::<20>();
    if !rest.is_empty() {
        return Err(MetainfoError::OutOfRange { key: "pieces" });
    }
    let (expected, received) = (total.div_ceil(piece_length), hashes.len() as u64);
    if expected != received {
        return Err(MetainfoError::PieceCount { expected, received });
    }
    bounded(received)
}

fn bounded(pieces: u64) -> Result<u32, MetainfoError> {
    match u32::try_from(pieces) {
        Ok(0) => Err(MetainfoError::NoPieces),
        Ok(pieces) if pieces <= limits::PIECES => Ok(pieces),
        _ => Err(MetainfoError::OutOfRange { key: "pieces" }),
    }
}
