//! What a tracker said, as it is stored.

use std::sync::Arc;

use crate::moment::Moment;
use crate::protocol::tracker::{Announced, Scraped, TrackerError};
use crate::store::Record;
use crate::store::records::{AnnounceRow, Failure, ScrapeAnswer, ScrapeRow, TrackerAnswer};

use super::Tracker;

impl Tracker {
    /// Records an announce that was sent at `at`.
    pub(super) fn record_announce(&self, at: Moment, answer: &Result<Announced, TrackerError>) {
        let answer = answer.as_ref().map(|answer| TrackerAnswer {
            peers: answer.peers.len() as u32,
            seeders: answer.seeders,
            leechers: self.without_us(answer.leechers),
            downloaded: answer.downloaded,
            interval: answer.interval,
            nodes: None,
        });
        let row = AnnounceRow {
            at,
            tracker: Arc::clone(&self.plan.name),
            duration: self.clock.now().since(at),
            result: answer.map_err(failure),
        };
        self.record(Record::Announce(self.plan.torrent, row));
    }

    /// Records a scrape that was sent at `at`.
    pub(super) fn record_scrape(&self, at: Moment, answer: &Result<Scraped, TrackerError>) {
        let answer = answer.as_ref().map(|answer| ScrapeAnswer {
            seeders: answer.seeders,
            leechers: self.without_us(answer.leechers),
            downloaded: answer.downloaded,
        });
        let row = ScrapeRow {
            at,
            tracker: Arc::clone(&self.plan.name),
            duration: self.clock.now().since(at),
            result: answer.map_err(failure),
        };
        self.record(Record::Scrape(self.plan.torrent, row));
    }
}

fn failure(error: &TrackerError) -> Failure {
    Failure {
        label: error.label().into(),
        text: error.to_string().into(),
    }
}
