//! The summary as a page of text, at most 80 columns wide.

use std::fmt::Write as _;

use super::{Figures, Largest, Reported, Summary, TorrentSummary, digest};
use crate::report::reported::ReportedDownloads;
use crate::report::table::Table;
use crate::report::text::{fit, harmless};
use crate::report::units::{bytes, count, span, time};
use crate::swarm::facts::{Attempt, Outcome};

/// Columns of the page.
const WIDTH: usize = 80;
/// So many torrents are described in full; more of them are rows of the table alone.
const IN_FULL: usize = 4;
/// Behind the names of figures, where their values end.
const VALUES_END: usize = 36;

/// A page on its way.
pub(super) struct Page {
    text: String,
    colour: bool,
}

pub(super) fn page(summary: &Summary, colour: bool) -> String {
    let mut page = Page {
        text: String::new(),
        colour,
    };
    page.head(summary);
    if summary.torrents.len() > 1 {
        page.line("");
        for line in digest::lines(summary, WIDTH) {
            page.line(&line);
        }
    }
    if summary.torrents.len() > IN_FULL {
        page.line("");
        page.line("--torrent N shows one of them in full");
    } else {
        for torrent in &summary.torrents {
            page.torrent(torrent, summary.threshold_percent);
        }
    }
    if summary.torrents.len() != 1 {
        page.line("");
        page.strong("all torrents");
        let reported = summary.total_reported_downloads.as_ref();
        page.figures(&summary.total, reported, summary.threshold_percent);
        page.details(&summary.total);
    }
    page.groups("COUNTRY", &summary.total.countries);
    page.groups("CLIENT", &summary.total.clients);
    page.text
}

impl Page {
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn strong(&mut self, text: &str) {
        if self.colour {
            self.line(&format!("\x1b[1m{text}\x1b[0m"));
        } else {
            self.line(text);
        }
    }

    fn head(&mut self, summary: &Summary) {
        let program = summary.program.as_deref().unwrap_or("bta");
        let torrents = match summary.torrents.len() {
            1 => "1 torrent".to_owned(),
            some => format!("{} torrents", count(some as u64)),
        };
        let threshold = summary.threshold_percent;
        let program = harmless(program).into_owned();
        self.line(&fit(
            &format!("{program}: {torrents}, threshold {threshold} %"),
            WIDTH,
        ));
        let mut when = match summary.begun_at {
            Some(begun) => format!("{} UTC", time(begun)),
            None => "beginning unknown".to_owned(),
        };
        match (summary.as_of, summary.closed_at, summary.lasted()) {
            (Some(now), _, Some(lasted)) => {
                let _ = write!(when, ", still running at {} ({})", time(now), span(lasted));
            }
            (None, Some(closed), Some(lasted)) => {
                let _ = write!(when, " to {} ({})", time(closed), span(lasted));
            }
            _ => when += ", no mark of an orderly end",
        }
        self.line(&when);
        match (summary.since, summary.until) {
            (None, None) => {}
            (Some(since), None) => self.line(&format!("shown: from {} on", time(since))),
            (None, Some(until)) => self.line(&format!("shown: up to {}", time(until))),
            (Some(since), Some(until)) => {
                self.line(&format!("shown: {} to {}", time(since), time(until)));
            }
        }
        if summary.keeps_addresses {
            self.line("this store holds peers' addresses (--keep-addresses)");
        }
        if let Some(gaps) = summary.gaps.words() {
            self.line(&gaps);
        }
        for remark in &summary.remarks {
            self.line(&format!("note: {}", harmless(remark)));
        }
    }

    fn torrent(&mut self, torrent: &TorrentSummary, threshold: f64) {
        self.line("");
        let title = format!("{} {}", torrent.torrent_number, torrent.name);
        self.strong(&fit(&title, WIDTH));
        let length = torrent.size_bytes.zip(torrent.piece_length_bytes);
        let size = match torrent.pieces.zip(length) {
            None => "? in ? pieces: no peer has given the metadata yet".to_owned(),
            Some((pieces, (size, piece))) => format!(
                "{} in {} pieces of {}",
                bytes(size),
                count(pieces.into()),
                bytes(piece)
            ),
        };
        self.line(&format!("  {}", torrent.torrent));
        self.line(&format!("  {size}"));
        let reported = torrent.reported_downloads.as_ref();
        self.figures(&torrent.figures, reported, threshold);
        self.reported(&torrent.reported);
        self.details(&torrent.figures);
    }

    fn figures(&mut self, figures: &Figures, reported: Option<&ReportedDownloads>, threshold: f64) {
        let peers = &figures.peers;
        self.addresses(figures);
        self.line("");
        self.figure(0, "peers seen", peers.seen, "");
        self.figure(1, "progress never learnt", peers.unsettled, "");
        self.figure(1, "observed", peers.observed, "");
        self.figure(2, "already complete", peers.complete_at_first, "");
        self.figure(2, "confirmed", peers.confirmed, "");
        self.figure(2, "rose, not counted", peers.not_counted, "");
        self.figure(2, &format!("below {threshold} %"), peers.below, "");
        if peers.below > 0 {
            let known = "they want no more";
            self.figure(3, "partial seeds", peers.partial_seeds, known);
            self.figure(3, "fate unknown", peers.fate_unknown, "");
            self.unknown(figures);
        }
        let start = self.text.len();
        let share = reported.and_then(|it| it.confirmed_percent);
        let share = share.map_or(String::new(), |it| format!("{it:.1} % of those reported"));
        self.figure(0, "CONFIRMED DOWNLOADS", figures.confirmed, &share);
        if self.colour {
            let line = self.text.split_off(start);
            self.strong(line.trim_end());
        }
        if let Some(each) = figures.slot_seconds_per_confirmed {
            let all = format!("{} in all", count(figures.slot_seconds));
            self.figure(0, "slot seconds per confirmed", each.round() as u64, &all);
        }
        if let Some(reported) = reported {
            self.downloads(reported);
        }
        let not = &figures.not_counted;
        let verdicts: Vec<_> = [
            (not.again, "again"),
            (not.unproven, "unproven"),
            (not.implausible, "implausible"),
            (not.checking, "checking"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, label)| format!("{label} {}", count(number)))
        .collect();
        self.figure(0, "rises not counted", not.total(), &verdicts.join(", "));
    }

    /// What trackers say beside what was seen.
    fn downloads(&mut self, reported: &ReportedDownloads) {
        let (trackers, sum) = (count(reported.trackers.into()), count(reported.sum));
        let remark = match (reported.torrents, reported.trackers) {
            (1, 1) => String::new(),
            (1, _) => format!("greatest of {trackers} trackers, sum {sum}"),
            _ => format!("each torrent's greatest, all sums {sum}"),
        };
        self.figure(0, "reported downloads", reported.greatest, &remark);
        if reported.resets > 0 {
            let resets = reported.resets.into();
            self.figure(
                1,
                "a tracker's count fell",
                resets,
                "so it is a lower bound",
            );
        }
    }

    pub(super) fn figure(&mut self, depth: usize, name: &str, value: u64, remark: &str) {
        let name = format!("{}{name}", "  ".repeat(depth + 1));
        let value = count(value);
        let room = VALUES_END.saturating_sub(value.len());
        let line = format!("{name:<room$}{value}  {remark}");
        self.line(&fit(line.trim_end(), WIDTH));
    }

    /// The greatest of several trackers: they mostly count the same peers.
    fn reported(&mut self, reported: &[Reported]) {
        let greatest = |figure: fn(&Reported) -> Option<u32>| {
            let figures = reported.iter().filter_map(figure);
            figures.max().map_or("?".to_owned(), |it| count(it.into()))
        };
        let line = match reported.len() {
            0 => "  no tracker answered".to_owned(),
            trackers => format!(
                "  {}: {} seeders, {} leechers, {} downloaded",
                match trackers {
                    1 => "tracker's last".to_owned(),
                    some => format!("greatest of {some} trackers' last"),
                },
                greatest(|it| it.seeders),
                greatest(|it| it.leechers),
                greatest(|it| it.downloaded),
            ),
        };
        self.line(&fit(&line, WIDTH));
    }

    fn details(&mut self, figures: &Figures) {
        if !figures.sources.is_empty() {
            self.line("");
            self.sources(figures);
        }
        if !figures.attempts.is_empty() {
            self.line("");
            self.outcomes(figures);
        }
        if !figures.ways.is_empty() {
            self.line("");
            self.ways(figures);
        }
    }

    fn ways(&mut self, figures: &Figures) {
        let ways = figures.ways.iter();
        let ways = ways.map(|it| format!("{} {}", count(it.met + it.came), it.way));
        let line = format!("  handshakes: {}", ways.collect::<Vec<_>>().join(", "));
        self.line(&fit(&line, WIDTH));
    }

    fn sources(&mut self, figures: &Figures) {
        let heads = [
            "SOURCE",
            "RECEIVED",
            "NEW",
            "DUPLICATE",
            "CONTACTED",
            "REACHED",
            "CONFIRMED",
        ];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        for line in &figures.sources {
            let it = &line.counts;
            let numbers = [
                it.received,
                it.new,
                it.duplicate,
                it.contacted,
                it.reached,
                it.confirmed,
            ];
            let mut cells = vec![line.source.to_owned()];
            cells.extend(numbers.map(count));
            rows.push(cells);
        }
        self.table(rows);
    }

    /// The thesis's table 4.5: a column a kind of attempt, a row an outcome.
    fn outcomes(&mut self, figures: &Figures) {
        let mut heads = vec!["OUTCOME".to_owned()];
        let of_kind = |attempt: &Attempt| {
            let mut lines = figures.attempts.iter();
            lines.find(|line| line.attempt == attempt.label())
        };
        for attempt in Attempt::ALL {
            let head = attempt.label().split('_').next().unwrap_or_default();
            heads.push(head.to_uppercase());
            heads.push(String::new());
        }
        let mut rows = vec![heads];
        for outcome in Outcome::ALL {
            let mut cells = vec![outcome.label().to_owned()];
            let mut happened = false;
            for attempt in Attempt::ALL {
                let mut outcomes = of_kind(attempt).into_iter().flat_map(|it| &it.outcomes);
                match outcomes.find(|it| it.outcome == outcome.label()) {
                    Some(found) => {
                        happened |= found.count > 0;
                        cells.push(count(found.count));
                        cells.push(format!("{:.1} %", found.share_percent));
                    }
                    None => cells.extend([String::new(), String::new()]),
                }
            }
            if happened {
                rows.push(cells);
            }
        }
        let mut sums = vec!["attempts".to_owned()];
        for attempt in Attempt::ALL {
            sums.push(count(of_kind(attempt).map_or(0, |it| it.attempts)));
            sums.push(String::new());
        }
        rows.push(sums);
        self.table(rows);
    }

    /// Where the peers are, or what they run, as far as that is known.
    fn groups(&mut self, head: &str, groups: &Largest) {
        let mut rows = vec![
            [head, "PEERS", "COMPLETE", "CONFIRMED"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (name, group) in groups.lines() {
            let numbers = [group.peers, group.complete_at_first, group.confirmed];
            let mut cells = vec![fit(name, 40).into_owned()];
            cells.extend(numbers.map(count));
            rows.push(cells);
        }
        if rows.len() > 1 {
            self.line("");
            self.table(rows);
        }
    }

    fn table(&mut self, rows: Vec<Vec<String>>) {
        let columns = rows.first().map_or(0, Vec::len);
        let right = (0..columns).map(|column| column > 0).collect();
        self.aligned(2, right, rows);
    }

    fn aligned(&mut self, indent: usize, right: Vec<bool>, rows: Vec<Vec<String>>) {
        let mut out = Vec::new();
        let mut table = Table::new(&mut out, indent, right);
        // Writing to memory does not fail.
        let written = rows.into_iter().try_for_each(|row| table.row(row));
        let _ = written.and_then(|()| table.finish());
        self.text.push_str(&String::from_utf8_lossy(&out));
    }
}
