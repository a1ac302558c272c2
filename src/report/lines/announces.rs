//! `bta-dump announces`: what trackers and the DHT answered.

use super::Of;
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{Column, Show, Value};
use crate::store::records::{AnnounceRow, TrackerAnswer};
use crate::store::{Reader, StoreError};

/// An announce.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    row: AnnounceRow,
}

impl Line {
    fn answer(&self, figure: fn(&TrackerAnswer) -> Option<u64>) -> Value {
        Value::count(self.row.result.as_ref().ok().and_then(figure))
    }
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::data("torrent", |it: &Line| it.of.hash()),
    Column::new("at", "AT (UTC)", Show::Text(19), |it| {
        Value::Time(it.row.at)
    }),
    Column::new("torrent_number", "#", Show::Count, |it| it.of.number()),
    Column::new("tracker", "TRACKER", Show::Text(50), |it| {
        Value::text(&*it.row.tracker)
    }),
    Column::new("duration_ms", "TOOK", Show::Millis, |it| {
        let millis = it.row.duration.as_millis();
        Value::Count(u64::try_from(millis).unwrap_or(u64::MAX))
    }),
    Column::new("result", "RESULT", Show::Text(24), |it| {
        match &it.row.result {
            Ok(_) => Value::text("ok"),
            Err(failure) => Value::text(&*failure.label),
        }
    }),
    Column::new("peers", "PEERS", Show::Count, |it| {
        it.answer(|answer| Some(answer.peers.into()))
    }),
    Column::new("seeders", "SEEDERS", Show::Count, |it| {
        it.answer(|answer| answer.seeders.map(u64::from))
    }),
    Column::new("leechers", "LEECHERS", Show::Count, |it| {
        it.answer(|answer| answer.leechers.map(u64::from))
    }),
    Column::new("downloaded", "DOWNLOADED", Show::Count, |it| {
        it.answer(|answer| answer.downloaded.map(u64::from))
    }),
    Column::new("interval_s", "INTERVAL", Show::Seconds, |it| {
        it.answer(|answer| answer.interval.map(|interval| interval.as_secs()))
    }),
    Column::data("nodes_asked", |it: &Line| {
        it.answer(|answer| answer.nodes.map(|nodes| nodes.asked.into()))
    }),
    Column::data("nodes_answered", |it: &Line| {
        it.answer(|answer| answer.nodes.map(|nodes| nodes.answered.into()))
    }),
    Column::new("error", "ERROR", Show::Text(60), |it| {
        match &it.row.result {
            Ok(_) => Value::None,
            Err(failure) => Value::text(&*failure.text),
        }
    }),
];

/// Those sent in the window, torrent by torrent.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    let rows = reader.announces(selection.torrent);
    let wanted = |row: &Result<(_, AnnounceRow), StoreError>| match row {
        Ok((_, row)) => selection.holds(row.at),
        Err(_) => true,
    };
    rows.filter(wanted).map(|row| {
        let (torrent, row) = row?;
        let of = Of::torrent(torrent, catalog);
        Ok(Line { of, row })
    })
}
