//! The end of a journal, read while a crawler writes on: completions appear there
//! first, and reading them costs the crawler nothing.

use std::collections::HashSet;
use std::path::Path;

use super::error::StoreError;
use super::folder::Folder;
use super::journal::{Journal, JournalRow};
use super::keys;
use super::reader::Reader;
use super::records::CompletionRow;
use crate::swarm::facts::{PeerNumber, TorrentNumber};

/// A rise to the threshold: of which peer of which torrent, and its row.
pub type Risen = ((TorrentNumber, PeerNumber), CompletionRow);

/// Completions that are stored from now on.
#[derive(Debug)]
pub struct Tail {
    folder: Folder,
    offset: u64,
    /// Keys of those told: a batch that failed stands in the journal twice.
    told: HashSet<Vec<u8>>,
}

impl Tail {
    /// From where the journal of the store at `path` ends now. To be called before
    /// the store is read, lest a row fall in between.
    ///
    /// # Errors
    /// There is no store, or its journal cannot be read.
    pub fn of(path: &Path) -> Result<Tail, StoreError> {
        let folder = Folder::find(path)?;
        let offset = std::fs::metadata(folder.journal()).map_or(0, |it| it.len());
        Ok(Tail {
            folder,
            offset,
            told: HashSet::new(),
        })
    }

    /// Rises to the threshold that came since it was asked last and that `reader`,
    /// opened after this was made, does not have.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn news(&mut self, reader: &Reader) -> Result<Vec<Risen>, StoreError> {
        let mut news = Vec::new();
        let told = &mut self.told;
        self.offset = Journal::read_behind(&self.folder.journal(), self.offset, |row| {
            if let JournalRow::Completion(torrent, peer, row) = row {
                let key = keys::completion(torrent, peer, row.verdict, row.at);
                if !reader.has(&key)? && told.insert(key) {
                    news.push(((torrent, peer), row));
                }
            }
            Ok(())
        })?;
        Ok(news)
    }
}
