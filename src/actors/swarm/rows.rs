//! Between the book's records and the store's rows.

use std::sync::Arc;

use crate::protocol::peer::family::Family;
use crate::protocol::peer::pex::PexFlags;
use crate::store::Record;
use crate::store::records::{
    CompletionRow, HearsayRow, OutcomeRow, PeerRow, SourceCounts, SourceRow,
};
use crate::swarm::book::{Hearsay, OutcomeKey, Peer, Rising, SourceTally};
use crate::swarm::confirmation::{History, Rise};
use crate::swarm::facts::{PeerNumber, PeerState, SessionLink, Source, TorrentNumber};
use crate::swarm::identity::Lair;
use crate::swarm::place::Whereabouts;

/// Flag of a peer's row: somebody was reached by dialling it. The other seven bits
/// are its lair.
const DIALLED: u8 = 1;

/// Makes rows of one torrent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) torrent: TorrentNumber,
    pub(super) total_pieces: u32,
    /// Whether addresses are stored.
    pub(super) keep_addresses: bool,
}

impl Rows {
    pub(super) fn peer(&self, number: PeerNumber, peer: &Peer) -> Record {
        let at = &peer.whereabouts;
        let row = PeerRow {
            ids: peer.ids,
            first: peer.history.first(),
            last: peer.history.last(),
            below: peer.history.below(),
            best_speed: peer.best_speed,
            visits: peer.visits,
            sources: peer.sources,
            client: Arc::clone(&peer.client),
            prefix: Arc::clone(&peer.prefix),
            place: at
                .as_ref()
                .map_or_else(|| "".into(), |it| Arc::clone(&it.place)),
            network: at
                .as_ref()
                .map_or_else(|| "".into(), |it| Arc::clone(&it.network)),
            state: peer.state(),
            presence: peer.presence,
            merged_into: peer.merged_into,
            proof: peer.history.code(),
            flags: (u8::from(peer.dialled) * DIALLED) | (peer.lair.code() << 1),
            seen_at: peer.seen_at,
            direction: peer.direction,
            raw_address: peer.address.filter(|_| self.keep_addresses),
        };
        Record::Peer(self.torrent, number, row)
    }

    pub(super) fn completion(&self, rising: &Rising) -> CompletionRow {
        let (rise, peer) = (&rising.rise, &rising.record);
        let first = peer.history.first().unwrap_or(rise.below);
        CompletionRow {
            verdict: rise.verdict,
            at: rise.reached.at,
            below_at: rise.below.at,
            evidence: rise.evidence,
            link: rising.link,
            first_seen: first.at,
            first_pieces: first.pieces,
            below_pieces: rise.below.pieces,
            pieces: rise.reached.pieces,
            total_pieces: self.total_pieces,
            client: Arc::clone(&peer.client),
            prefix: Arc::clone(&peer.prefix),
            source: peer.first_source,
            direction: peer.direction,
            ids: peer.ids,
            raw_address: peer.address.filter(|_| self.keep_addresses),
        }
    }

    pub(super) fn outcome(&self, key: &OutcomeKey, count: u64) -> Record {
        let row = OutcomeRow {
            hour: key.hour,
            counted: key.counted,
            family: key.family.label().into(),
            outcome: key.outcome,
            count,
        };
        Record::Outcome(self.torrent, row)
    }

    pub(super) fn hearsay(&self, hearsay: &Hearsay) -> Record {
        let row = HearsayRow {
            at: hearsay.at,
            source: Source::Pex,
            flags: hearsay.flags.0,
            seed: Some(hearsay.flags.has(PexFlags::SEED)),
        };
        Record::Hearsay(self.torrent, hearsay.peer, row)
    }

    pub(super) fn source(&self, hour: u32, source: Source, tally: &SourceTally) -> Record {
        let counts = SourceCounts {
            received: tally.received,
            new: tally.new,
            duplicate: tally.duplicate,
            excluded: tally.excluded,
            contacted: tally.contacted,
            reached: tally.reached,
            confirmed: tally.confirmed,
            came_to: tally.came_to,
        };
        Record::Source(
            self.torrent,
            SourceRow {
                hour,
                source,
                counts,
            },
        )
    }
}

/// A counter's key as the store has it; None for a family that is no longer known.
pub(in crate::actors) fn outcome_key(row: &OutcomeRow) -> OutcomeKey {
    let family = Family::ALL.iter().find(|it| it.label() == &*row.family);
    OutcomeKey {
        hour: row.hour,
        counted: row.counted,
        family: family.copied().unwrap_or(Family::Other),
        outcome: row.outcome,
    }
}

/// A source's counters as the store has them.
pub(super) fn source_tally(counts: &SourceCounts) -> SourceTally {
    SourceTally {
        received: counts.received,
        new: counts.new,
        duplicate: counts.duplicate,
        excluded: counts.excluded,
        contacted: counts.contacted,
        reached: counts.reached,
        confirmed: counts.confirmed,
        came_to: counts.came_to,
    }
}

/// A peer as the store has it.
pub(super) fn restored(row: &PeerRow, confirmed: Option<(Rise, SessionLink)>) -> Peer {
    let state = match row.state {
        // Its history is in the record that it leads to.
        PeerState::Merged => PeerState::Unknown,
        // The completion was written, the row after it was not.
        _ if confirmed.is_some() => PeerState::Confirmed,
        // The row was written, the completion was not: it rises once more.
        PeerState::Confirmed => PeerState::Below,
        state => state,
    };
    Peer {
        ids: row.ids,
        lair: Lair::from_code(row.flags >> 1),
        prefix: Arc::clone(&row.prefix),
        client: Arc::clone(&row.client),
        family: row.family(),
        history: History::restore(row.first, row.last, row.below, state, row.proof),
        best_speed: row.best_speed,
        visits: row.visits,
        sources: row.sources,
        first_source: row.sources.first().unwrap_or(Source::Incoming),
        seen_at: row.seen_at,
        direction: row.direction,
        dialled: row.flags & DIALLED != 0,
        whereabouts: Whereabouts::stored(&row.place, &row.network).map(Box::new),
        address: row.raw_address,
        expected_finish: None,
        presence: row.presence,
        merged_into: row.merged_into,
        rise: confirmed.map(Box::new),
    }
}
