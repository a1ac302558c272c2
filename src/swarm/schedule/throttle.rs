//! How fast contacts may start, over all swarms.

use crate::moment::Moment;
use crate::swarm::pace::Pace;

/// The contacts that started in the window under way.
#[derive(Debug, Default)]
pub struct Throttle {
    since: Moment,
    started: u32,
}

impl Throttle {
    /// Whether one more may start now, and if so, that it does.
    pub fn start(&mut self, now: Moment, pace: Pace) -> bool {
        if now.since(self.since) >= pace.start_window() {
            (self.since, self.started) = (now, 0);
        }
        let may = self.started < Pace::STARTS;
        self.started += u32::from(may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_start_in_a_window_and_no_more() {
        let mut throttle = Throttle::default();
        let mut start = |millis| {
            let started =
                (0..1_000).filter(|_| throttle.start(Moment::from_millis(millis), Pace::default()));
            started.count() as u32
        };
        assert_eq!(start(1_000), Pace::STARTS);
        assert_eq!(start(1_099), 0);
        assert_eq!(start(1_100), Pace::STARTS);
    }
}
