//! When to announce next: as often as the tracker permits, never more.

use std::time::Duration;

use super::Announced;
use super::error::TrackerError;
use crate::moment::Moment;

/// Where the tracker names no interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// No tracker means it when it says less.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(5);
/// Trackers drop peers that are silent for longer; an hour is common.
const LONGEST_INTERVAL: Duration = Duration::from_secs(2 * 3600);
/// A minimum beyond this is a mistake or a joke.
const LONGEST_MINIMUM: Duration = Duration::from_secs(6 * 3600);
/// A tracker that never wants to hear from us again is asked once a day.
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 3600);
/// After the first failure.
const FIRST_BACK_OFF: Duration = Duration::from_secs(30);
/// After many.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30 * 60);

/// When one tracker is to be asked again.
#[derive(Clone, Debug)]
pub struct Cadence {
    /// The user's interval, instead of the tracker's.
    wanted: Option<Duration>,
    /// What the tracker last called its minimum.
    min_interval: Duration,
    failures: u32,
    pace: u32,
}

impl Cadence {
    /// `wanted` is the user's interval, if there is one. `pace` divides our own
    /// limits and back-off (1 in earnest), never what the tracker says.
    pub fn new(wanted: Option<Duration>, pace: u32) -> Self {
        Cadence {
            wanted,
            min_interval: Duration::ZERO,
            failures: 0,
            pace: pace.max(1),
        }
    }

    /// When to announce after an answer: the user's interval or else the
    /// tracker's, and never below its `min interval`.
    pub fn after_answer(&mut self, now: Moment, announced: &Announced) -> Moment {
        self.failures = 0;
        let minimum = announced.min_interval.unwrap_or_default();
        self.min_interval = minimum.min(LONGEST_MINIMUM);
        let interval = self.wanted.or(announced.interval);
        let interval = interval.unwrap_or(DEFAULT_INTERVAL);
        let shortest = SHORTEST_INTERVAL / self.pace;
        let kept = interval.clamp(shortest, LONGEST_INTERVAL.max(shortest));
        now + kept.max(self.min_interval)
    }

    /// When to try again after a failure: when the tracker says, or else after
    /// 30 s, doubled with each failure in a row up to 30 min, a quarter more or
    /// less by `random`. A tracker that answered, if only to refuse, is not
    /// asked again within its `min interval`.
    pub fn after_error(&mut self, now: Moment, error: &TrackerError, random: u32) -> Moment {
        let doublings = self.failures.min(10);
        self.failures = self.failures.saturating_add(1);
        let back_off = (FIRST_BACK_OFF * (1 << doublings)).min(LONGEST_BACK_OFF) / self.pace;
        // Three quarters, and up to two quarters more.
        let back_off =
            back_off * 3 / 4 + back_off.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0);
        let wait = match error {
            TrackerError::Failure {
                retry_in: Some(wait),
                ..
            } => (*wait).clamp(SHORTEST_INTERVAL / self.pace, LONGEST_RETRY),
            TrackerError::Failure { .. } => back_off.max(self.min_interval),
            _ => back_off,
        };
        now + wait
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
