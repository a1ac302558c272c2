//! `bta-dump fates`: what became of the peers of each client family, and so what limits
//! the count.
//!
//! Each peer is in one class: unsettled, complete, confirmed, not counted, partial seed,
//! or, for one reason or another, of unknown fate.

use std::collections::BTreeMap;

use crate::protocol::peer::family::Family;
use crate::report::selection::Selection;
use crate::report::summary::PeerCounts;
use crate::report::value::{Column, Show, Value};
use crate::store::{Reader, StoreError};
use crate::swarm::facts::PeerState;
use crate::swarm::presence::Presence;

/// What became of the peers of one family, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The family; none for all of them together.
    pub family: Option<Family>,
    /// Its peers, by where they stand.
    pub peers: PeerCounts,
    /// Those that were observed in one session only.
    pub seen_once: u64,
}

macro_rules! column {
    ($name:literal, $head:literal, $count:expr) => {
        Column::new($name, $head, Show::Count, |it: &Line| {
            let count: fn(&Line) -> u64 = $count;
            Value::Count(count(it))
        })
    };
}

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::new("family", "FAMILY", Show::Text(14), |it: &Line| {
        Value::text(it.family.map_or("all", Family::label))
    }),
    column!("peers", "PEERS", |it| it.peers.seen),
    column!("seen_once", "ONCE", |it| it.seen_once),
    column!("unsettled", "UNSETTLED", |it| it.peers.unsettled),
    column!("complete_at_first", "COMPLETE", |it| it
        .peers
        .complete_at_first),
    column!("confirmed", "CONFIRMED", |it| it.peers.confirmed),
    column!("not_counted", "NOT COUNTED", |it| it.peers.not_counted),
    column!("partial_seeds", "PARTIAL", |it| it.peers.partial_seeds),
    column!("fate_unknown", "UNKNOWN", |it| it.peers.fate_unknown),
    column!("watched", "WATCHED", |it| it.because(Presence::Watched)),
    column!("awaited", "AWAITED", |it| it.because(Presence::Awaited)),
    column!("no_slot", "NO SLOT", |it| it.because(Presence::NoSlot)),
    column!("turned_away", "TURNED AWAY", |it| it
        .because(Presence::TurnedAway)),
    column!("lost_later", "LOST", |it| it.lost_later()),
    column!("vanished", "VANISHED", |it| it.because(Presence::Vanished)),
    column!("unreachable", "UNREACHABLE", |it| it
        .because(Presence::Unreachable)),
    column!("undialable", "UNDIALABLE", |it| it
        .because(Presence::Undialable)),
    column!("interrupted", "INTERRUPTED", |it| it
        .because(Presence::Interrupted)),
    column!("untold", "UNTOLD", |it| it.because(Presence::Untold)),
];

impl Line {
    fn because(&self, why: Presence) -> u64 {
        self.peers.fate_unknown_why.of(why)
    }

    fn lost_later(&self) -> u64 {
        let lost = Presence::ALL.iter().filter(|it| it.is_lost());
        lost.map(|it| self.because(*it)).sum()
    }
}

/// The families of the peers that were seen in the window, those with the most peers of
/// unknown fate first; and, if wanted, all together.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
    with_sum: bool,
) -> Result<Vec<Line>, StoreError> {
    let mut families: BTreeMap<Family, Line> = BTreeMap::new();
    let mut all = Line::default();
    for row in selection.peers(reader) {
        let (_, row) = row?;
        let once = row.visits <= 1 && row.state != PeerState::Merged;
        let family = row.family();
        let of_family = families.entry(family).or_default();
        of_family.family = Some(family);
        for line in [of_family, &mut all] {
            line.peers.add(&row);
            line.seen_once += u64::from(once);
        }
    }
    let mut lines: Vec<_> = families.into_values().collect();
    lines.retain(|it| it.peers.seen > 0);
    lines.sort_by_key(|it| std::cmp::Reverse((it.peers.fate_unknown, it.peers.seen)));
    if with_sum {
        lines.push(all);
    }
    Ok(lines)
}
