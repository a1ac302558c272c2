//! What a run has stored.

use std::collections::BTreeMap;
use std::path::Path;

use bta::lab::Confirmation;
use bta::store::records::{
    AnnounceRow, CompletionRow, EventRow, OutcomeRow, PeerRow, SampleRow, ScrapeRow, SourceCounts,
    TorrentRow,
};
use bta::store::{Reader, StoreError};
use bta::swarm::facts::{Attempt, Outcome, PeerNumber, TorrentNumber, Verdict};

/// The rows of one store.
pub(crate) struct Harvest {
    torrents: Vec<(TorrentNumber, TorrentRow)>,
    pub peers: Vec<PeerRow>,
    pub completions: Vec<((TorrentNumber, PeerNumber), CompletionRow)>,
    pub outcomes: Vec<(TorrentNumber, OutcomeRow)>,
    pub announces: Vec<AnnounceRow>,
    scrapes: Vec<ScrapeRow>,
    pub events: Vec<EventRow>,
    pub samples: Vec<SampleRow>,
    sources: Vec<SourceCounts>,
}

impl Harvest {
    pub(crate) fn of(run: &Path) -> Harvest {
        let reader = Reader::open(run).unwrap();
        assert_eq!(reader.remarks(), [""; 0]);
        Harvest {
            torrents: reader.torrents().unwrap(),
            peers: all(reader.peers(None).map(|row| Ok(row?.1))),
            completions: all(reader.completions(None)),
            outcomes: all(reader.outcomes(None)),
            announces: all(reader.announces(None).map(|row| Ok(row?.1))),
            scrapes: all(reader.scrapes(None).map(|row| Ok(row?.1))),
            events: all(reader.events()),
            samples: all(reader.samples()),
            sources: all(reader.sources(None).map(|row| Ok(row?.1.counts))),
        }
    }

    /// The confirmed downloads, for the lab to judge.
    pub(crate) fn confirmations(&self) -> Vec<Confirmation> {
        let confirmed = self.completions.iter();
        let confirmed = confirmed.filter(|(_, row)| row.verdict == Verdict::Confirmed);
        let read = confirmed.map(|((number, _), row)| {
            let (_, torrent) = self.torrents.iter().find(|it| it.0 == *number).unwrap();
            let address = row.raw_address.unwrap().to_string();
            Confirmation::read(torrent.info_hash, &address, row.at).unwrap()
        });
        read.collect()
    }

    /// How many attempts of each kind have ended.
    pub(crate) fn ended(&self) -> BTreeMap<Attempt, u64> {
        let mut ended = BTreeMap::new();
        for (_, row) in &self.outcomes {
            if let Some(attempt) = row.counted.attempt() {
                *ended.entry(attempt).or_default() += row.count;
            }
        }
        ended
    }

    /// Whether each contact that was started has ended in one way, and each new address
    /// came to one thing.
    pub(crate) fn adds_up(&self) -> bool {
        let ended = self.ended();
        let contacts = [Attempt::First, Attempt::Later].map(|it| ended.get(&it).copied());
        println!("attempts: {ended:?}");
        let sources = self.sources();
        println!("addresses: {:?}", sources.came_to);
        let ended = contacts.into_iter().flatten().sum::<u64>();
        ended == sources.contacted && sources.came_to.total() == sources.new
    }

    /// Counters of all sources, all hours.
    pub(crate) fn sources(&self) -> SourceCounts {
        let mut sum = SourceCounts::default();
        for counts in &self.sources {
            sum.add(counts);
        }
        sum
    }

    /// The announces to one tracker.
    pub(crate) fn announces_to(&self, url: &str) -> Vec<&AnnounceRow> {
        let rows = self.announces.iter();
        rows.filter(|it| &*it.tracker == url).collect()
    }

    /// The scrapes of one tracker.
    pub(crate) fn scrapes_of(&self, url: &str) -> Vec<&ScrapeRow> {
        let rows = self.scrapes.iter();
        rows.filter(|it| &*it.tracker == url).collect()
    }

    /// Attempts that ended so.
    pub(crate) fn count_outcomes(&self, outcome: Outcome) -> u64 {
        let rows = self.outcomes.iter().map(|it| &it.1);
        rows.filter(|it| it.counted.attempt().is_some() && it.outcome == outcome)
            .map(|it| it.count)
            .sum()
    }

    /// Events whose kind ends so.
    pub(crate) fn count_events(&self, kind: &str) -> usize {
        self.events
            .iter()
            .filter(|it| it.kind.ends_with(kind))
            .count()
    }
}

fn all<T>(rows: impl Iterator<Item = Result<T, StoreError>>) -> Vec<T> {
    rows.collect::<Result<_, _>>().unwrap()
}
