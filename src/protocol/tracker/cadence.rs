//! When to announce and scrape next: as often as the tracker permits, never more.

use std::time::Duration;

use super::error::TrackerError;
use super::{Announced, Scraped};
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
    /// Not scraped again before this.
    scrape_from: Moment,
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
            scrape_from: Moment::EPOCH,
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

    /// The last failure was not the tracker's: our own network was down.
    pub fn pardon(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }

    /// Whether the tracker may be scraped: with each announce, unless it wants more
    /// time between two scrapes.
    pub fn may_scrape(&self, now: Moment) -> bool {
        now >= self.scrape_from
    }

    /// Takes note of when the tracker wants to be scraped again.
    pub fn after_scrape(&mut self, now: Moment, scraped: &Scraped) {
        let minimum = scraped.min_interval.unwrap_or_default();
        self.scrape_from = now + minimum.min(LONGEST_MINIMUM);
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Moment = Moment::from_millis(1_000_000);
    const MIDDLE: u32 = u32::MAX / 2 + 1;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How long to wait after an answer.
    fn wait(wanted: Option<u64>, interval: Option<u64>, minimum: Option<u64>) -> u64 {
        let answer = Announced {
            interval: interval.map(seconds),
            min_interval: minimum.map(seconds),
            ..Announced::default()
        };
        let mut cadence = Cadence::new(wanted.map(seconds), 1);
        cadence.after_answer(T0, &answer).since(T0).as_secs()
    }

    #[test]
    fn keeps_the_interval_of_the_tracker() {
        assert_eq!(wait(None, Some(900), None), 900);
        assert_eq!(wait(None, None, None), 1800);
        assert_eq!(wait(None, Some(0), None), 5);
        assert_eq!(wait(None, Some(u64::MAX), None), 7200);
    }

    #[test]
    fn never_asks_below_the_minimum() {
        assert_eq!(wait(Some(60), Some(1800), Some(300)), 300);
        assert_eq!(wait(Some(600), Some(1800), Some(300)), 600);
        assert_eq!(wait(Some(60), Some(1800), None), 60);
        assert_eq!(wait(None, Some(60), Some(300)), 300);
        assert_eq!(wait(None, Some(60), Some(u64::MAX)), 6 * 3600);
    }

    #[test]
    fn scrapes_with_each_announce_unless_told_otherwise() {
        let mut cadence = Cadence::new(None, 1);
        let scraped = |min_interval| Scraped {
            min_interval,
            ..Scraped::default()
        };
        assert!(cadence.may_scrape(T0));
        cadence.after_scrape(T0, &scraped(None));
        assert!(cadence.may_scrape(T0));
        cadence.after_scrape(T0, &scraped(Some(seconds(900))));
        assert!(!cadence.may_scrape(T0 + seconds(899)));
        assert!(cadence.may_scrape(T0 + seconds(900)));
        cadence.after_scrape(T0, &scraped(Some(Duration::MAX)));
        assert!(cadence.may_scrape(T0 + seconds(6 * 3600)));
    }

    #[test]
    fn backs_off_and_recovers() {
        let mut cadence = Cadence::new(None, 1);
        let waits: Vec<u64> = (0..9)
            .map(|_| {
                cadence
                    .after_error(T0, &TrackerError::Timeout, MIDDLE)
                    .since(T0)
                    .as_secs()
            })
            .collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert_eq!(cadence.failures(), 9);
        cadence.after_answer(T0, &Announced::default());
        let again = cadence.after_error(T0, &TrackerError::Timeout, MIDDLE);
        assert_eq!(again.since(T0), seconds(30));
        cadence.pardon();
        let next = cadence.after_error(T0, &TrackerError::Timeout, MIDDLE);
        assert_eq!(next.since(T0), seconds(30), "it was our own failure");
    }

    #[test]
    fn spreads_retries_by_a_quarter() {
        let wait = |random| Cadence::new(None, 1).after_error(T0, &TrackerError::Timeout, random);
        assert_eq!(wait(0).since(T0), Duration::from_millis(22_500));
        assert_eq!(wait(u32::MAX).since(T0), Duration::from_millis(37_500));
    }

    #[test]
    fn heeds_a_refusal() {
        let failure = |retry_in| TrackerError::Failure {
            reason: String::new(),
            retry_in,
        };
        let mut cadence = Cadence::new(None, 1);
        let mut wait = |retry_in| {
            let due = cadence.after_error(T0, &failure(retry_in), MIDDLE);
            due.since(T0).as_secs()
        };
        assert_eq!(wait(Some(seconds(7200))), 7200);
        assert_eq!(wait(Some(Duration::MAX)), 24 * 3600);
        assert_eq!(wait(Some(Duration::ZERO)), 5);
        assert_eq!(wait(None), 240);
        let mut told = Cadence::new(None, 1);
        let minimum = Some(seconds(900));
        told.after_answer(
            T0,
            &Announced {
                min_interval: minimum,
                ..Announced::default()
            },
        );
        assert_eq!(
            told.after_error(T0, &failure(None), MIDDLE).since(T0),
            seconds(900)
        );
    }

    #[test]
    fn pace_divides_our_own_limits_only() {
        let mut cadence = Cadence::new(None, 10);
        let answer = |interval| Announced {
            interval: Some(interval),
            ..Announced::default()
        };
        let due = cadence.after_answer(T0, &answer(seconds(3)));
        assert_eq!(due.since(T0), seconds(3));
        let due = cadence.after_answer(T0, &answer(Duration::ZERO));
        assert_eq!(due.since(T0), Duration::from_millis(500));
        let due = cadence.after_error(T0, &TrackerError::Timeout, MIDDLE);
        assert_eq!(due.since(T0), seconds(3));
    }
}
