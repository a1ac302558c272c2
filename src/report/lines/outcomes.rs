//! `bta-dump outcomes`: how contacts and incoming connections ended.
//!
//! For each kind of attempt the counts add up to the attempts: each attempt ends
//! in exactly one outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::selection::Selection;
use crate::report::units::percent;
use crate::report::value::{Column, Show, Value};
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{Attempt, Outcome};

/// How many attempts of one kind ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The kind of attempt.
    pub attempt: Attempt,
    /// The client family, if families are kept apart; empty while unknown.
    pub family: Option<Arc<str>>,
    /// How they ended.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
    /// All attempts of this kind (and family).
    pub attempts: u64,
}

const ATTEMPT: Column<Line> = Column::new("attempt", "ATTEMPT", Show::Text(20), |it: &Line| {
    Value::text(it.attempt.label())
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
    Value::Real(percent(it.count, it.attempts))
});
const ATTEMPTS: Column<Line> = Column::new("attempts", "OF", Show::Count, |it: &Line| {
    Value::Count(it.attempts)
});

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[ATTEMPT, OUTCOME, COUNT, SHARE, ATTEMPTS];

/// Its columns if client families are kept apart.
pub const COLUMNS_BY_FAMILY: &[Column<Line>] = &[ATTEMPT, FAMILY, OUTCOME, COUNT, SHARE, ATTEMPTS];

/// Counts of the window, over all torrents selected.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
    by_family: bool,
) -> Result<Vec<Line>, StoreError> {
    let mut counts = Counts::default();
    for row in reader.outcomes(selection.torrent) {
        let (_, row) = row?;
        if selection.holds_hour(row.hour) {
            let family = by_family.then_some(row.family);
            counts.add(row.attempt, family, row.outcome, row.count);
        }
    }
    Ok(counts.lines())
}

/// A kind of attempt; and the client family, if families are kept apart.
type Kind = (Attempt, Option<Arc<str>>);

/// Counts on their way to lines.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<Kind, BTreeMap<Outcome, u64>>);

impl Counts {
    /// Adds attempts that ended alike.
    pub fn add(
        &mut self,
        attempt: Attempt,
        family: Option<Arc<str>>,
        outcome: Outcome,
        count: u64,
    ) {
        let of_kind = self.0.entry((attempt, family)).or_default();
        *of_kind.entry(outcome).or_default() += count;
    }

    /// The lines, in the order of attempts, families and outcomes.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for ((attempt, family), outcomes) in &self.0 {
            let attempts = outcomes.values().sum();
            lines.extend(outcomes.iter().map(|(outcome, count)| Line {
                attempt: *attempt,
                family: family.clone(),
                outcome: *outcome,
                count: *count,
                attempts,
            }));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_to_the_attempts() {
        let mut counts = Counts::default();
        counts.add(Attempt::First, None, Outcome::Success, 3);
        counts.add(Attempt::First, None, Outcome::TimedOut, 4);
        counts.add(Attempt::First, None, Outcome::Success, 2);
        counts.add(Attempt::Later, None, Outcome::Success, 1);
        let lines = counts.lines();
        let first: Vec<_> = lines
            .iter()
            .filter(|it| it.attempt == Attempt::First)
            .collect();
        assert_eq!(first.iter().map(|it| it.count).sum::<u64>(), 9);
        assert!(first.iter().all(|it| it.attempts == 9));
        assert_eq!(lines.last().unwrap().attempts, 1);
    }
}
