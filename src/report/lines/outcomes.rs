//! `bta-dump outcomes`: how contacts and incoming connections ended, or what each of
//! their connections gave, by way.
//!
//! For each kind of attempt the counts add up to the attempts: each attempt ends
//! in exactly one outcome. So they do for each way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::selection::Selection;
use crate::report::units::percent;
use crate::report::value::{Column, Show, Value};
use crate::store::{Reader, StoreError};
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Direction, Outcome};

/// How many attempts of one kind, or connections by one way, ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The kind of attempt, or the way.
    pub counted: Counted,
    /// The client family, if families are kept apart; empty while unknown.
    pub family: Option<Arc<str>>,
    /// How they ended.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
    /// All of this kind (and family).
    pub all: u64,
}

/// What is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Ways, instead of kinds of attempts.
    pub by_way: bool,
    /// Client families.
    pub by_family: bool,
}

const ATTEMPT: Column<Line> = Column::new("attempt", "ATTEMPT", Show::Text(20), |it: &Line| {
    let attempt = it.counted.attempt();
    Value::text(attempt.map(|it| it.label()).unwrap_or_default())
});
const OPENED: Column<Line> = Column::new("opened", "OPENED", Show::Text(20), |it: &Line| {
    Value::text(match it.counted.way() {
        Some((Direction::Outgoing, _)) => "dialled",
        Some((Direction::Incoming, _)) => "accepted",
        None => "",
    })
});
const WAY: Column<Line> = Column::new("way", "WAY", Show::Text(20), |it: &Line| {
    let way = it.counted.way();
    Value::text(way.map(|(_, way)| way.label()).unwrap_or_default())
});
const FAMILY: Column<Line> = Column::new("family", "FAMILY", Show::Text(20), |it: &Line| {
    Value::text(it.family.as_deref().unwrap_or_default())
});
const OUTCOME: Column<Line> = Column::new("outcome", "OUTCOME", Show::Text(20), |it: &Line| {
    Value::text(it.outcome.label())
});
const COUNT: Column<Line> = Column::new("count", "COUNT", Show::Count, |it: &Line| {
    Value::Count(it.count)
});
const SHARE: Column<Line> = Column::new("share_percent", "SHARE", Show::Percent, |it: &Line| {
    Value::Real(percent(it.count, it.all))
});
const ATTEMPTS: Column<Line> = Column::new("attempts", "OF", Show::Count, |it: &Line| {
    Value::Count(it.all)
});
const CONNECTIONS: Column<Line> = Column::new("connections", "OF", Show::Count, |it: &Line| {
    Value::Count(it.all)
});

impl Apart {
    /// The columns of its lines.
    pub const fn columns(self) -> &'static [Column<Line>] {
        match (self.by_way, self.by_family) {
            (false, false) => &[ATTEMPT, OUTCOME, COUNT, SHARE, ATTEMPTS],
            (false, true) => &[ATTEMPT, FAMILY, OUTCOME, COUNT, SHARE, ATTEMPTS],
            (true, false) => &[OPENED, WAY, OUTCOME, COUNT, SHARE, CONNECTIONS],
            (true, true) => &[OPENED, WAY, FAMILY, OUTCOME, COUNT, SHARE, CONNECTIONS],
        }
    }
}

/// Counts of the window, over all torrents selected.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
    apart: Apart,
) -> Result<Vec<Line>, StoreError> {
    let mut counts = Counts::default();
    for row in reader.outcomes(selection.torrent) {
        let (_, row) = row?;
        let told = match apart.by_way {
            true => row.counted.way().is_some(),
            false => row.counted.attempt().is_some(),
        };
        if told && selection.holds_hour(row.hour) {
            let family = apart.by_family.then_some(row.family);
            counts.add(row.counted, family, row.outcome, row.count);
        }
    }
    Ok(counts.lines())
}

/// A kind of attempt, or a way; and the client family, if families are kept apart.
type Kind = (Counted, Option<Arc<str>>);

/// Counts on their way to lines.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<Kind, BTreeMap<Outcome, u64>>);

impl Counts {
    /// Adds what ended alike.
    pub fn add(
        &mut self,
        counted: Counted,
        family: Option<Arc<str>>,
        outcome: Outcome,
        count: u64,
    ) {
        let of_kind = self.0.entry((counted, family)).or_default();
        *of_kind.entry(outcome).or_default() += count;
    }

    /// The lines, in the order of attempts, ways, families and outcomes.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for ((counted, family), outcomes) in &self.0 {
            let all = outcomes.values().sum();
            lines.extend(outcomes.iter().map(|(outcome, count)| Line {
                counted: *counted,
                family: family.clone(),
                outcome: *outcome,
                count: *count,
                all,
            }));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::peer::Way;
    use crate::swarm::facts::Attempt;

    #[test]
    fn counts_add_up_to_the_attempts() {
        let mut counts = Counts::default();
        let first = Counted::Attempt(Attempt::First);
        counts.add(first, None, Outcome::Success, 3);
        counts.add(first, None, Outcome::TimedOut, 4);
        counts.add(first, None, Outcome::Success, 2);
        let dialled = Counted::Dialled(Way::PLAIN_TCP);
        counts.add(dialled, None, Outcome::Success, 1);
        let lines = counts.lines();
        let of_first: Vec<_> = lines.iter().filter(|it| it.counted == first).collect();
        assert_eq!(of_first.iter().map(|it| it.count).sum::<u64>(), 9);
        assert!(of_first.iter().all(|it| it.all == 9));
        assert_eq!(lines.last().unwrap().all, 1);
    }
}
