//! Reads a store through, once a tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    AttemptLine, Figures, Gaps, Largest, NotCounted, OutcomeLine, PeerCounts, Reported, SourceLine,
    Summary, TorrentSummary, WayLine,
};
use crate::moment::Moment;
use crate::protocol::peer::{Way, names};
use crate::report::groups::Groups;
use crate::report::lines::outcomes::{Counts, Line};
use crate::report::reported::{self, ByTracker, ReportedDownloads};
use crate::report::selection::Selection;
use crate::report::text::harmless;
use crate::report::units::percent;
use crate::store::records::{PeerRow, SourceCounts, TorrentRow};
use crate::store::{Reader, StoreError};
use crate::swarm::address_state::AddressCounts;
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Outcome, PeerState, Source, TorrentNumber, Verdict};
use crate::swarm::place::Place;

/// Figures on their way.
#[derive(Default)]
struct Tally {
    confirmed: u64,
    not_counted: NotCounted,
    peers: PeerCounts,
    countries: Groups<String>,
    clients: Groups<String>,
    sources: BTreeMap<Source, SourceCounts>,
    outcomes: Counts,
    /// The last good answers of each tracker.
    reported: BTreeMap<Arc<str>, Reported>,
    downloads: ByTracker,
}

pub(super) fn summary(reader: &Reader, selection: &Selection) -> Result<Summary, StoreError> {
    let mut by_torrent: BTreeMap<TorrentNumber, Tally> = BTreeMap::new();
    let mut total = Tally::default();
    let mut each = |torrent, add: &dyn Fn(&mut Tally)| {
        add(by_torrent.entry(torrent).or_default());
        add(&mut total);
    };
    for row in selection.peers(reader) {
        let ((torrent, _), row) = row?;
        each(torrent, &|tally| tally.seen(&row));
    }
    for row in reader.completions(selection.torrent) {
        let ((torrent, _), row) = row?;
        if selection.holds(row.at) {
            each(torrent, &|tally| tally.risen(row.verdict));
        }
    }
    for row in reader.sources(selection.torrent) {
        let (torrent, row) = row?;
        if selection.holds_hour(row.hour) {
            each(torrent, &|tally| {
                tally
                    .sources
                    .entry(row.source)
                    .or_default()
                    .add(&row.counts);
            });
        }
    }
    for row in reader.outcomes(selection.torrent) {
        let (torrent, row) = row?;
        if selection.holds_hour(row.hour) {
            each(torrent, &|tally| {
                let counts = &mut tally.outcomes;
                counts.add(row.counted, None, row.outcome, row.count);
            });
        }
    }
    let mut heard = |torrent, tracker: Arc<str>, at, [seeders, leechers, downloaded]: [_; 3]| {
        // What the DHT's nodes tell stands beside it under a name that is no URL: it is
        // hearsay, and no tracker's word.
        if selection.holds(at) && tracker.contains("://") {
            let answer = Reported {
                at: Some(at),
                seeders,
                leechers,
                downloaded,
                ..Reported::default()
            };
            let tally = by_torrent.entry(torrent).or_default();
            tally.heard(tracker, answer);
        }
    };
    for row in reader.announces(selection.torrent) {
        let (torrent, row) = row?;
        if let Ok(it) = row.result {
            let figures = [it.seeders, it.leechers, it.downloaded];
            heard(torrent, row.tracker, row.at, figures);
        }
    }
    for row in reader.scrapes(selection.torrent) {
        let (torrent, row) = row?;
        if let Ok(it) = row.result {
            let figures = [it.seeders, it.leechers, it.downloaded];
            heard(torrent, row.tracker, row.at, figures);
        }
    }
    for (torrent, downloads) in reported::by_torrent(reader, selection)? {
        by_torrent.entry(torrent).or_default().downloads = downloads;
    }

    let mut torrents = Vec::new();
    for (number, row) in reader.torrents()? {
        if selection.torrent.is_none_or(|wanted| wanted == number) {
            let tally = by_torrent.remove(&number).unwrap_or_default();
            torrents.push(tally.torrent(number, row));
        }
    }
    let clean = reader.fact("clean")?.as_deref() == Some("true");
    let fact =
        |name| Ok::<_, StoreError>(reader.fact(name)?.and_then(|it| Moment::parse(&it).ok()));
    let reported: Vec<_> = torrents.iter().map(|it| it.reported_downloads).collect();
    Ok(Summary {
        total_reported_downloads: ReportedDownloads::of_all(&reported, total.confirmed),
        store: harmless(&reader.path().display().to_string()).into_owned(),
        program: reader.fact("program")?,
        begun_at: fact("begun_at")?,
        closed_at: fact("closed_at")?.filter(|_| clean),
        as_of: reader.as_of(),
        since: selection.since,
        until: selection.until,
        threshold_percent: f64::from(reader.parameters().threshold_permille) / 10.0,
        keeps_addresses: reader.parameters().keep_addresses,
        remarks: reader.remarks().to_vec(),
        gaps: Gaps::of(reader, selection, reader.as_of().or(fact("closed_at")?))?,
        torrents,
        total: total.figures(),
    })
}

impl Tally {
    fn seen(&mut self, row: &PeerRow) {
        self.peers.add(row);
        let country = Place::read(&row.place).country;
        let country = (!country.is_empty()).then_some(country);
        self.countries.add(country, row.state);
        let (program, _) = names::program(&row.client);
        let program = (!row.client.is_empty()).then(|| program.into_owned());
        self.clients.add(program, row.state);
    }

    fn risen(&mut self, verdict: Verdict) {
        let of_verdict = match verdict {
            Verdict::Confirmed => &mut self.confirmed,
            Verdict::Again => &mut self.not_counted.again,
            Verdict::Unproven => &mut self.not_counted.unproven,
            Verdict::Implausible => &mut self.not_counted.implausible,
            Verdict::Checking => &mut self.not_counted.checking,
        };
        *of_verdict += 1;
    }

    /// Rows of one tree come in the order of their times, announces before
    /// scrapes. The last figure of each kind stays.
    fn heard(&mut self, tracker: Arc<str>, heard: Reported) {
        let known = self.reported.entry(tracker).or_default();
        let (newer, older) = match heard.at >= known.at {
            true => (heard, std::mem::take(known)),
            false => (std::mem::take(known), heard),
        };
        *known = Reported {
            seeders: newer.seeders.or(older.seeders),
            leechers: newer.leechers.or(older.leechers),
            downloaded: newer.downloaded.or(older.downloaded),
            ..newer
        };
    }

    fn trackers(&mut self) -> Vec<Reported> {
        let all = std::mem::take(&mut self.reported).into_iter();
        let finished = all.map(|(tracker, last)| {
            let downloads = self.downloads.get(&tracker);
            Reported {
                tracker: harmless(&tracker).into_owned(),
                downloaded_meanwhile: downloads.and_then(|it| it.total()),
                resets: downloads.map_or(0, |it| it.resets()),
                ..last
            }
        });
        finished.collect()
    }

    fn torrent(mut self, number: TorrentNumber, row: TorrentRow) -> TorrentSummary {
        let known = row.pieces > 0;
        TorrentSummary {
            torrent_number: number.0,
            torrent: row.info_hash.to_string(),
            name: harmless(&row.name).into_owned(),
            pieces: known.then_some(row.pieces),
            piece_length_bytes: known.then_some(row.piece_length_bytes),
            size_bytes: known.then_some(row.size_bytes),
            reported: self.trackers(),
            reported_downloads: ReportedDownloads::of(&self.downloads, self.confirmed),
            figures: self.figures(),
        }
    }

    fn figures(self) -> Figures {
        let mut addresses = AddressCounts::default();
        for counts in self.sources.values() {
            addresses.add(&counts.came_to);
        }
        let sources = self.sources.into_iter();
        let outcomes = self.outcomes.lines();
        let mut attempts: Vec<AttemptLine> = Vec::new();
        for line in &outcomes {
            let Some(attempt) = line.counted.attempt() else {
                continue;
            };
            let outcome = OutcomeLine {
                outcome: line.outcome.label(),
                count: line.count,
                share_percent: percent(line.count, line.all),
            };
            match attempts.last_mut() {
                Some(last) if last.attempt == attempt.label() => last.outcomes.push(outcome),
                _ => attempts.push(AttemptLine {
                    attempt: attempt.label(),
                    attempts: line.all,
                    outcomes: vec![outcome],
                }),
            }
        }
        let times = outcomes.iter().filter(|it| it.counted == Counted::SlotTime);
        let slot_seconds = times.map(|it| it.count).sum::<u64>() / 1000;
        let each = slot_seconds as f64 / self.confirmed as f64;
        let told = self.confirmed > 0 && slot_seconds > 0;
        Figures {
            confirmed: self.confirmed,
            slot_seconds,
            slot_seconds_per_confirmed: told.then_some(each),
            not_counted: self.not_counted,
            peers: self.peers,
            addresses,
            countries: Largest::of(self.countries),
            clients: Largest::of(self.clients),
            sources: sources
                .map(|(source, counts)| SourceLine {
                    source: source.label(),
                    counts,
                })
                .collect(),
            attempts,
            ways: WayLine::of(&outcomes),
        }
    }
}

impl WayLine {
    /// The ways by which anybody was dialled, or came.
    fn of(outcomes: &[Line]) -> Vec<WayLine> {
        let of_way = |way: Way| {
            let mut sums = WayLine {
                way: way.label(),
                ..WayLine::default()
            };
            for line in outcomes {
                let (all, met) = match line.counted {
                    Counted::Dialled(it) if it == way => (&mut sums.dialled, &mut sums.met),
                    Counted::Accepted(it) if it == way => (&mut sums.accepted, &mut sums.came),
                    _ => continue,
                };
                *all += line.count;
                if line.outcome == Outcome::Success {
                    *met += line.count;
                }
            }
            sums
        };
        let lines = Way::ALL.into_iter().map(of_way);
        lines.filter(|it| it.dialled + it.accepted > 0).collect()
    }
}

impl PeerCounts {
    /// Takes in a peer.
    pub(in crate::report) fn add(&mut self, row: &PeerRow) {
        if row.state == PeerState::Merged {
            self.merged += 1;
            return;
        }
        self.seen += 1;
        if row.state == PeerState::Unknown {
            self.unsettled += 1;
            return;
        }
        self.observed += 1;
        match row.state {
            PeerState::Unknown | PeerState::Merged => {}
            PeerState::CompleteAtFirst => self.complete_at_first += 1,
            PeerState::Confirmed => self.confirmed += 1,
            PeerState::NotCounted => self.not_counted += 1,
            PeerState::PartialSeed => {
                self.below += 1;
                self.partial_seeds += 1;
            }
            PeerState::Below => {
                self.below += 1;
                self.fate_unknown += 1;
                self.fate_unknown_why.enter(row.presence, 1);
            }
        }
    }
}
