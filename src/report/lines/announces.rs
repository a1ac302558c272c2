//! `bta-dump announces`: what trackers answered.

use super::asked::{self, Line};
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{Column, Show};
use crate::store::{Reader, StoreError};

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    asked::TORRENT,
    asked::AT,
    asked::TORRENT_NUMBER,
    asked::TRACKER,
    asked::DURATION,
    asked::RESULT,
    Column::new("peers", "PEERS", Show::Count, |it| {
        it.answer(|answer| Some(answer.peers.into()))
    }),
    asked::SEEDERS,
    asked::LEECHERS,
    asked::DOWNLOADED,
    Column::new("interval_s", "INTERVAL", Show::Seconds, |it| {
        it.answer(|answer| answer.interval.map(|interval| interval.as_secs()))
    }),
    asked::ERROR,
];

/// Those sent in the window, torrent by torrent.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    asked::lines(reader.announces(selection.torrent), catalog, selection)
}
