//! What the inputs name, as it stands in the store and in the plans of the run.

use std::collections::HashSet;

use crate::clock::Clock;
use crate::input::{Named, Torrent};
use crate::moment::Moment;
use crate::protocol::address::AddressPolicy;
use crate::protocol::tracker::TrackerUrl;
use crate::store::records::TorrentRow;
use crate::store::{Record, StoreError, Writer};
use crate::swarm::facts::TorrentNumber;

/// The fact that tells how many ranges of addresses were left alone.
const EXCLUDED: &str = "excluded_ranges";

/// What is imported stands in the store before anything is seen of it.
pub(super) fn import<'a>(
    writer: &mut Writer,
    torrents: &'a [Torrent],
    known: &[(TorrentNumber, TorrentRow)],
    policy: &AddressPolicy,
    clock: Clock,
) -> Result<Vec<(&'a Torrent, TorrentNumber, TorrentRow)>, StoreError> {
    let mut imported = Vec::new();
    let mut numbers = HashSet::new();
    let excluded = policy.excluded.entries().to_string();
    let mut records = vec![Record::Meta(EXCLUDED.into(), excluded.into())];
    for torrent in torrents {
        let mut row = row(torrent, clock.now());
        let number = writer.torrent_number(&row);
        if !numbers.insert(number) {
            // Links to either half of a hybrid: what the store knows of it tells.
            continue;
        }
        // A link does not say so; the metadata said it to a run before.
        let mut before = known.iter().filter(|it| it.0 == number);
        row.private |= before.any(|it| it.1.private);
        if torrent.metainfo().is_some() {
            // Of one that was named by a link the store may know more.
            records.push(Record::Torrent(number, row.clone()));
        }
        imported.push((torrent, number, row));
    }
    writer.commit(&records)?;
    Ok(imported)
}

/// What is known of a torrent before it is crawled.
fn row(torrent: &Torrent, now: Moment) -> TorrentRow {
    let trackers = trackers(torrent);
    let unknown = TorrentRow {
        info_hash: torrent.info_hash(),
        info_hash_v2: torrent.hashes().v2,
        name: torrent.name().to_owned(),
        pieces: 0,
        piece_length_bytes: 0,
        size_bytes: 0,
        private: false,
        trackers: trackers.iter().map(TrackerUrl::redacted).collect(),
        origin: torrent.origin.to_string(),
        added_at: now,
    };
    match &torrent.named {
        Named::Metainfo(metainfo) => unknown.measured(metainfo),
        Named::Magnet(_) => unknown,
    }
}

/// The trackers that can be spoken to; all tiers, in their order.
pub(super) fn trackers(torrent: &Torrent) -> Vec<TrackerUrl> {
    let urls = torrent.trackers().into_iter();
    let mut parsed: Vec<TrackerUrl> = Vec::new();
    for url in urls.filter_map(|it| TrackerUrl::parse(it).ok()) {
        if !parsed.contains(&url) {
            parsed.push(url);
        }
    }
    parsed
}
