//! Counters of one swarm by hour: how attempts ended, what sources brought.

use std::collections::HashSet;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::swarm::address_state::AddressCounts;
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Attempt, Direction, Outcome, Source};
use crate::swarm::ways::Dial;
use crate::table::Table;

use super::Totals;
use super::addresses::Risen;

/// What is counted of attempts, and of the connections that they made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutcomeKey {
    /// Whole hours since the epoch.
    pub hour: u32,
    /// What kind of attempt, or which way.
    pub counted: Counted,
    /// Client family, as far as it was known.
    pub family: Family,
    /// How it ended; a connection by which hands were shaken is a success.
    pub outcome: Outcome,
}

/// Counters of one source of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceTally {
    /// Addresses received.
    pub received: u64,
    /// Of these, unknown until then.
    pub new: u64,
    /// Of these, known already.
    pub duplicate: u64,
    /// Of these, excluded by the user: never contacted.
    pub excluded: u64,
    /// Contacts started to addresses that it named first.
    pub contacted: u64,
    /// Of these, contacts that reached a peer.
    pub reached: u64,
    /// Confirmed downloads of peers that it named first.
    pub confirmed: u64,
    /// What came of the new ones until now: they add up to these.
    pub came_to: AddressCounts,
}

impl SourceTally {
    /// With the counters of another hour or swarm.
    pub(super) fn add(&mut self, other: &SourceTally) {
        self.received += other.received;
        self.new += other.new;
        self.duplicate += other.duplicate;
        self.excluded += other.excluded;
        self.contacted += other.contacted;
        self.reached += other.reached;
        self.confirmed += other.confirmed;
        self.came_to.add(&other.came_to);
    }
}

/// Absolute counters, and which of them changed since they were last taken.
#[derive(Debug, Default)]
pub struct Tally {
    outcomes: Table<OutcomeKey, u64>,
    sources: Table<(u32, Source), SourceTally>,
    changed_outcomes: HashSet<OutcomeKey>,
    changed_sources: HashSet<(u32, Source)>,
    totals: Totals,
}

impl Tally {
    /// A counter as an earlier run of the same store left it.
    pub fn restore_outcome(&mut self, key: OutcomeKey, count: u64) {
        self.outcomes.insert(key, count);
        if let Counted::Attempt(attempt) = key.counted {
            self.totals.count_ended(attempt, key.outcome, count);
        }
    }

    /// Counters as an earlier run of the same store left them.
    pub fn restore_source(&mut self, hour: u32, source: Source, tally: SourceTally) {
        self.sources.insert((hour, source), tally);
        self.totals.count_source(source, |it| it.add(&tally));
    }

    /// An attempt ended.
    pub fn ended(&mut self, now: Moment, attempt: Attempt, family: Family, outcome: Outcome) {
        self.count_outcome(now, Counted::Attempt(attempt), family, outcome, 1);
        self.totals.count_ended(attempt, outcome, 1);
    }

    /// One of an attempt's connections came to this.
    pub fn connected(&mut self, now: Moment, by: Direction, dial: &Dial, family: Family) {
        let counted = Counted::connection(by, dial.way);
        self.count_outcome(now, counted, family, dial.outcome, 1);
    }

    /// An attempt had a slot for so long.
    pub fn had_slot(&mut self, now: Moment, span: Duration, family: Family, outcome: Outcome) {
        let millis = span.as_millis() as u64;
        self.count_outcome(now, Counted::SlotTime, family, outcome, millis);
    }

    fn count_outcome(
        &mut self,
        now: Moment,
        counted: Counted,
        family: Family,
        outcome: Outcome,
        more: u64,
    ) {
        let key = OutcomeKey {
            hour: now.hour(),
            counted,
            family,
            outcome,
        };
        *self.outcomes.entry(key).or_default() += more;
        self.changed_outcomes.insert(key);
    }

    /// Something happened with what a source brought.
    pub fn source(&mut self, now: Moment, source: Source, count: impl Fn(&mut SourceTally)) {
        self.count_source((now.hour(), source), count);
    }

    /// More came of an address than had before: it counts where it was new.
    pub(super) fn risen(&mut self, it: &Risen) {
        let key = (it.known.hour, it.known.source);
        self.count_source(key, |tally| tally.came_to.turn(it.known.state, it.to));
    }

    fn count_source(&mut self, key: (u32, Source), count: impl Fn(&mut SourceTally)) {
        let source = key.1;
        count(self.sources.entry(key).or_default());
        self.totals.count_source(source, count);
        self.changed_sources.insert(key);
    }

    /// The counters of outcomes that changed since the last call.
    pub fn take_outcomes(&mut self) -> Vec<(OutcomeKey, u64)> {
        let changed = std::mem::take(&mut self.changed_outcomes);
        let rows = changed.into_iter();
        rows.map(|key| (key, self.outcomes[&key])).collect()
    }

    /// The counters of sources that changed since the last call.
    pub fn take_sources(&mut self) -> Vec<(u32, Source, SourceTally)> {
        let changed = std::mem::take(&mut self.changed_sources);
        let rows = changed.into_iter();
        rows.map(|key| (key.0, key.1, self.sources[&key])).collect()
    }

    /// These were not stored after all: they are to be taken again.
    pub fn untake(&mut self, outcomes: &[OutcomeKey], sources: &[(u32, Source)]) {
        self.changed_outcomes.extend(outcomes);
        self.changed_sources.extend(sources);
    }

    /// Whether a counter changed since it was last taken.
    pub fn has_news(&self) -> bool {
        !self.changed_outcomes.is_empty() || !self.changed_sources.is_empty()
    }

    /// All hours together.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }
}
