//! How fast pieces are gained, over a sliding window.

use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::Observation;
use crate::swarm::yardstick::Yardstick;

/// Two earlier observations to measure from, the older one at least a window old
/// once the session is.
///
/// Two are enough: whoever gains too fast for longer than a window gains too fast
/// from one of them, however small each message's share is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    older: Observation,
    newer: Observation,
}

impl Growth {
    pub(super) fn since(start: Observation) -> Self {
        Growth {
            older: start,
            newer: start,
        }
    }

    /// A message came; `before` is what was known until then.
    pub(super) fn heard(&mut self, now: Moment, before: Observation, window: Duration) {
        if now.since(self.newer.at) >= window {
            self.older = self.newer;
            self.newer = before;
        }
    }

    /// Whether a gain from either observation is faster than any line.
    pub(super) fn implausible(&self, is: Observation, by: &Yardstick, holds_back: bool) -> bool {
        by.implausible(self.older, is, holds_back) || by.implausible(self.newer, is, holds_back)
    }

    /// Bytes a second since the older observation, over at least `least`.
    pub(super) fn bytes_per_s(&self, is: Observation, by: &Yardstick, least: Duration) -> u64 {
        by.bytes_per_s(self.older, is, least)
    }

    /// How long the older observation is past.
    pub(super) fn span(&self, now: Moment) -> Duration {
        now.since(self.older.at)
    }
}
