//! Records become journal rows and entries of the trees; and a peer becomes what
//! its completions say of it.

use std::collections::HashSet;

use super::codec::{Row, encode};
use super::error::StoreError;
use super::journal::JournalRow;
use super::keys;
use super::names::{NameKind, Names};
use super::records::{CompletionRow, PeerRow, Record, TorrentRow};
use super::rows::row;
use super::shelf::{Overlay, Puts, Shelf, Tree};
use crate::moment::Moment;
use crate::swarm::facts::{Observation, PeerNumber, PeerState, Sources, TorrentNumber, Verdict};
use crate::swarm::presence::Presence;

/// Collects one batch over what is stored already.
pub(super) struct Packer<'a, S> {
    over: Overlay<S>,
    names: &'a mut Names,
    journal: Vec<JournalRow>,
    /// The next event's number.
    sequence: &'a mut u32,
    /// Peers whose rows are in the batch: they know of their completions.
    told: Vec<(TorrentNumber, PeerNumber)>,
    /// New completions.
    risen: Vec<(TorrentNumber, PeerNumber, CompletionRow)>,
    /// Peers that the batch calls another's.
    merging: Vec<Merging>,
}

/// Torrent, record that ends, record that stays.
type Merging = (TorrentNumber, PeerNumber, PeerNumber);

/// A batch, ready to be written: first the journal, then the entries.
pub(super) struct Packed {
    pub(super) journal: Vec<JournalRow>,
    pub(super) puts: Puts,
}

impl<'a, S: Shelf> Packer<'a, S> {
    pub(super) fn new(base: S, names: &'a mut Names, sequence: &'a mut u32) -> Self {
        Packer {
            over: Overlay::new(base),
            names,
            journal: Vec::new(),
            sequence,
            told: Vec::new(),
            merging: Vec::new(),
            risen: Vec::new(),
        }
    }

    /// Takes up a record.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Torrent(torrent, row) => {
                if self.torrent(*torrent, row)? {
                    self.journal
                        .push(JournalRow::Torrent(*torrent, row.clone()));
                }
            }
            Record::Peer(torrent, peer, row) => {
                self.told.push((*torrent, *peer));
                if let (PeerState::Merged, Some(into)) = (row.state, row.merged_into) {
                    self.merging.push((*torrent, *peer, into));
                }
                self.put(Tree::Peers, keys::peer(*torrent, *peer), row);
            }
            Record::Completion(torrent, peer, row) => {
                if self.completion(*torrent, *peer, row)? {
                    let row = JournalRow::Completion(*torrent, *peer, row.clone());
                    self.journal.push(row);
                }
            }
            Record::Announce(torrent, row) => {
                let tracker = self.names.number(NameKind::Tracker, &row.tracker);
                self.put(Tree::Announces, keys::asked(*torrent, row.at, tracker), row);
            }
            Record::Scrape(torrent, row) => {
                let tracker = self.names.number(NameKind::Tracker, &row.tracker);
                self.put(Tree::Scrapes, keys::asked(*torrent, row.at, tracker), row);
            }
            Record::Outcome(torrent, row) => {
                let family = self.names.number(NameKind::Family, &row.family);
                let key = keys::outcome(*torrent, row.hour, row.counted, family, row.outcome);
                self.put(Tree::Outcomes, key, row);
            }
            Record::Source(torrent, row) => {
                let key = keys::source(*torrent, row.hour, row.source);
                self.put(Tree::Sources, key, row);
            }
            Record::Hearsay(torrent, peer, row) => {
                let key = keys::hearsay(*torrent, *peer, row.at, row.source);
                self.put(Tree::Hearsay, key, row);
            }
            Record::Event(row) => {
                let key = keys::event(row.at, *self.sequence);
                *self.sequence = self.sequence.wrapping_add(1);
                self.put(Tree::Events, key, row);
            }
            Record::Sample(row) => self.put(Tree::Samples, keys::sample(row.at), row),
            // A file, which the writer makes.
            Record::Metadata(..) => {}
            Record::Meta(name, value) => {
                let (key, value) = (name.as_bytes().to_vec(), value.as_bytes().to_vec());
                self.over.put(Tree::Meta, key, value);
            }
        }
        Ok(())
    }

    /// Takes up a row of the journal; false if the store had it.
    pub(super) fn replay(&mut self, row: JournalRow) -> Result<bool, StoreError> {
        match row {
            JournalRow::Begun(_) => Ok(false),
            JournalRow::Torrent(torrent, row) => self.torrent(torrent, &row),
            JournalRow::Completion(torrent, peer, row) => self.completion(torrent, peer, &row),
            JournalRow::Merged {
                torrent,
                peer,
                into,
            } => {
                self.merging.push((torrent, peer, into));
                Ok(false)
            }
        }
    }

    /// The whole batch.
    pub(super) fn finish(mut self) -> Result<Packed, StoreError> {
        let told: HashSet<_> = match self.risen.is_empty() {
            true => HashSet::new(),
            false => self.told.drain(..).collect(),
        };
        for (torrent, peer, risen) in std::mem::take(&mut self.risen) {
            if !told.contains(&(torrent, peer)) {
                let key = keys::peer(torrent, peer);
                let stored = row::<PeerRow>(&self.over, self.names, Tree::Peers, &key)?;
                self.put(Tree::Peers, key, &absorb(stored, &risen));
            }
        }
        for (torrent, peer, into) in std::mem::take(&mut self.merging) {
            self.merge(torrent, peer, into)?;
        }
        for (key, text) in self.names.unsaved() {
            self.over.put(Tree::Names, key, text);
        }
        Ok(Packed {
            journal: self.journal,
            puts: self.over.puts,
        })
    }

    /// A confirmed download that counts no more is the journal's business; all
    /// other merged records are the database's alone.
    fn merge(
        &mut self,
        torrent: TorrentNumber,
        peer: PeerNumber,
        into: PeerNumber,
    ) -> Result<(), StoreError> {
        let confirmed = keys::completion(torrent, peer, Verdict::Confirmed, Moment::EPOCH);
        let key = keys::peer(torrent, peer);
        let stored = row::<PeerRow>(&self.over.base, self.names, Tree::Peers, &key)?;
        let known = stored.is_some_and(|peer| peer.state == PeerState::Merged);
        if known || self.over.value(Tree::Completions, &confirmed)?.is_none() {
            return Ok(());
        }
        self.journal.push(JournalRow::Merged {
            torrent,
            peer,
            into,
        });
        if let Some(mut row) = row::<PeerRow>(&self.over, self.names, Tree::Peers, &key)? {
            row.state = PeerState::Merged;
            row.merged_into = Some(into);
            self.put(Tree::Peers, key, &row);
        }
        Ok(())
    }

    fn put<R: Row>(&mut self, tree: Tree, key: Vec<u8>, row: &R) {
        let value = encode(row, self.names);
        self.over.put(tree, key, value);
    }

    /// False if it is stored so already.
    fn torrent(&mut self, torrent: TorrentNumber, row: &TorrentRow) -> Result<bool, StoreError> {
        let (key, value) = (keys::torrent(torrent), encode(row, self.names));
        if self.over.value(Tree::Torrents, &key)?.as_ref() == Some(&value) {
            return Ok(false);
        }
        self.over.put(Tree::Torrents, key, value);
        Ok(true)
    }

    /// False if it is stored already; then the stored one stays.
    fn completion(
        &mut self,
        torrent: TorrentNumber,
        peer: PeerNumber,
        row: &CompletionRow,
    ) -> Result<bool, StoreError> {
        let key = keys::completion(torrent, peer, row.verdict, row.at);
        if self.over.value(Tree::Completions, &key)?.is_some() {
            return Ok(false);
        }
        self.put(Tree::Completions, key, row);
        self.risen.push((torrent, peer, row.clone()));
        Ok(true)
    }
}

/// A peer as it must stand when one of its completions is stored: so that a
/// resumed run never counts it a second time, even if all that is left of it is
/// the journal.
fn absorb(stored: Option<PeerRow>, completion: &CompletionRow) -> PeerRow {
    let seen = |at, pieces| Some(Observation { at, pieces });
    let before = stored
        .as_ref()
        .map_or(PeerState::Unknown, |peer| peer.state);
    let state = match (before, completion.verdict) {
        (PeerState::Merged, _) => PeerState::Merged,
        (_, Verdict::Confirmed) => PeerState::Confirmed,
        (PeerState::Unknown | PeerState::Below | PeerState::PartialSeed, _) => {
            PeerState::NotCounted
        }
        (closed, _) => closed,
    };
    let above = seen(completion.at, completion.pieces);
    let below = seen(completion.below_at, completion.below_pieces);
    let Some(mut peer) = stored else {
        return PeerRow {
            ids: completion.ids,
            first: seen(completion.first_seen, completion.first_pieces),
            last: above,
            below,
            best_speed: 0,
            visits: 1,
            sources: Sources::default().with_some_time(completion.source),
            client: completion.client.clone(),
            prefix: completion.prefix.clone(),
            place: "".into(),
            network: "".into(),
            state,
            presence: Presence::Untold,
            merged_into: None,
            proof: 0,
            flags: 0,
            seen_at: completion.at,
            direction: completion.direction,
            raw_address: completion.raw_address,
        };
    };
    peer.state = state;
    let at = |observation: Option<Observation>| observation.map(|it| it.at);
    if at(peer.last) < at(above) {
        peer.last = above;
    }
    if at(peer.below) < at(below) {
        peer.below = below;
    }
    peer.first = peer
        .first
        .or(seen(completion.first_seen, completion.first_pieces));
    peer.seen_at = peer.seen_at.max(completion.at);
    peer
}
