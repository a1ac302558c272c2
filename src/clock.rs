//! The only reader of monotonic and wall time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::moment::Moment;

/// Wall time read once, then carried on by the monotonic clock.
///
/// A step of the wall clock in mid-run therefore moves no deadline and no
/// recorded date. Under tokio's paused clock (tests) it is virtual time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Moment,
    origin: tokio::time::Instant,
}

#[allow(clippy::disallowed_methods)] // the one place where the clocks are read
impl Clock {
    /// A clock that starts at the machine's wall time.
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::start_at(Moment::EPOCH + wall)
    }

    /// A clock that starts at a given moment (tests, simulations).
    pub fn start_at(started: Moment) -> Self {
        Clock {
            started,
            origin: tokio::time::Instant::now(),
        }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.started + self.origin.elapsed()
    }

    /// The deadline of `moment` for tokio's timers. A moment in the past is due
    /// at once.
    pub fn instant(&self, moment: Moment) -> tokio::time::Instant {
        // tokio's timers reach about two years; a farther one is as good as never.
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        self.origin + moment.since(self.started).min(FAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_the_runtime_clock() {
        let clock = Clock::start_at(Moment::from_millis(1_000));
        let due = clock.now() + Duration::from_secs(5);
        tokio::time::sleep_until(clock.instant(due)).await;
        assert_eq!(clock.now(), Moment::from_millis(6_000));
    }
}
