//! `bta-dump sources`: what each source of addresses brought.

use std::collections::BTreeMap;

use super::Of;
use crate::moment::Moment;
use crate::report::selection::{Catalog, HOUR_MS, Selection};
use crate::report::units::percent;
use crate::report::value::{Column, Show, Value};
use crate::store::records::SourceCounts;
use crate::store::{Reader, StoreError};
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::Source;

/// What one source brought for one torrent.
#[derive(Clone, Debug)]
pub struct Line {
    of: Of,
    /// Whole hours since the epoch, if hours are kept apart.
    hour: Option<u32>,
    source: Source,
    counts: SourceCounts,
}

const HOUR: Column<Line> = Column::new("hour", "HOUR (UTC)", Show::Text(19), |it: &Line| {
    let at = it.hour.map(|hour| u64::from(hour) * HOUR_MS);
    Value::time(at.map(Moment::from_millis))
});
const TORRENT: Column<Line> = Column::data("torrent", |it: &Line| it.of.hash());
const NUMBER: Column<Line> = Column::new("torrent_number", "#", Show::Count, |it: &Line| {
    it.of.number()
});
const SOURCE: Column<Line> = Column::new("source", "SOURCE", Show::Text(10), |it: &Line| {
    Value::text(it.source.label())
});
const RECEIVED: Column<Line> = Column::new("received", "RECEIVED", Show::Count, |it: &Line| {
    Value::Count(it.counts.received)
});
const NEW: Column<Line> = Column::new("new", "NEW", Show::Count, |it: &Line| {
    Value::Count(it.counts.new)
});
const DUPLICATE: Column<Line> = Column::new("duplicate", "DUPLICATE", Show::Count, |it: &Line| {
    Value::Count(it.counts.duplicate)
});
const CONTACTED: Column<Line> = Column::new("contacted", "CONTACTED", Show::Count, |it: &Line| {
    Value::Count(it.counts.contacted)
});
const REACHED: Column<Line> = Column::new("reached", "REACHED", Show::Count, |it: &Line| {
    Value::Count(it.counts.reached)
});
const SHARE: Column<Line> = Column::new("reached_percent", "SHARE", Show::Percent, |it: &Line| {
    // Who comes to us is reached without being contacted.
    match it.counts.contacted {
        0 => Value::None,
        contacted => Value::Real(percent(it.counts.reached, contacted)),
    }
});
const CONFIRMED: Column<Line> = Column::new("confirmed", "CONFIRMED", Show::Count, |it: &Line| {
    Value::Count(it.counts.confirmed)
});

macro_rules! came_to {
    ($name:literal, $head:literal, $state:ident) => {
        Column::new($name, $head, Show::Count, |it: &Line| {
            Value::Count(it.counts.came_to.of(AddressState::$state))
        })
    };
}

const NOT_CONTACTED: Column<Line> = came_to!("not_contacted", "NOT CONTACTED", NotContacted);
const NEVER_REACHABLE: Column<Line> =
    came_to!("never_reachable", "NEVER REACHABLE", NeverReachable);
const MUTE: Column<Line> = came_to!("mute", "MUTE", Mute);
const NO_PEER: Column<Line> = came_to!("no_peer", "NO PEER", NoPeer);
const TURNED_AWAY: Column<Line> = came_to!("turned_away", "TURNED AWAY", TurnedAway);
const UNSETTLED: Column<Line> = came_to!("unsettled", "UNSETTLED", Unsettled);
const OWN: Column<Line> = came_to!("own", "OWN", Own);
const MET: Column<Line> = came_to!("met", "MET", Met);

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    TORRENT,
    NUMBER,
    SOURCE,
    RECEIVED,
    NEW,
    DUPLICATE,
    CONTACTED,
    REACHED,
    SHARE,
    CONFIRMED,
    NOT_CONTACTED,
    NEVER_REACHABLE,
    MUTE,
    NO_PEER,
    TURNED_AWAY,
    UNSETTLED,
    OWN,
    MET,
];

/// Its columns if hours are kept apart.
pub const COLUMNS_HOURLY: &[Column<Line>] = &[
    TORRENT,
    HOUR,
    NUMBER,
    SOURCE,
    RECEIVED,
    NEW,
    DUPLICATE,
    CONTACTED,
    REACHED,
    SHARE,
    CONFIRMED,
    NOT_CONTACTED,
    NEVER_REACHABLE,
    MUTE,
    NO_PEER,
    TURNED_AWAY,
    UNSETTLED,
    OWN,
    MET,
];

/// Counters of the window, torrent by torrent.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    catalog: &Catalog,
    selection: &Selection,
    hourly: bool,
) -> Result<impl Iterator<Item = Result<Line, StoreError>>, StoreError> {
    let mut found: BTreeMap<_, SourceCounts> = BTreeMap::new();
    for row in reader.sources(selection.torrent) {
        let (torrent, row) = row?;
        if selection.holds_hour(row.hour) {
            let hour = hourly.then_some(row.hour);
            let counts = found.entry((torrent, hour, row.source)).or_default();
            counts.add(&row.counts);
        }
    }
    let lines = found.into_iter();
    let lines = lines.map(|((torrent, hour, source), counts)| Line {
        of: Of::torrent(torrent, catalog),
        hour,
        source,
        counts,
    });
    Ok(lines.map(Ok).collect::<Vec<_>>().into_iter())
}
