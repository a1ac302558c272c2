//! Which rows of a store are wanted.

use std::collections::HashMap;

use super::output::ReportError;
use crate::moment::Moment;
use crate::protocol::info_hash::{InfoHash, InfoHashV2};
use crate::store::records::{PeerRow, TorrentRow};
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{PeerNumber, TorrentNumber};

/// Milliseconds in an hour, the bucket of counters.
pub(super) const HOUR_MS: u64 = 3_600_000;

/// Rows of one torrent, or of all, in a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only this torrent.
    pub torrent: Option<TorrentNumber>,
    /// From this moment on.
    pub since: Option<Moment>,
    /// Up to this moment, which is not in it.
    pub until: Option<Moment>,
}

impl Selection {
    /// Whether a moment is in the window.
    pub fn holds(&self, at: Moment) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// Whether any of the time from `first` to `last` is in the window.
    pub fn touches(&self, first: Moment, last: Moment) -> bool {
        self.since.is_none_or(|since| last >= since) && self.until.is_none_or(|until| first < until)
    }

    /// The peers that were heard of in the window, from first observation to last
    /// sign of life.
    pub fn peers<'a>(
        &'a self,
        reader: &'a Reader,
    ) -> impl Iterator<Item = Result<((TorrentNumber, PeerNumber), PeerRow), StoreError>> + 'a {
        let wanted = |row: &PeerRow| {
            let first = row.first.map_or(row.seen_at, |first| first.at);
            self.touches(first, row.seen_at)
        };
        let rows = reader.peers(self.torrent);
        rows.filter(move |row| row.as_ref().map_or(true, |(_, row)| wanted(row)))
    }

    /// Whether any of an hour is in the window: hourly counters are not divided.
    pub fn holds_hour(&self, hour: u32) -> bool {
        let first = u64::from(hour) * HOUR_MS;
        self.touches(
            Moment::from_millis(first),
            Moment::from_millis(first + HOUR_MS - 1),
        )
    }
}

/// A store's torrents, by number.
#[derive(Clone, Debug, Default)]
pub struct Catalog(HashMap<TorrentNumber, TorrentRow>);

impl Catalog {
    /// All torrents of a store.
    ///
    /// # Errors
    /// The store fails.
    pub fn of(reader: &Reader) -> Result<Catalog, StoreError> {
        Ok(Catalog(reader.torrents()?.into_iter().collect()))
    }

    /// A torrent's row.
    pub fn torrent(&self, number: TorrentNumber) -> Option<&TorrentRow> {
        self.0.get(&number)
    }

    /// A torrent's info-hash.
    pub fn hash(&self, number: TorrentNumber) -> Option<InfoHash> {
        self.torrent(number).map(|row| row.info_hash)
    }

    /// A torrent's number of pieces; 0 while unknown.
    pub fn pieces(&self, number: TorrentNumber) -> u32 {
        self.torrent(number).map_or(0, |row| row.pieces)
    }

    /// The torrent that a user names: its number, or an info-hash of it.
    ///
    /// # Errors
    /// The store has no such torrent.
    pub fn find(&self, name: &str) -> Result<TorrentNumber, ReportError> {
        let unknown = || ReportError::NoSuchTorrent(name.to_owned());
        let v2 = name.parse().map(InfoHashV2::wire);
        if let Ok(hash) = name.parse::<InfoHash>().or(v2) {
            let mut all = self.0.iter();
            let found = all.find(|(_, row)| row.hashes().contains(hash));
            return found.map(|(number, _)| *number).ok_or_else(unknown);
        }
        let number = name.parse().map(TorrentNumber).map_err(|_| unknown())?;
        self.torrent(number).map(|_| number).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_half_open() {
        let at = Moment::from_millis;
        let window = Selection {
            torrent: None,
            since: Some(at(10)),
            until: Some(at(20)),
        };
        let held = [9, 10, 19, 20].map(|millis| window.holds(at(millis)));
        assert_eq!(held, [false, true, true, false]);
        assert!(window.touches(at(0), at(10)) && window.touches(at(19), at(30)));
        assert!(!window.touches(at(0), at(9)) && !window.touches(at(20), at(30)));
        assert!(window.holds_hour(0) && !window.holds_hour(1));
        assert!(Selection::default().holds(at(0)));
    }
}
