//! `bta-dump scrapes`: what trackers reported when asked for nothing else, and what nodes
//! of the DHT tell of how many peers there are.

use super::asked::{self, Line};
use crate::report::selection::{Catalog, Selection};
use crate::report::value::Column;
use crate::store::{Reader, StoreError};

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    asked::TORRENT,
    asked::AT,
    asked::TORRENT_NUMBER,
    asked::TRACKER,
    asked::DURATION,
    asked::RESULT,
    asked::SEEDERS,
    asked::LEECHERS,
    asked::DOWNLOADED,
    asked::ERROR,
];

/// Those sent in the window, torrent by torrent.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    asked::lines(reader.scrapes(selection.torrent), catalog, selection)
}
