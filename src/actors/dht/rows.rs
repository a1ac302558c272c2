//! A lookup, as it is stored: like an announce; and a scrape, like a tracker's.

use slog::{debug, warn};

use crate::actors::recorder::Write;
use crate::moment::Moment;
use crate::protocol::dht::{LookupReport, ScrapeReport};
use crate::store::Record;
use crate::store::records::{
    AnnounceRow, Failure, NodesAsked, ScrapeAnswer, ScrapeRow, TrackerAnswer,
};
use crate::swarm::facts::TorrentNumber;

use super::Dht;

impl Dht {
    /// Records a lookup; the next one is due at `next`.
    pub(super) fn record(&self, torrent: TorrentNumber, report: &LookupReport, next: Moment) {
        debug!(self.log, "looked up"; "torrent" => torrent.0, "asked" => report.asked,
            "answered" => report.answered, "peers" => report.peers,
            "took_ms" => report.duration.as_millis() as u64, "known" => self.node.known());
        let row = AnnounceRow {
            at: report.begun,
            tracker: self.plan.family.label().into(),
            duration: report.duration,
            result: result(report, next),
        };
        self.write(Record::Announce(torrent, row));
    }

    /// Records what nodes told of how many peers a torrent has.
    pub(super) fn record_scrape(&self, torrent: TorrentNumber, report: &ScrapeReport) {
        let result = match (report.counts, report.answered) {
            (Some(counts), _) => Ok(ScrapeAnswer {
                seeders: Some(counts.seeds),
                leechers: Some(counts.downloaders),
                downloaded: None,
            }),
            (None, 0) => failure("timeout", "no node has answered"),
            (None, _) => failure("no_filters", "no node counts the peers of this torrent"),
        };
        let row = ScrapeRow {
            at: report.begun,
            tracker: self.plan.family.label().into(),
            duration: report.duration,
            result,
        };
        self.write(Record::Scrape(torrent, row));
    }

    fn write(&self, record: Record) {
        let write = Write {
            records: vec![record],
            done: None,
        };
        if let Err(refused) = self.recorder.try_send(write) {
            warn!(self.log, "a row was not recorded"; "error" => %refused);
        }
    }
}

fn failure<T>(label: &str, text: &str) -> Result<T, Failure> {
    Err(Failure {
        label: label.into(),
        text: text.into(),
    })
}

fn result(report: &LookupReport, next: Moment) -> Result<TrackerAnswer, Failure> {
    match (report.asked, report.answered) {
        (0, _) => failure("no_nodes", "no node could be asked"),
        (_, 0) => failure("timeout", "no node has answered"),
        (asked, answered) => Ok(TrackerAnswer {
            peers: report.peers,
            interval: Some(next.since(report.begun)),
            nodes: Some(NodesAsked { asked, answered }),
            ..TrackerAnswer::default()
        }),
    }
}
