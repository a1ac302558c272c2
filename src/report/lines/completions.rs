//! `bta-dump completions`: who completed a download, and when.

use super::Of;
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{ADDRESS, Column, Show, Value};
use crate::store::records::CompletionRow;
use crate::store::tail::Risen;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{PeerNumber, Verdict};

/// A rise to the threshold.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    peer: PeerNumber,
    row: CompletionRow,
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::data("torrent", |it: &Line| it.of.hash()),
    Column::new("at", "AT (UTC)", Show::Text(19), |it| {
        Value::Time(it.row.at)
    }),
    Column::new("torrent_number", "#", Show::Count, |it| it.of.number()),
    Column::new("peer", "PEER", Show::Count, |it| {
        Value::Count(it.peer.0.into())
    }),
    Column::new(ADDRESS, "ADDRESS", Show::Text(47), |it| {
        Value::text(
            it.row
                .raw_address
                .map_or(String::new(), |it| it.to_string()),
        )
    }),
    Column::data("below_at", |it| Value::Time(it.row.below_at)),
    Column::shown("PIECES", Show::Text(40), |it| {
        let row = &it.row;
        Value::Text(format!(
            "{} > {} > {} of {}",
            row.first_pieces, row.below_pieces, row.pieces, row.total_pieces
        ))
    }),
    Column::new("evidence", "EVIDENCE", Show::Text(20), |it| {
        Value::text(it.row.evidence.label())
    }),
    Column::data("link", |it| Value::text(it.row.link.label())),
    Column::new("verdict", "VERDICT", Show::Text(20), |it| {
        Value::text(it.row.verdict.label())
    }),
    Column::data("first_seen", |it| Value::Time(it.row.first_seen)),
    Column::data("first_pieces", |it| {
        Value::Count(it.row.first_pieces.into())
    }),
    Column::data("below_pieces", |it| {
        Value::Count(it.row.below_pieces.into())
    }),
    Column::data("pieces", |it| Value::Count(it.row.pieces.into())),
    Column::data("total_pieces", |it| {
        Value::Count(it.row.total_pieces.into())
    }),
    Column::new("source", "SOURCE", Show::Text(10), |it| {
        Value::text(it.row.source.label())
    }),
    Column::new("direction", "DIRECTION", Show::Text(10), |it| {
        Value::text(it.row.direction.label())
    }),
    Column::new("client", "CLIENT", Show::Text(30), |it| {
        Value::text(&*it.row.client)
    }),
];

/// Which rises are wanted, of whatever torrents there are.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Info-hashes of the torrents.
    pub catalog: &'a Catalog,
    /// Of which torrent, and when.
    pub selection: &'a Selection,
    /// Of which verdicts.
    pub verdicts: &'a [Verdict],
}

impl Wanted<'_> {
    /// The line of a rise, if it is wanted.
    pub fn line(&self, ((torrent, peer), row): Risen) -> Option<Line> {
        let of_torrent = self.selection.torrent.is_none_or(|it| it == torrent);
        let wanted = of_torrent && self.verdicts.contains(&row.verdict);
        let of = Of::torrent(torrent, self.catalog);
        (wanted && self.selection.holds(row.at)).then_some(Line { of, peer, row })
    }

    /// Those of a store, in the order of their times.
    ///
    /// # Errors
    /// The store fails.
    pub fn lines(
        &self,
        reader: &Reader,
    ) -> Result<impl Iterator<Item = Result<Line, StoreError>> + use<>, StoreError> {
        let mut found = Vec::new();
        for row in reader.completions(self.selection.torrent) {
            found.extend(self.line(row?));
        }
        // Stable: those of one moment stay in the order of torrents and peers.
        found.sort_by_key(|line| line.row.at);
        Ok(found.into_iter().map(Ok))
    }
}
