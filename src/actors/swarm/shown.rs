//! What a Swarm keeps only to show it: how its trackers stand, the last downloads.

use std::collections::VecDeque;

use crate::protocol::tracker::TrackerUrl;
use crate::swarm::book::Rising;
use crate::swarm::reported::Reported;

use super::messages::{Announced, Latest, Scraped, TrackerCounts, TrackerFigures};
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
        let mut shown = Shown::default();
        for url in trackers {
            shown.add(&url.redacted());
        }
        shown
    }

    /// One more tracker, by the name that it is shown by.
    pub(super) fn add(&mut self, name: &str) {
        self.trackers.push(TrackerFigures {
            tracker: name.into(),
            counts: TrackerCounts::default(),
            reported: Reported::default(),
            failure: None,
            scrape_failure: None,
            next_at: None,
        });
    }

    /// A tracker is asked no more.
    pub(super) fn forget(&mut self, name: &str) {
        self.trackers.retain(|it| *it.tracker != *name);
    }

    /// A tracker answered, or did not.
    pub(super) fn announced(&mut self, announced: Announced) {
        let Some(tracker) = self.tracker(&announced.tracker) else {
            return;
        };
        tracker.next_at = Some(announced.next_at);
        tracker.failure = announced.result.err();
        if let Ok(counts) = announced.result {
            tracker.counts.update(counts);
        }
    }

    /// A scrape was answered, or was not.
    pub(super) fn scraped(&mut self, scraped: &Scraped) {
        let Some(tracker) = self.tracker(&scraped.tracker) else {
            return;
        };
        tracker.scrape_failure = scraped.result.err();
        if let Ok(counts) = scraped.result {
            tracker.counts.update(counts);
            if let Some(downloaded) = counts.downloaded {
                tracker.reported.note(downloaded);
            }
        }
    }

    fn tracker(&mut self, name: &str) -> Option<&mut TrackerFigures> {
        self.trackers.iter_mut().find(|it| *it.tracker == *name)
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

impl TrackerCounts {
    /// What is newly counted replaces what was; what is left out stays.
    fn update(&mut self, newer: TrackerCounts) {
        self.seeders = newer.seeders.or(self.seeders);
        self.leechers = newer.leechers.or(self.leechers);
        self.downloaded = newer.downloaded.or(self.downloaded);
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
    #[test]
    fn scrapes_add_up_beside_announces() {
        let mut shown = Shown::new(&[TrackerUrl::parse(URL).unwrap()]);
        let counts = |downloaded| TrackerCounts {
            downloaded,
            ..TrackerCounts::default()
        };
        let scraped = |result| Scraped {
            tracker: URL.into(),
            result,
        };
        shown.scraped(&scraped(Ok(counts(Some(40)))));
        // Announces over UDP name no downloads.
        shown.announced(announced(Ok(counts(None)), 1));
        shown.scraped(&scraped(Ok(counts(Some(47)))));
        shown.scraped(&scraped(Err("timeout")));
        let tracker = &shown.trackers()[0];
        assert_eq!(tracker.counts.downloaded, Some(47));
        assert_eq!(tracker.reported.total(), Some(7));
        assert_eq!(tracker.scrape_failure, Some("timeout"));
        assert_eq!(tracker.failure, None);
    }
}
