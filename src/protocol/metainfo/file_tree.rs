//! The files of version 2.

use bip_bencode::{BRefAccess, BencodeRef};

use super::MetainfoError;
use super::layout::file_len;
use crate::protocol::bencode::Node;
use crate::protocol::limits;

/// What a `file tree` adds up to. Each file begins a piece of its own.
///
/// Source: BEP 52, "file tree".
#[derive(Default)]
pub(super) struct FileTree<'a> {
    pub(super) len_bytes: u64,
    pub(super) pieces: u64,
    pub(super) files: u32,
    /// The `pieces root` of each file of more than one piece, and how many it has.
    pub(super) layered: Vec<(&'a [u8; 32], u64)>,
}

const OUT_OF_RANGE: MetainfoError = MetainfoError::OutOfRange { key: "file tree" };

impl<'a> FileTree<'a> {
    /// Reads the tree of an info dictionary. How deep it can be the decoder bounds
    /// ([`limits::BENCODE_DEPTH`]).
    pub(super) fn read(
        info: &BencodeRef<'a>,
        piece_length: u64,
    ) -> Result<FileTree<'a>, MetainfoError> {
        let top = info.field("file tree");
        let top = top.ok_or(MetainfoError::Missing { key: "file tree" })?;
        let mut tree = FileTree::default();
        tree.add_folder(top, piece_length)?;
        Ok(tree)
    }

    fn add_folder(
        &mut self,
        folder: &BencodeRef<'a>,
        piece_length: u64,
    ) -> Result<(), MetainfoError> {
        let entries = folder.dict().ok_or(OUT_OF_RANGE)?;
        for (name, entry) in entries.to_list() {
            if name.is_empty() {
                // What describes a file cannot stand among the names of a folder.
                return Err(OUT_OF_RANGE);
            }
            match entry.field("") {
                Some(file) if entry.dict().is_some_and(|it| it.to_list().len() == 1) => {
                    self.add_file(file, piece_length)?;
                }
                Some(_) => return Err(OUT_OF_RANGE),
                None => self.add_folder(entry, piece_length)?,
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &BencodeRef<'a>, piece_length: u64) -> Result<(), MetainfoError> {
        if self.files as usize == limits::FILES {
            return Err(OUT_OF_RANGE);
        }
        let len = file_len(file)?;
        self.files += 1;
        let total = self.len_bytes.checked_add(len);
        self.len_bytes = total.ok_or(MetainfoError::OutOfRange { key: "length" })?;
        if len == 0 {
            return Ok(());
        }
        let key = "pieces root";
        let root = file.bytes_at(key).ok_or(MetainfoError::Missing { key })?;
        let root = <&[u8; 32]>::try_from(root).map_err(|_| MetainfoError::OutOfRange { key })?;
        let pieces = len.div_ceil(piece_length);
        self.pieces += pieces;
        if pieces > 1 {
            self.layered.push((root, pieces));
        }
        Ok(())
    }
}
