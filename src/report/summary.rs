//! What a run found, in one page: printed by `bta` when it ends and by
//! `bta-dump summary`.

mod collect;
mod digest;
pub mod flat;
mod gaps;
mod groups;
mod limits;
mod render;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Serialize, Serializer};

pub use self::groups::{Largest, NamedGroup};
use super::reported::ReportedDownloads;
use super::selection::Selection;
use crate::moment::Moment;
use crate::store::records::SourceCounts;
use crate::store::{Reader, StoreError};
use crate::swarm::address_state::AddressCounts;
use crate::swarm::presence::PresenceCounts;

/// What a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The run's folder.
    pub store: String,
    /// The program that wrote last.
    pub program: Option<String>,
    /// When the store was begun.
    #[serde(serialize_with = "moment")]
    pub begun_at: Option<Moment>,
    /// When it was closed last; none if the last run left no mark of its end.
    #[serde(serialize_with = "moment")]
    pub closed_at: Option<Moment>,
    /// When it was looked at, if it goes on.
    #[serde(serialize_with = "moment")]
    pub as_of: Option<Moment>,
    /// Beginning of the window, if one was asked for.
    #[serde(serialize_with = "moment")]
    pub since: Option<Moment>,
    /// End of the window, if one was asked for.
    #[serde(serialize_with = "moment")]
    pub until: Option<Moment>,
    /// Share of the pieces that counts as complete, in percent.
    pub threshold_percent: f64,
    /// Whether the store holds addresses (`--keep-addresses`).
    pub keeps_addresses: bool,
    /// What a reader should know of the store's state.
    pub remarks: Vec<String>,
    /// Times in which our own network was down: nothing was seen then.
    pub gaps: Gaps,
    /// Torrent by torrent.
    pub torrents: Vec<TorrentSummary>,
    /// All torrents together; connections that named no torrent of ours are in
    /// its attempts and in no torrent's.
    pub total: Figures,
    /// The trackers' of all torrents together.
    pub total_reported_downloads: Option<ReportedDownloads>,
}

/// Times in which our own network was down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// How many, of IPv4.
    pub ipv4: u64,
    /// Seconds in all of these.
    pub ipv4_s: u64,
    /// How many, of IPv6.
    pub ipv6: u64,
    /// Seconds in all of these.
    pub ipv6_s: u64,
}

/// What a run found of one torrent.
#[derive(Clone, Debug, Serialize)]
pub struct TorrentSummary {
    /// Its number in the store.
    pub torrent_number: u32,
    /// Its info-hash.
    pub torrent: String,
    /// Its name.
    pub name: String,
    /// Pieces, if its metadata is there.
    pub pieces: Option<u32>,
    /// Bytes in a piece, likewise.
    pub piece_length_bytes: Option<u64>,
    /// Bytes of content.
    pub size_bytes: Option<u64>,
    /// What was found.
    #[serde(flatten)]
    pub figures: Figures,
    /// What trackers report to have been downloaded meanwhile; none if not one
    /// gave a figure.
    pub reported_downloads: Option<ReportedDownloads>,
    /// What each tracker reported.
    pub reported: Vec<Reported>,
}

/// Counts of one torrent, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Confirmed downloads.
    pub confirmed: u64,
    /// For how long all contacts and sessions together had a session's slot.
    pub slot_seconds: u64,
    /// The same for each confirmed download; none without any.
    pub slot_seconds_per_confirmed: Option<f64>,
    /// Rises to the threshold that were not counted.
    pub not_counted: NotCounted,
    /// Peers, by where they stand.
    pub peers: PeerCounts,
    /// Addresses that were named, by what came of them.
    pub addresses: AddressCounts,
    /// Where they are.
    pub countries: Largest,
    /// What they run.
    pub clients: Largest,
    /// What each source of addresses brought.
    pub sources: Vec<SourceLine>,
    /// How contacts and incoming connections ended.
    pub attempts: Vec<AttemptLine>,
    /// By which ways peers were dialled and came.
    pub ways: Vec<WayLine>,
}

/// Rises to the threshold that were not counted, by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotCounted {
    /// Of peers confirmed before.
    pub again: u64,
    /// Of peers that may have been super-seeding.
    pub unproven: u64,
    /// Faster than any link.
    pub implausible: u64,
    /// What a disk check found.
    pub checking: u64,
}

/// Peers, by where they stand. `seen` is `unsettled` and `observed`; `observed`
/// is the rest together, where `below` is `partial_seeds` and `fate_unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeerCounts {
    /// All of which there is a record of their own.
    pub seen: u64,
    /// Whose progress never settled.
    pub unsettled: u64,
    /// Whose progress was learnt.
    pub observed: u64,
    /// Already complete when first observed.
    pub complete_at_first: u64,
    /// With a confirmed download.
    pub confirmed: u64,
    /// That rose to the threshold without being counted.
    pub not_counted: u64,
    /// Below the threshold when last observed.
    pub below: u64,
    /// Of these, those that want no more (`upload_only`): a known fate.
    pub partial_seeds: u64,
    /// Of these, those of which nobody knows whether they finished.
    pub fate_unknown: u64,
    /// And why: these add up to `fate_unknown`.
    pub fate_unknown_why: PresenceCounts,
    /// Records that turned out to be another's peer; in none of the above.
    pub merged: u64,
}

/// What one source of addresses brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// The source's label.
    pub source: &'static str,
    /// Its counters.
    #[serde(flatten)]
    pub counts: SourceCounts,
}

/// How attempts of one kind ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptLine {
    /// The label of the kind.
    pub attempt: &'static str,
    /// How many there were: the sum of the outcomes.
    pub attempts: u64,
    /// How they ended; those that never happened are left out.
    pub outcomes: Vec<OutcomeLine>,
}

/// How many attempts ended in one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeLine {
    /// The outcome's label.
    pub outcome: &'static str,
    /// How many.
    pub count: u64,
    /// Their share of the attempts of this kind, in percent.
    pub share_percent: f64,
}

/// Connections by one way. One contact may have several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WayLine {
    /// The way's label.
    pub way: &'static str,
    /// Dials.
    pub dialled: u64,
    /// Of these, those by which hands were shaken.
    pub met: u64,
    /// Connections that others opened, for one of our torrents.
    pub accepted: u64,
    /// Of these, those by which hands were shaken.
    pub came: u64,
}

/// What a tracker reported: the last that it said of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// The announce URL, redacted.
    pub tracker: String,
    /// When it answered last.
    #[serde(serialize_with = "moment")]
    pub at: Option<Moment>,
    /// Seeders.
    pub seeders: Option<u32>,
    /// Leechers; we are among them unless the tracker knows better.
    pub leechers: Option<u32>,
    /// Downloads, since the tracker began to count.
    pub downloaded: Option<u32>,
    /// Downloads since we asked it first; none without a scrape that told.
    pub downloaded_meanwhile: Option<u64>,
    /// How often it began to count anew: then some of them are missing.
    pub resets: u32,
}

impl Summary {
    /// Reads a store through.
    ///
    /// # Errors
    /// The store fails.
    pub fn of(reader: &Reader, selection: &Selection) -> Result<Summary, StoreError> {
        collect::summary(reader, selection)
    }

    /// As a page of text, at most 80 columns wide.
    pub fn render_table(&self, colour: bool) -> String {
        render::page(self, colour)
    }

    /// As one JSON document, ended by a line feed.
    ///
    /// # Errors
    /// A number that JSON has no form for; there is none in a summary.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// From its beginning to its end, or to now if it goes on; if both are known.
    pub fn lasted(&self) -> Option<Duration> {
        let until = self.as_of.or(self.closed_at)?;
        Some(until.since(self.begun_at?))
    }
}

impl NotCounted {
    /// All together.
    pub fn total(&self) -> u64 {
        self.again + self.unproven + self.implausible + self.checking
    }
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => serializer.collect_str(moment),
        None => serializer.serialize_none(),
    }
}
