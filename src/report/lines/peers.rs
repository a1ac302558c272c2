//! `bta-dump peers`: what is known of every peer.

use super::Of;
use super::whereabouts::Whereabouts;
use crate::report::selection::{Catalog, Selection};
use crate::report::units::progress;
use crate::report::value::{ADDRESS, Column, Show, Value};
use crate::store::records::PeerRow;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{Observation, PeerNumber, PeerState};
use crate::swarm::presence::Presence;

/// A peer of a torrent.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    peer: PeerNumber,
    total_pieces: u32,
    row: PeerRow,
    at: Whereabouts,
}

fn seen_at(observation: Option<Observation>) -> Value {
    Value::time(observation.map(|it| it.at))
}

fn pieces(observation: Option<Observation>) -> Value {
    Value::count(observation.map(|it| it.pieces))
}

impl Line {
    fn progress(&self) -> Value {
        match self.row.last {
            Some(last) if self.total_pieces > 0 => {
                Value::Real(progress(last.pieces.into(), self.total_pieces.into()))
            }
            _ => Value::None,
        }
    }
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::data("torrent", |it: &Line| it.of.hash()),
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
    Column::new("state", "STATE", Show::Text(20), |it| {
        Value::text(it.row.state.label())
    }),
    Column::new("presence", "PRESENCE", Show::Text(12), |it| {
        match it.row.presence {
            Presence::Untold => Value::None,
            presence => Value::text(presence.label()),
        }
    }),
    Column::new("progress_percent", "PROGRESS", Show::Percent, |it| {
        it.progress()
    }),
    Column::new("first_at", "FIRST (UTC)", Show::Text(19), |it| {
        seen_at(it.row.first)
    }),
    Column::data("first_pieces", |it| pieces(it.row.first)),
    Column::new("last_at", "LAST (UTC)", Show::Text(19), |it| {
        seen_at(it.row.last)
    }),
    Column::data("last_pieces", |it| pieces(it.row.last)),
    Column::data("below_at", |it| seen_at(it.row.below)),
    Column::data("below_pieces", |it| pieces(it.row.below)),
    Column::data("total_pieces", |it| {
        Value::count((it.total_pieces > 0).then_some(it.total_pieces))
    }),
    Column::new(
        "best_speed_bytes_per_s",
        "BEST SPEED",
        Show::Speed,
        |it| match it.row.best_speed {
            0 => Value::None,
            speed => Value::Count(speed.into()),
        },
    ),
    Column::new("visits", "VISITS", Show::Count, |it| {
        Value::Count(it.row.visits.into())
    }),
    Column::new("sources", "SOURCES", Show::Text(24), |it| {
        let labels = it
            .row
            .sources
            .iter()
            .map(|source| source.label().to_owned());
        Value::List(labels.collect())
    }),
    Column::data("named_at", |it| {
        let sources = it.row.sources;
        let times = sources.iter().map(|source| sources.first_at(source));
        let times = times.map(|at| at.map(|it| it.to_string()).unwrap_or_default());
        Value::List(times.collect())
    }),
    Column::data("direction", |it| Value::text(it.row.direction.label())),
    Column::new("client", "CLIENT", Show::Text(30), |it| {
        Value::text(&*it.row.client)
    }),
    Column::data("merged_into", |it| {
        Value::count(it.row.merged_into.map(|number| number.0))
    }),
    Column::data("continent", |it| it.at.continent()),
    Column::new("country", "COUNTRY", Show::Text(7), |it| it.at.country()),
    Column::data("city", |it| it.at.city()),
    Column::data("latitude", |it| it.at.latitude()),
    Column::data("longitude", |it| it.at.longitude()),
    Column::data("asn", |it| it.at.asn()),
    Column::data("organisation", |it| it.at.organisation()),
    Column::data("seen_at", |it| Value::Time(it.row.seen_at)),
];

/// Those heard of in the window, from first observation to last sign of life; with
/// `unknown` only those whose fate is unknown for one of these reasons.
pub fn lines<'a>(
    reader: &'a Reader,
    catalog: &'a Catalog,
    selection: &'a Selection,
    unknown: Option<&'a [Presence]>,
) -> impl Iterator<Item = Result<Line, StoreError>> + 'a {
    let wanted = move |row: &PeerRow| {
        let is_unknown =
            |why: &[Presence]| row.state == PeerState::Below && why.contains(&row.presence);
        unknown.is_none_or(is_unknown)
    };
    let rows = selection.peers(reader);
    let rows = rows.filter(move |row| row.as_ref().map_or(true, |(_, row)| wanted(row)));
    rows.map(|row| {
        let ((torrent, peer), row) = row?;
        Ok(Line {
            of: Of::torrent(torrent, catalog),
            peer,
            total_pieces: catalog.pieces(torrent),
            at: Whereabouts::of(&row),
            row,
        })
    })
}
