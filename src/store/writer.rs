//! The one writer of a store.
//!
//! A batch is written in this order: journal rows, `fdatasync`, the trees of the
//! database, sled's `flush()`; then it is acknowledged. Metadata that peers gave comes
//! before all, each in a file of its own. So completions survive a
//! power cut, and all else survives a killed process.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::broom::{Debt, Tidying};
use super::error::StoreError;
use super::folder::Folder;
use super::journal::JournalRow;
use super::keys;
use super::live::Live;
use super::meta;
use super::opening::{self, Parts};
use super::pack::{Packed, Packer};
use super::records::{
    CompletionRow, EventRow, OutcomeRow, Parameters, PeerRow, Record, SourceRow, TorrentRow,
};
use super::rows::rows;
use super::shelf::Tree;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::swarm::confirmation::Rise;
use crate::swarm::facts::{PeerNumber, SessionLink, TorrentNumber, Verdict};

/// The program that opens a store, as its `meta` tree names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Name and version.
    pub version: String,
    /// The command line, secrets redacted.
    pub command_line: String,
}

/// What was found when a store was opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    /// There was a store already.
    pub resumed: bool,
    /// It had been closed in order (true for a new one).
    pub clean: bool,
    /// Journal rows that the database lacked and that were applied.
    pub replayed: u64,
    /// Bytes of the journal that hold no whole row (a torn end, or damage).
    pub torn_bytes: u64,
    /// Where the damaged database was moved before it was rebuilt.
    pub damaged: Option<PathBuf>,
    /// Every torrent of the store.
    pub torrents: Vec<(TorrentNumber, TorrentRow)>,
}

impl Opened {
    /// What happened, as label and text, for log and events. The writer has
    /// stored these events already.
    pub fn remarks(&self) -> Vec<(&'static str, String)> {
        let mut remarks = Vec::new();
        remarks.push(match (self.resumed, self.clean) {
            (false, _) => ("store_begun", "a new store".to_owned()),
            (true, true) => ("store_resumed", "after an orderly end".to_owned()),
            (true, false) => (
                "store_resumed",
                "after an end without a mark (killed, or a crash)".to_owned(),
            ),
        });
        if let Some(aside) = &self.damaged {
            let aside = aside.file_name().unwrap_or_default().to_string_lossy();
            remarks.push((
                "database_damaged",
                format!(
                    "moved to {aside}; torrents and completions rebuilt from the journal, \
                     all else begins anew"
                ),
            ));
        }
        if self.replayed > 0 {
            let text = format!("{} rows that the database lacked", self.replayed);
            remarks.push(("journal_replayed", text));
        }
        if self.torn_bytes > 0 {
            let text = format!("{} bytes held no whole row", self.torn_bytes);
            remarks.push(("journal_torn", text));
        }
        remarks
    }
}

/// What the store knows of one torrent: where a swarm goes on after a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Every peer.
    pub peers: Vec<(PeerNumber, PeerRow)>,
    /// The first number that no peer in database or journal ever had.
    pub next_peer: PeerNumber,
    /// The confirmed downloads, and how the two sessions of each were linked.
    pub confirmed: BTreeMap<PeerNumber, (Rise, SessionLink)>,
    /// The counters of outcomes, all hours.
    pub outcomes: Vec<OutcomeRow>,
    /// The counters of sources, all hours.
    pub sources: Vec<SourceRow>,
    /// A torrent file without trackers, made of the metadata that peers gave, if they
    /// did.
    pub metadata: Option<Vec<u8>>,
}

/// The one writer of a store; holds its locks until it is dropped.
#[derive(Debug)]
pub struct Writer {
    parts: Parts,
    numbers: HashMap<InfoHash, TorrentNumber>,
    /// Torrents that got a number and are not stored yet.
    fresh: Vec<Record>,
    /// What commits that failed have left in the journal.
    journaled: Vec<JournalRow>,
    debt: Debt,
}

impl Writer {
    /// Opens the store in `run_dir`, or begins one. Journal rows that the
    /// database lacks are applied before this returns. A damaged database is
    /// moved aside and rebuilt from the journal ([`Opened::damaged`]).
    ///
    /// # Errors
    /// The store is in use, was begun with other parameters, or cannot be opened.
    pub fn open(
        run_dir: &Path,
        parameters: &Parameters,
        program: &Program,
        now: Moment,
    ) -> Result<(Writer, Opened), StoreError> {
        let folder = Folder::create(run_dir)?;
        let parts = opening::open(folder, parameters, program, now)?;
        let opened = parts.opened.clone();
        // Of two that turned out to be one the first is found.
        let known = opened.torrents.iter().rev();
        let numbers =
            known.flat_map(|(number, row)| row.hashes().iter().map(move |it| (it, *number)));
        let writer = Writer {
            numbers: numbers.collect(),
            fresh: Vec::new(),
            journaled: Vec::new(),
            debt: Debt::default(),
            parts,
        };
        Ok((writer, opened))
    }

    /// The key of the run's identity hashes. Never to be written anywhere else.
    pub fn secret(&self) -> [u8; 32] {
        self.parts.secret
    }

    /// The number of a torrent: the one it has in this store by any of its names, or the
    /// next. A new torrent's row is stored with the next commit.
    pub fn torrent_number(&mut self, row: &TorrentRow) -> TorrentNumber {
        let known = row.hashes().iter().find_map(|it| self.numbers.get(&it));
        if let Some(number) = known.copied() {
            let names = row.hashes().iter().map(|it| (it, number));
            self.numbers.extend(names);
            return number;
        }
        let number = TorrentNumber(self.parts.last_torrent.0.saturating_add(1));
        self.parts.last_torrent = number;
        let names = row.hashes().iter().map(|it| (it, number));
        self.numbers.extend(names);
        self.fresh.push(Record::Torrent(number, row.clone()));
        number
    }

    /// Makes a batch durable; when this returns, it is acknowledged.
    ///
    /// # Errors
    /// The disk or the database fails: nothing of the batch is acknowledged, and
    /// it may be committed again.
    pub fn commit(&mut self, batch: &[Record]) -> Result<(), StoreError> {
        let parts = &mut self.parts;
        for record in batch {
            if let Record::Metadata(info_hash, info) = record {
                parts.folder.keep_metadata(info_hash, info)?;
            }
        }
        let mut packer = Packer::new(&*parts.database, &mut parts.names, &mut parts.sequence);
        for record in self.fresh.iter().chain(batch) {
            packer.add(record)?;
        }
        let Packed { mut journal, puts } = packer.finish()?;
        // A batch that is tried again and again would fill the disk with them.
        journal.retain(|row| !self.journaled.contains(row));
        parts.journal.append(&journal)?;
        self.journaled.append(&mut journal);
        parts.database.write(&puts)?;
        self.journaled.clear();
        parts.names.saved();
        self.fresh.clear();
        self.debt.owe(&puts);
        Ok(())
    }

    /// Whether [`Writer::tidy`] has something to do, and when.
    pub fn tidying(&self) -> Option<Tidying> {
        self.debt.due()
    }

    /// A few milliseconds' work on the database's file, so that it does not grow
    /// with rows that are written again. To be called when nothing else is to do.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub fn tidy(&mut self) -> Result<(), StoreError> {
        self.parts.database.sweep(self.debt.pay())
    }

    /// What the store knows of one torrent.
    ///
    /// # Errors
    /// The database fails.
    pub fn load(&self, torrent: TorrentNumber) -> Result<Loaded, StoreError> {
        let (shelf, names) = (&*self.parts.database, &self.parts.names);
        let prefix = keys::torrent(torrent);
        let peers: Vec<_> = rows(shelf, names, Tree::Peers, &prefix, keys::peer_of)
            .map(|row| row.map(|((_, peer), row)| (peer, row)))
            .collect::<Result<_, _>>()?;
        let mut last = peers.last().map_or(0, |(peer, _)| peer.0);
        let mut confirmed = BTreeMap::new();
        for row in rows(shelf, names, Tree::Completions, &prefix, keys::peer_of) {
            let ((_, peer), row): (_, CompletionRow) = row?;
            last = last.max(peer.0);
            if row.verdict == Verdict::Confirmed {
                confirmed.insert(peer, (row.rise(), row.link));
            }
        }
        let whole = |_: &[u8]| Ok(());
        let outcomes = rows(shelf, names, Tree::Outcomes, &prefix, whole);
        let sources = rows(shelf, names, Tree::Sources, &prefix, whole);
        // It may have been kept under either name.
        let names = self.numbers.iter().filter(|it| *it.1 == torrent);
        let mut files = names.map(|(name, _)| self.parts.folder.metadata(name));
        Ok(Loaded {
            peers,
            next_peer: PeerNumber(last.saturating_add(1)),
            confirmed,
            outcomes: outcomes
                .map(|row| row.map(|((), row)| row))
                .collect::<Result<_, _>>()?,
            sources: sources
                .map(|row| row.map(|((), row)| row))
                .collect::<Result<_, _>>()?,
            metadata: files.find_map(Result::transpose).transpose()?,
        })
    }

    /// From now on `live` shows this store.
    pub fn show_to(&self, live: &Live) {
        live.show(&self.parts.database);
    }

    /// Leaves the mark of an orderly end; everything is on disk when this returns.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub fn close(mut self, now: Moment) -> Result<(), StoreError> {
        let end = Record::Event(EventRow {
            at: now,
            kind: "store_closed".into(),
            text: "in order".into(),
            torrent: None,
        });
        let closed = meta::fact(meta::CLOSED_AT, now);
        // The mark comes last, in a batch of its own.
        self.commit(&[end, closed])?;
        self.commit(&[meta::fact(meta::CLEAN, true)])?;
        self.parts.folder.restrict()
    }
}
