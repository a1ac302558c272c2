//! `bta-dump hearsay`: what others said of peers.

use super::Of;
use crate::protocol::peer::pex::PexFlags;
use crate::report::selection::{Catalog, Selection};
use crate::report::value::{Column, Show, Value};
use crate::store::records::HearsayRow;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{PeerNumber, Source};

/// What was said of one peer.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    peer: PeerNumber,
    row: HearsayRow,
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
    Column::new("source", "SOURCE", Show::Text(10), |it| {
        Value::text(it.row.source.label())
    }),
    Column::new("seed", "SEED", Show::Text(5), |it| {
        it.row.seed.map_or(Value::None, Value::Flag)
    }),
    Column::new("encryption", "ENCRYPTION", Show::Text(5), |it| {
        it.flag(PexFlags::ENCRYPTION)
    }),
    Column::new("utp", "UTP", Show::Text(5), |it| it.flag(PexFlags::UTP)),
    Column::new("holepunch", "HOLEPUNCH", Show::Text(5), |it| {
        it.flag(PexFlags::HOLEPUNCH)
    }),
    Column::new("reachable", "REACHABLE", Show::Text(5), |it| {
        it.flag(PexFlags::REACHABLE)
    }),
];

impl Line {
    /// Only peer exchange speaks in flags.
    fn flag(&self, flag: PexFlags) -> Value {
        match self.row.source {
            Source::Pex => Value::Flag(PexFlags(self.row.flags).has(flag)),
            _ => Value::None,
        }
    }
}

/// What was said in the window.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    let rows = reader.hearsay(selection.torrent);
    let rows = rows.filter(|row| row.as_ref().map_or(true, |(_, it)| selection.holds(it.at)));
    rows.map(|row| {
        row.map(|((torrent, peer), row)| Line {
            of: Of::torrent(torrent, catalog),
            peer,
            row,
        })
    })
}
