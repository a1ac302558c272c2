//! How a peer's progress moves: its speed, and whether it can be believed.

use std::time::Duration;

use super::Terms;
use super::checking::Run;
use super::growth::Growth;
use crate::moment::Moment;
use crate::swarm::facts::Observation;
use crate::swarm::pace::Pace;

/// What is measured from one settled observation to the next.
#[derive(Debug)]
pub(super) struct Tempo {
    believed: Growth,
    implausible: bool,
    speed: Growth,
    best_bytes_per_s: u64,
    run: Run,
    changes: u32,
    changed_at: Moment,
}

impl Tempo {
    pub(super) fn since(start: Observation) -> Self {
        Tempo {
            believed: Growth::since(start),
            implausible: false,
            speed: Growth::since(start),
            best_bytes_per_s: 0,
            run: Run::since(start.at),
            changes: 0,
            changed_at: start.at,
        }
    }

    /// Measures from here: a first observation, or pieces lost.
    pub(super) fn restart(&mut self, from: Observation) {
        self.believed = Growth::since(from);
        self.speed = Growth::since(from);
        self.run = Run::since(from.at);
        self.changed_at = from.at;
    }

    /// A HAVE for a new piece came; `before` is the time of the message before it.
    pub(super) fn have(&mut self, now: Moment, before: Moment, piece: u32, terms: &Terms) {
        self.run.have(now, before, piece, terms.pace.burst_gap());
    }

    /// Pieces were gained.
    pub(super) fn grew(&mut self, before: Observation, is: Observation, terms: &Terms) {
        if self.changes == 0 || is.at.since(self.changed_at) >= terms.pace.burst_gap() {
            self.changes = self.changes.saturating_add(1);
        }
        self.changed_at = is.at;

        let window = Pace::plausible_window(terms.holds_back);
        self.believed.heard(is.at, before, window);
        self.implausible |= self
            .believed
            .implausible(is, &terms.yardstick, terms.holds_back);

        let window = terms.pace.speed_window();
        self.speed.heard(is.at, before, window);
        if self.speed.span(is.at) >= window / 3 {
            let speed = self.recent_speed(is, terms);
            self.best_bytes_per_s = self.best_bytes_per_s.max(speed);
        }
    }

    /// Bytes a second over the last window; 0 if unknown.
    pub(super) fn recent_speed(&self, is: Observation, terms: &Terms) -> u64 {
        // Two messages of one burst would make a speed out of nothing.
        let least: Duration = terms.pace.burst_max();
        self.speed.bytes_per_s(is, &terms.yardstick, least)
    }

    pub(super) fn best_speed(&self) -> u64 {
        self.best_bytes_per_s
    }

    /// Whether pieces were ever gained faster than any line can carry.
    pub(super) fn implausible(&self) -> bool {
        self.implausible
    }

    pub(super) fn is_checking(&self, now: Moment, terms: &Terms) -> bool {
        self.run.is_checking(now, &terms.yardstick)
    }

    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    pub(super) fn changed_at(&self) -> Moment {
        self.changed_at
    }
}
