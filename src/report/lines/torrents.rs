//! `bta-dump torrents`: what was imported, and what trackers report of it.

use crate::report::reported::by_torrent;
use crate::report::selection::Selection;
use crate::report::value::{Column, Show, Value};
use crate::store::records::TorrentRow;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::TorrentNumber;
use crate::swarm::reported::ReportedByAll;

/// A torrent.
#[derive(Clone, Debug)]
pub struct Line {
    number: TorrentNumber,
    row: TorrentRow,
    reported: Option<ReportedByAll>,
}

impl Line {
    /// Nothing for a torrent whose metadata no peer has given yet.
    fn measured(&self, figure: u64) -> Value {
        Value::count((self.row.pieces > 0).then_some(figure))
    }

    fn reported(&self, figure: fn(&ReportedByAll) -> u64) -> Value {
        Value::count(self.reported.as_ref().map(figure))
    }
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::new("torrent_number", "#", Show::Count, |it: &Line| {
        Value::Count(it.number.0.into())
    }),
    Column::new("torrent", "TORRENT", Show::Text(40), |it| {
        Value::Text(it.row.info_hash.to_string())
    }),
    Column::new("torrent_v2", "TORRENT (V2)", Show::Text(64), |it| {
        it.row
            .info_hash_v2
            .map_or(Value::None, |hash| Value::Text(hash.to_string()))
    }),
    Column::new("size_bytes", "SIZE", Show::Bytes, |it| {
        it.measured(it.row.size_bytes)
    }),
    Column::new("pieces", "PIECES", Show::Count, |it| {
        it.measured(it.row.pieces.into())
    }),
    Column::data("piece_length_bytes", |it| {
        it.measured(it.row.piece_length_bytes)
    }),
    Column::data("reported_trackers", |it| {
        it.reported(|all| all.trackers.into())
    }),
    Column::new("reported_greatest", "REPORTED", Show::Count, |it| {
        it.reported(|all| all.greatest)
    }),
    Column::data("reported_sum", |it| it.reported(|all| all.sum)),
    Column::data("reported_resets", |it| it.reported(|all| all.resets.into())),
    Column::new("name", "NAME", Show::Text(60), |it| {
        Value::text(&it.row.name)
    }),
    Column::data("private", |it| Value::Flag(it.row.private)),
    Column::data("trackers", |it| Value::List(it.row.trackers.clone())),
    Column::data("origin", |it| Value::text(&it.row.origin)),
    Column::data("added_at", |it| Value::Time(it.row.added_at)),
];

/// The torrents of a store. They are there from the start, whatever the window;
/// what trackers report is the window's.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
) -> Result<impl Iterator<Item = Result<Line, StoreError>>, StoreError> {
    let wanted = selection.torrent;
    let reported = by_torrent(reader, selection)?;
    let all = reader.torrents()?.into_iter();
    let all = all.filter(move |(number, _)| wanted.is_none_or(|wanted| wanted == *number));
    Ok(all.map(move |(number, row)| {
        let trackers = reported.get(&number).into_iter().flat_map(|it| it.values());
        Ok(Line {
            number,
            row,
            reported: ReportedByAll::of(trackers),
        })
    }))
}
