//! A lookup, as it is stored: like an announce.

use slog::{debug, warn};

use crate::actors::recorder::Write;
use crate::moment::Moment;
use crate::protocol::dht::LookupReport;
use crate::store::Record;
use crate::store::records::{AnnounceRow, Failure, NodesAsked, TrackerAnswer};
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
        let write = Write {
            records: vec![Record::Announce(torrent, row)],
            done: None,
        };
        if let Err(refused) = self.recorder.try_send(write) {
            warn!(self.log, "a lookup was not recorded"; "error" => %refused);
        }
    }
}

fn result(report: &LookupReport, next: Moment) -> Result<TrackerAnswer, Failure> {
    let failure = |label: &str, text: &str| {
        Err(Failure {
            label: label.into(),
            text: text.into(),
        })
    };
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
