//! Counters of one swarm over all hours, ready for whoever watches.

use crate::swarm::facts::{Attempt, Outcome, Source};

use super::SourceTally;

/// How attempts ended and what sources brought, all hours together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    outcomes: [[u64; Outcome::ALL.len()]; Attempt::ALL.len()],
    sources: [SourceTally; Source::ALL.len()],
}

impl Totals {
    /// Attempts of this kind that ended so.
    pub fn ended(&self, attempt: Attempt, outcome: Outcome) -> u64 {
        self.outcomes[attempt as usize][outcome as usize]
    }

    /// Attempts of this kind that have ended.
    pub fn attempts(&self, attempt: Attempt) -> u64 {
        self.outcomes[attempt as usize].iter().sum()
    }

    /// What came of one source.
    pub fn source(&self, source: Source) -> &SourceTally {
        &self.sources[source as usize]
    }

    /// Contacts started, whoever named the address.
    pub fn contacted(&self) -> u64 {
        self.sources.iter().map(|it| it.contacted).sum()
    }

    /// With the counters of another swarm.
    pub fn add(&mut self, other: &Totals) {
        for attempt in Attempt::ALL {
            for outcome in Outcome::ALL {
                let count = other.ended(*attempt, *outcome);
                self.count_ended(*attempt, *outcome, count);
            }
        }
        for source in Source::ALL {
            self.count_source(*source, |it| it.add(other.source(*source)));
        }
    }

    pub(super) fn count_ended(&mut self, attempt: Attempt, outcome: Outcome, more: u64) {
        self.outcomes[attempt as usize][outcome as usize] += more;
    }

    pub(super) fn count_source(&mut self, source: Source, count: impl FnOnce(&mut SourceTally)) {
        count(&mut self.sources[source as usize]);
    }
}
