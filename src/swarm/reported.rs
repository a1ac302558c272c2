//! Reported downloads: how far a tracker's `downloaded` figure rose while we
//! looked on.

/// What one tracker reports of one torrent, from one reading of its
/// `downloaded` figure to the next.
///
/// A tracker that lost its memory counts from a lower figure, or from zero.
/// Such a fall is a reset: what it had counted before stays counted, what it
/// counted between our last reading and its loss is lost, and counting goes on
/// from the lower figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    last: Option<u32>,
    total: u64,
    resets: u32,
}

impl Reported {
    /// Takes the next reading, in the order of time.
    pub fn note(&mut self, downloaded: u32) {
        match self.last.replace(downloaded) {
            Some(last) if downloaded < last => self.resets = self.resets.saturating_add(1),
            Some(last) => self.total = self.total.saturating_add((downloaded - last).into()),
            None => {}
        }
    }

    /// The sum of the rises; None before the first reading. After a single
    /// reading it is 0.
    pub fn total(&self) -> Option<u64> {
        self.last.map(|_| self.total)
    }

    /// How often the figure fell. If ever, the total is a lower bound.
    pub fn resets(&self) -> u32 {
        self.resets
    }
}

/// What all trackers of one torrent report. Clients announce to several
/// trackers, so what all together saw lies between the greatest and the sum;
/// where in between, nobody can say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportedByAll {
    /// Trackers that gave a figure.
    pub trackers: u32,
    /// The greatest total of one tracker.
    pub greatest: u64,
    /// The sum of all totals.
    pub sum: u64,
    /// Resets of all of them.
    pub resets: u32,
}

impl ReportedByAll {
    /// Of the trackers of one torrent; None if not one gave a figure.
    pub fn of<'a>(trackers: impl IntoIterator<Item = &'a Reported>) -> Option<Self> {
        let mut all = ReportedByAll::default();
        for tracker in trackers {
            let Some(total) = tracker.total() else {
                continue;
            };
            all.trackers += 1;
            all.greatest = all.greatest.max(total);
            all.sum = all.sum.saturating_add(total);
            all.resets = all.resets.saturating_add(tracker.resets);
        }
        (all.trackers > 0).then_some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(readings: &[u32]) -> Reported {
        let mut reported = Reported::default();
        readings.iter().for_each(|it| reported.note(*it));
        reported
    }

    #[test]
    fn counts_the_rises_from_the_first_reading_on() {
        assert_eq!(reported(&[]).total(), None);
        assert_eq!(reported(&[900]).total(), Some(0));
        let several = reported(&[900, 900, 907, 1000]);
        assert_eq!((several.total(), several.resets()), (Some(100), 0));
    }

    #[test]
    fn goes_on_after_a_reset_and_tells_of_it() {
        let reset = reported(&[10, 15, 3, 5, 0, 0, 1]);
        assert_eq!((reset.total(), reset.resets()), (Some(8), 2));
    }

    #[test]
    fn is_never_too_great_for_a_number() {
        let mut reported = Reported::default();
        for _ in 0..3 {
            reported.note(0);
            reported.note(u32::MAX);
        }
        assert_eq!(reported.total(), Some(3 * u64::from(u32::MAX)));
        assert_eq!(reported.resets(), 2);
    }

    #[test]
    fn gives_the_greatest_and_the_sum_over_trackers() {
        let trackers = [
            reported(&[1, 5]),
            reported(&[]),
            reported(&[7, 0, 9]),
            reported(&[3]),
        ];
        let all = ReportedByAll {
            trackers: 3,
            greatest: 9,
            sum: 13,
            resets: 1,
        };
        assert_eq!(ReportedByAll::of(&trackers), Some(all));
        assert_eq!(ReportedByAll::of(&trackers[1..2]), None);
    }
}
