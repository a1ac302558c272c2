//! `bta-dump torrents`: what was imported.

use crate::report::selection::Selection;
use crate::report::value::{Column, Show, Value};
use crate::store::records::TorrentRow;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::TorrentNumber;

/// A torrent.
pub type Line = (TorrentNumber, TorrentRow);

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::new("torrent_number", "#", Show::Count, |(number, _)| {
        Value::Count(number.0.into())
    }),
    Column::new("torrent", "TORRENT", Show::Text(40), |(_, row)| {
        Value::Text(row.info_hash.to_string())
    }),
    Column::data("torrent_v2", |(_, row)| {
        let hex = |hash: [u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect();
        row.info_hash_v2
            .map_or(Value::None, |hash| Value::Text(hex(hash)))
    }),
    Column::new("size_bytes", "SIZE", Show::Bytes, |(_, row)| {
        Value::Count(row.size_bytes)
    }),
    Column::new("pieces", "PIECES", Show::Count, |(_, row)| {
        Value::Count(row.pieces.into())
    }),
    Column::data("piece_length_bytes", |(_, row)| {
        Value::Count(row.piece_length_bytes)
    }),
    Column::new("name", "NAME", Show::Text(60), |(_, row)| {
        Value::text(&row.name)
    }),
    Column::data("private", |(_, row)| Value::Flag(row.private)),
    Column::data("trackers", |(_, row)| Value::List(row.trackers.clone())),
    Column::data("origin", |(_, row)| Value::text(&row.origin)),
    Column::data("added_at", |(_, row)| Value::Time(row.added_at)),
];

/// The torrents of a store. They are there from the start, whatever the window.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
) -> Result<impl Iterator<Item = Result<Line, StoreError>>, StoreError> {
    let wanted = selection.torrent;
    let all = reader.torrents()?.into_iter();
    Ok(all
        .filter(move |(number, _)| wanted.is_none_or(|wanted| wanted == *number))
        .map(Ok))
}
