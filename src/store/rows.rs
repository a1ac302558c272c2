//! Typed rows from a shelf.

use super::codec::{CodecError, Row, decode};
use super::error::StoreError;
use super::keys;
use super::names::Names;
use super::records::TorrentRow;
use super::shelf::{Entry, Shelf, Tree};
use crate::swarm::facts::TorrentNumber;

/// Keys and rows of a tree whose keys begin with `prefix`; `key` reads of a key
/// what is wanted of it.
pub(super) fn rows<'a, K: 'a, R: Row + 'a>(
    shelf: &'a dyn Shelf,
    names: &'a Names,
    tree: Tree,
    prefix: &[u8],
    key: fn(&[u8]) -> Result<K, CodecError>,
) -> impl Iterator<Item = Result<(K, R), StoreError>> + 'a {
    let read = move |(bytes, value): Entry| {
        let row = key(&bytes).and_then(|key| Ok((key, decode(&value, names)?)));
        row.map_err(row_error(tree, &bytes))
    };
    let entries = shelf.scan(tree, prefix);
    entries.map(move |entry| entry.and_then(read))
}

/// The row of one key.
pub(super) fn row<R: Row>(
    shelf: &dyn Shelf,
    names: &Names,
    tree: Tree,
    key: &[u8],
) -> Result<Option<R>, StoreError> {
    let value = shelf.value(tree, key)?;
    let row = value.map(|value| decode(&value, names));
    row.transpose().map_err(row_error(tree, key))
}

/// Binds a row that cannot be read to its place.
pub(super) fn row_error(tree: Tree, key: &[u8]) -> impl FnOnce(CodecError) -> StoreError {
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    move |source| StoreError::Row {
        tree: tree.label(),
        key,
        source,
    }
}

/// All shared texts of a shelf.
pub(super) fn names(shelf: &dyn Shelf) -> Result<Names, StoreError> {
    let mut names = Names::default();
    for entry in shelf.scan(Tree::Names, &[]) {
        let (key, text) = entry?;
        let restored = names.restore(&key, &text);
        restored.map_err(row_error(Tree::Names, &key))?;
    }
    Ok(names)
}

/// All torrents of a shelf.
pub(super) fn torrents(
    shelf: &dyn Shelf,
    names: &Names,
) -> Result<Vec<(TorrentNumber, TorrentRow)>, StoreError> {
    rows(shelf, names, Tree::Torrents, &[], keys::torrent_of).collect()
}
