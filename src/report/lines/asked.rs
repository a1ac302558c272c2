//! What announces and scrapes have in common: a tracker was asked, and answered or
//! not.

use super::Of;
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{Column, Show, Value};
use crate::store::StoreError;
use crate::store::records::{AnnounceRow, ScrapeRow, TrackerAnswer};
use crate::swarm::facts::TorrentNumber;

/// A tracker that was asked.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    row: AnnounceRow,
}

impl Line {
    pub(super) fn answer(&self, figure: fn(&TrackerAnswer) -> Option<u64>) -> Value {
        Value::count(self.row.result.as_ref().ok().and_then(figure))
    }
}

/// A scrape as an announce that asked for no peers.
impl From<ScrapeRow> for AnnounceRow {
    fn from(row: ScrapeRow) -> Self {
        AnnounceRow {
            at: row.at,
            tracker: row.tracker,
            duration: row.duration,
            result: row.result.map(|answer| TrackerAnswer {
                seeders: answer.seeders,
                leechers: answer.leechers,
                downloaded: answer.downloaded,
                ..TrackerAnswer::default()
            }),
        }
    }
}

pub(super) const TORRENT: Column<Line> = Column::data("torrent", |it| it.of.hash());
pub(super) const AT: Column<Line> = Column::new("at", "AT (UTC)", Show::Text(19), |it| {
    Value::Time(it.row.at)
});
pub(super) const TORRENT_NUMBER: Column<Line> =
    Column::new("torrent_number", "#", Show::Count, |it| it.of.number());
pub(super) const TRACKER: Column<Line> = Column::new("tracker", "TRACKER", Show::Text(50), |it| {
    Value::text(&*it.row.tracker)
});
pub(super) const DURATION: Column<Line> = Column::new("duration_ms", "TOOK", Show::Millis, |it| {
    let millis = it.row.duration.as_millis();
    Value::Count(u64::try_from(millis).unwrap_or(u64::MAX))
});
pub(super) const RESULT: Column<Line> = Column::new("result", "RESULT", Show::Text(24), |it| {
    match &it.row.result {
        Ok(_) => Value::text("ok"),
        Err(failure) => Value::text(&*failure.label),
    }
});
pub(super) const SEEDERS: Column<Line> = Column::new("seeders", "SEEDERS", Show::Count, |it| {
    it.answer(|answer| answer.seeders.map(u64::from))
});
pub(super) const LEECHERS: Column<Line> = Column::new("leechers", "LEECHERS", Show::Count, |it| {
    it.answer(|answer| answer.leechers.map(u64::from))
});
pub(super) const DOWNLOADED: Column<Line> =
    Column::new("downloaded", "DOWNLOADED", Show::Count, |it| {
        it.answer(|answer| answer.downloaded.map(u64::from))
    });
pub(super) const ERROR: Column<Line> =
    Column::new("error", "ERROR", Show::Text(60), |it| {
        match &it.row.result {
            Ok(_) => Value::None,
            Err(failure) => Value::text(&*failure.text),
        }
    });

/// Of these rows those sent in the window.
pub(super) fn lines<'a, Row: Into<AnnounceRow>>(
    rows: impl Iterator<Item = Result<(TorrentNumber, Row), StoreError>> + 'a,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    let lines = rows.map(|row| {
        let (torrent, row) = row?;
        let of = Of::torrent(torrent, catalog);
        Ok(Line {
            of,
            row: row.into(),
        })
    });
    lines.filter(|line| match line {
        Ok(line) => selection.holds(line.row.at),
        Err(_) => true,
    })
}
