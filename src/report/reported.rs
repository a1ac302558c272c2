//! Reported downloads: what the scrapes of a store tell of them, torrent by
//! torrent and tracker by tracker.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::selection::Selection;
use super::units::percent;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::TorrentNumber;
use crate::swarm::reported::{Reported, ReportedByAll};

/// Of each tracker, how far its `downloaded` figure rose.
pub type ByTracker = BTreeMap<Arc<str>, Reported>;

/// What all trackers of one torrent, or of all torrents, report to have been
/// downloaded while they were asked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReportedDownloads {
    /// Torrents of which there is a figure: 1, but in a total.
    #[serde(skip)]
    pub torrents: usize,
    /// Trackers that gave a figure; of all torrents, counted for each.
    pub trackers: u32,
    /// The greatest of the trackers'; of all torrents, the sum of each one's.
    pub greatest: u64,
    /// The trackers' together. Clients announce to several: what was downloaded
    /// lies between the greatest and this.
    pub sum: u64,
    /// How often a tracker began to count anew; then all these are lower bounds.
    pub resets: u32,
    /// Confirmed downloads as a share of the greatest, in percent; none of 0.
    pub confirmed_percent: Option<f64>,
}

impl ReportedDownloads {
    /// Of one torrent; None if no tracker gave a figure.
    pub fn of(trackers: &ByTracker, confirmed: u64) -> Option<Self> {
        let all = ReportedByAll::of(trackers.values())?;
        Some(ReportedDownloads {
            torrents: 1,
            trackers: all.trackers,
            greatest: all.greatest,
            sum: all.sum,
            resets: all.resets,
            confirmed_percent: share(confirmed, all.greatest),
        })
    }

    /// Of several torrents: different ones are different downloads. The share is
    /// known if each of them has a figure.
    pub fn of_all(torrents: &[Option<ReportedDownloads>], confirmed: u64) -> Option<Self> {
        let known: Vec<_> = torrents.iter().flatten().collect();
        let greatest = known.iter().map(|it| it.greatest).sum();
        let complete = known.len() == torrents.len();
        (!known.is_empty()).then(|| ReportedDownloads {
            torrents: known.len(),
            trackers: known.iter().map(|it| it.trackers).sum(),
            greatest,
            sum: known.iter().map(|it| it.sum).sum(),
            resets: known.iter().map(|it| it.resets).sum(),
            confirmed_percent: share(confirmed, greatest).filter(|_| complete),
        })
    }
}

fn share(confirmed: u64, reported: u64) -> Option<f64> {
    (reported > 0).then(|| percent(confirmed, reported))
}

/// The scrapes of the window, read through.
///
/// # Errors
/// The store fails.
pub fn by_torrent(
    reader: &Reader,
    selection: &Selection,
) -> Result<BTreeMap<TorrentNumber, ByTracker>, StoreError> {
    let mut found: BTreeMap<TorrentNumber, ByTracker> = BTreeMap::new();
    // Rows come in the order of their times.
    for row in reader.scrapes(selection.torrent) {
        let (torrent, row) = row?;
        let downloaded = row.result.ok().and_then(|answer| answer.downloaded);
        if let Some(downloaded) = downloaded.filter(|_| selection.holds(row.at)) {
            let of_torrent = found.entry(torrent).or_default();
            of_torrent.entry(row.tracker).or_default().note(downloaded);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(readings: &[&[u32]], confirmed: u64) -> Option<ReportedDownloads> {
        let mut trackers = ByTracker::new();
        for (number, readings) in readings.iter().enumerate() {
            let of = trackers.entry(number.to_string().into()).or_default();
            readings.iter().for_each(|it| of.note(*it));
        }
        ReportedDownloads::of(&trackers, confirmed)
    }

    #[test]
    fn several_trackers_are_never_one_figure() {
        let both = reported(&[&[10, 30], &[5, 15, 2, 4]], 5).unwrap();
        assert_eq!((both.greatest, both.sum, both.resets), (20, 32, 1));
        assert_eq!(both.confirmed_percent, Some(25.0));
        assert_eq!(reported(&[&[], &[]], 5), None);
        assert_eq!(reported(&[&[7]], 5).unwrap().confirmed_percent, None);
    }

    #[test]
    fn the_share_of_all_torrents_needs_a_figure_of_each() {
        let (ten, twenty) = (reported(&[&[0, 10]], 1), reported(&[&[0, 20], &[0, 5]], 2));
        let all = ReportedDownloads::of_all(&[ten, twenty], 3).unwrap();
        assert_eq!((all.trackers, all.greatest, all.sum), (3, 30, 35));
        assert_eq!(all.confirmed_percent, Some(10.0));
        let some = ReportedDownloads::of_all(&[ten, None, twenty], 3).unwrap();
        assert_eq!((some.greatest, some.confirmed_percent), (30, None));
        assert_eq!(ReportedDownloads::of_all(&[None], 3), None);
    }
}
