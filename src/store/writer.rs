//! The one writer of a store.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::records::{OutcomeRow, Parameters, PeerRow, Record, SourceRow, TorrentRow};
use crate::moment::Moment;
use crate::swarm::facts::{PeerNumber, TorrentNumber};

/// The program that opens a store, as its `meta` tree names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Name and version.
    pub version: String,
    /// The command line, secrets redacted.
    pub command_line: String,
}

/// What was found when a store was opened.
#[derive(Debug, Default)]
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

/// What the store knows of one torrent: where a swarm goes on after a restart.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Every peer.
    pub peers: Vec<(PeerNumber, PeerRow)>,
    /// The first number that no peer in database or journal ever had.
    pub next_peer: PeerNumber,
    /// The peers that have a confirmed download.
    pub confirmed: HashSet<PeerNumber>,
    /// The counters of outcomes, all hours.
    pub outcomes: Vec<OutcomeRow>,
    /// The counters of sources, all hours.
    pub sources: Vec<SourceRow>,
}

/// The one writer of a store.
#[derive(Debug)]
pub struct Writer {}

#[allow(unused_variables)]
impl Writer {
    /// Opens the store in `run_dir`, or begins one. Journal rows that the
    /// database lacks are applied before this returns.
    ///
    /// # Errors
    /// The store is in use, was begun with other parameters, or cannot be opened.
    pub fn open(
        run_dir: &Path,
        parameters: &Parameters,
        program: &Program,
        now: Moment,
    ) -> Result<(Writer, Opened), StoreError> {
        todo!()
    }

    /// The key of the run's identity hashes.
    pub fn secret(&self) -> [u8; 32] {
        todo!()
    }

    /// The number of a torrent: the one it has in this store, or the next. A new
    /// torrent's row is stored with the next commit.
    pub fn torrent_number(&mut self, row: &TorrentRow) -> TorrentNumber {
        todo!()
    }

    /// Makes a batch durable; when this returns, it is acknowledged.
    ///
    /// # Errors
    /// The disk or the database fails: nothing of the batch is acknowledged, and
    /// it may be committed again.
    pub fn commit(&mut self, batch: &[Record]) -> Result<(), StoreError> {
        todo!()
    }

    /// What the store knows of one torrent.
    ///
    /// # Errors
    /// The database fails.
    pub fn load(&self, torrent: TorrentNumber) -> Result<Loaded, StoreError> {
        todo!()
    }

    /// Leaves the mark of an orderly end and flushes everything.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub fn close(self, now: Moment) -> Result<(), StoreError> {
        todo!()
    }
}
