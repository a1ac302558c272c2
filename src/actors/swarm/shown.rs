//! What a Swarm keeps only to show it: how its trackers stand, the last downloads.

use std::collections::VecDeque;

use crate::protocol::tracker::TrackerUrl;
use crate::swarm::book::Rising;

use super::messages::{Announced, Latest, TrackerCounts, TrackerFigures};
use super::rows::Rows;

/// The last confirmed downloads that are kept: what a tall terminal shows.
const LATEST: usize = 20;

/// What a Swarm keeps only to show it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    trackers: Vec<TrackerFigures>,
    latest: VecDeque<Latest>,
}

impl Shown {
    /// Nothing yet but the names of the trackers.
    pub(super) fn new(trackers: &[TrackerUrl]) -> Self {
        let waiting = |url: &TrackerUrl| TrackerFigures {
            tracker: url.redacted().into(),
            counts: TrackerCounts::default(),
            failure: None,
            next_at: None,
        };
        Shown {
            trackers: trackers.iter().map(waiting).collect(),
            latest: VecDeque::new(),
        }
    }

    /// A tracker answered, or did not.
    pub(super) fn announced(&mut self, announced: Announced) {
        let mut trackers = self.trackers.iter_mut();
        let Some(tracker) = trackers.find(|it| it.tracker == announced.tracker) else {
            return;
        };
        tracker.next_at = Some(announced.next_at);
        tracker.failure = announced.result.err();
        if let Ok(counts) = announced.result {
            tracker.counts = counts;
        }
    }

    /// A confirmed download is on disk.
    pub(super) fn confirmed(&mut self, rows: Rows, rising: &Rising) {
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        let row = rows.completion(rising);
        self.latest.push_back(Latest {
            at: row.at,
            client: row.client,
            below_pieces: row.below_pieces,
            pieces: row.pieces,
            total_pieces: row.total_pieces,
            address: row.raw_address,
        });
    }

    /// How the trackers stand.
    pub(super) fn trackers(&self) -> Vec<TrackerFigures> {
        self.trackers.clone()
    }

    /// The last confirmed downloads, the newest last.
    pub(super) fn latest(&self) -> Vec<Latest> {
        self.latest.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Moment;

    const URL: &str = "http://tracker.example/announce";

    fn announced(result: Result<TrackerCounts, &'static str>, next_at: u64) -> Announced {
        Announced {
            tracker: URL.into(),
            result,
            next_at: Moment::from_millis(next_at),
        }
    }

    #[test]
    fn a_failing_tracker_keeps_what_it_counted_before() {
        let mut shown = Shown::new(&[TrackerUrl::parse(URL).unwrap()]);
        assert_eq!(shown.trackers()[0].next_at, None);
        let counts = TrackerCounts {
            seeders: Some(7),
            ..TrackerCounts::default()
        };
        shown.announced(announced(Ok(counts), 1));
        shown.announced(announced(Err("timeout"), 2));
        let tracker = &shown.trackers()[0];
        assert_eq!((tracker.counts, tracker.failure), (counts, Some("timeout")));
        assert_eq!(tracker.next_at, Some(Moment::from_millis(2)));
        shown.announced(announced(Ok(TrackerCounts::default()), 3));
        assert_eq!(shown.trackers()[0].failure, None);
    }
}
