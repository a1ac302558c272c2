//! What can be asked of a session's progress at any time.

use std::time::Duration;

use super::{Phase, Progress, Seen};
use crate::moment::Moment;
use crate::swarm::facts::Observation;

impl Progress {
    /// Pieces held as far as messages told, settled or not.
    pub fn count(&self) -> u32 {
        self.held.count()
    }

    /// Whether there is a first observation, a provisional one included.
    pub fn settled(&self) -> bool {
        matches!(self.phase, Phase::Settled | Phase::Provisional)
    }

    /// The settled observation as of now, for the end of the session.
    pub fn seen(&mut self, now: Moment) -> Option<Seen> {
        self.judge(now);
        self.settled().then(|| self.as_seen())
    }

    /// What an unsettled session knows below the threshold: good for a later
    /// observation, never for a first one.
    pub fn unsettled(&self) -> Option<Observation> {
        matches!(self.phase, Phase::Opening(..)).then(|| self.observation())
    }

    /// The last settled observation below the threshold.
    pub fn last_below(&self) -> Option<Observation> {
        self.below
    }

    /// The best speed over a window, bytes a second; 0 if unknown.
    pub fn best_speed(&self) -> u64 {
        self.tempo.best_speed()
    }

    /// The speed over the last window, bytes a second; 0 if unknown.
    pub fn recent_speed(&self, now: Moment) -> u64 {
        let is = Observation {
            at: now,
            pieces: self.count(),
        };
        self.tempo.recent_speed(is, &self.terms)
    }

    /// When the threshold will be reached at the recent speed; `None` if the speed
    /// is unknown, the session unsettled, or the threshold reached.
    pub fn expected_finish(&self, now: Moment) -> Option<Moment> {
        let yardstick = &self.terms.yardstick;
        let missing = yardstick.threshold.checked_sub(self.count())?;
        let speed = self.recent_speed(now);
        if missing == 0 || speed == 0 || !self.settled() {
            return None;
        }
        let bytes = u128::from(missing) * u128::from(yardstick.piece_length);
        let millis = (bytes * 1000).div_ceil(u128::from(speed));
        Some(now + Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// How often progress grew since it settled; what comes in one burst is one
    /// change.
    pub fn changes(&self) -> u32 {
        self.tempo.changes()
    }

    /// The keyed sum of the pieces held (see [`Seen::set_sum`]).
    pub fn set_sum(&self) -> u64 {
        self.held.telling_sum()
    }

    pub(super) fn observation(&self) -> Observation {
        let (at, pieces) = (self.known_at, self.count());
        Observation { at, pieces }
    }

    pub(super) fn as_seen(&self) -> Seen {
        Seen {
            at: self.known_at,
            pieces: self.count(),
            set_sum: self.held.telling_sum(),
            showing: self.honesty.showing,
            revealed: self.honesty.revealed,
            // rTorrent sends the pieces it has in the handshake itself: its silence
            // is as good as HAVE_NONE.
            provisional: self.phase == Phase::Provisional && !self.terms.holds_back,
            implausible: self.tempo.implausible(),
            holds_back: self.terms.holds_back,
        }
    }
}
