//! `bta-dump events`: what a reader of the figures should know.

use super::Of;
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{Column, Show, Value};
use crate::store::records::EventRow;
use crate::store::{Reader, StoreError};

/// An event.
#[derive(Clone, Debug)]
pub struct Line {
    of: Option<Of>,
    row: EventRow,
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::new("at", "AT (UTC)", Show::Text(19), |it: &Line| {
        Value::Time(it.row.at)
    }),
    Column::new("kind", "EVENT", Show::Text(24), |it| {
        Value::text(&*it.row.kind)
    }),
    Column::data("torrent", |it| it.of.map_or(Value::None, |of| of.hash())),
    Column::new("torrent_number", "#", Show::Count, |it| {
        it.of.map_or(Value::None, |of| of.number())
    }),
    Column::new("text", "TEXT", Show::Text(120), |it| {
        Value::text(&*it.row.text)
    }),
];

/// Those in the window. Those of one torrent leave out the whole run's.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    let wanted = |row: &EventRow| {
        let of_torrent = selection.torrent.is_none_or(|it| row.torrent == Some(it));
        of_torrent && selection.holds(row.at)
    };
    let rows = reader.events();
    let rows = rows.filter(move |row| row.as_ref().map_or(true, wanted));
    rows.map(|row| {
        row.map(|row| Line {
            of: row.torrent.map(|torrent| Of::torrent(torrent, catalog)),
            row,
        })
    })
}
