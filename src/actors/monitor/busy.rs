//! How much of its time an arbiter works, as its runtime counts it.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::runtime::{Handle, RuntimeMetrics};

use crate::moment::Moment;

use super::Monitor;

/// A shorter time tells of one turn and not of an arbiter.
const SHORTEST: Duration = Duration::from_secs(1);

/// An arbiter -> Monitor: here my runtime counts.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ArbiterIs {
    pub(super) name: Arc<str>,
    pub(super) metrics: RuntimeMetrics,
}

/// Asks an arbiter for its runtime's counters; one that is gone does not answer.
pub(super) fn ask(arbiter: &ArbiterHandle, name: &Arc<str>, monitor: &Addr<Monitor>) {
    let (name, monitor) = (Arc::clone(name), monitor.clone());
    arbiter.spawn(async move {
        let metrics = Handle::current().metrics();
        // The Monitor waits for nothing: its mailbox has room in time.
        let _ = monitor.send(ArbiterIs { name, metrics }).await;
    });
}

/// One arbiter, and what it had worked when it was last looked at.
pub(super) struct Busy {
    pub(super) name: Arc<str>,
    metrics: RuntimeMetrics,
    at: Moment,
    worked: Duration,
}

impl Busy {
    pub(super) fn new(name: Arc<str>, metrics: RuntimeMetrics, now: Moment) -> Self {
        let name = format!("{name}_busy_permille").into();
        let worked = worked(&metrics);
        Busy {
            name,
            metrics,
            at: now,
            worked,
        }
    }

    /// The share of the time since the last look; none if that was just now.
    pub(super) fn gauge(&mut self, now: Moment) -> Option<(Arc<str>, u64)> {
        let (passed, before) = (now.since(self.at), self.worked);
        if passed < SHORTEST {
            return None;
        }
        (self.at, self.worked) = (now, worked(&self.metrics));
        let share = share(self.worked.saturating_sub(before), passed);
        Some((Arc::clone(&self.name), share))
    }
}

/// In thousandths. A long turn is counted when it ends, and may lie in part before
/// the last look.
fn share(worked: Duration, passed: Duration) -> u64 {
    let permille = worked.as_secs_f64() / passed.as_secs_f64() * 1e3;
    (permille as u64).min(1_000)
}

/// An arbiter has one thread, the first of its runtime.
fn worked(metrics: &RuntimeMetrics) -> Duration {
    metrics.worker_total_busy_duration(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn shares_are_in_thousandths() {
        let (ms, second) = (Duration::from_millis, Duration::from_secs(1));
        assert_eq!(share(ms(0), second), 0);
        assert_eq!(share(ms(250), second), 250);
        assert_eq!(share(ms(1_500), second), 1_000);
    }

    #[actix_rt::test]
    async fn an_arbiter_that_works_is_busy() {
        let clock = Clock::start();
        let metrics = Handle::current().metrics();
        let begun = clock.now();
        let mut busy = Busy::new("worker_1".into(), metrics, begun);
        let just_now = begun + SHORTEST - Duration::from_millis(1);
        assert_eq!(busy.gauge(just_now), None);
        while clock.now().since(begun) < Duration::from_millis(50) {
            std::hint::spin_loop();
        }
        // A turn is counted when it ends.
        tokio::task::yield_now().await;
        let (name, share) = busy.gauge(begun + SHORTEST).unwrap();
        assert_eq!(&*name, "worker_1_busy_permille");
        assert!(share >= 40, "{share}");
        // And once.
        let (_, share) = busy.gauge(begun + 2 * SHORTEST).unwrap();
        assert_eq!(share, 0);
    }
}
