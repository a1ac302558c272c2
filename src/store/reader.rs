//! Reads a store: typed rows, tree by tree, wherever the trees come from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::codec::Row;
use super::database::{Database, OpenError};
use super::error::StoreError;
use super::folder::{Folder, copy_database};
use super::journal::Journal;
use super::keys;
use super::meta;
use super::names::Names;
use super::opening::{LOCK_PATIENCE, is_running, named};
use super::pack::Packer;
use super::records::{
    AnnounceRow, CompletionRow, EventRow, HearsayRow, OutcomeRow, Parameters, PeerRow, SampleRow,
    ScrapeRow, SourceRow, TorrentRow,
};
use super::rows::{self, rows};
use super::samples;
use super::shelf::{Bare, Overlay, Shelf, Tree};
use super::snapshot::Snapshot;
use crate::moment::Moment;
use crate::swarm::facts::{PeerNumber, PeerState, TorrentNumber, Verdict};

/// Rows of one tree, in the order of its keys.
pub type Rows<'a, T> = Box<dyn Iterator<Item = Result<T, StoreError>> + 'a>;

/// An open store, for reading.
pub struct Reader {
    shelf: Overlay<Box<dyn Shelf>>,
    names: Names,
    path: PathBuf,
    parameters: Parameters,
    remarks: Vec<String>,
    as_of: Option<Moment>,
    /// Behind `shelf`: the copy goes when nobody reads it any more.
    _copy: Option<TempDir>,
}

impl Reader {
    /// Opens the store of a run at rest: the run's folder, or the sled folder in
    /// it. A lock is waited for, a database that can't be written is read from a
    /// copy, and journal rows that the database lacks are seen as if it had them.
    ///
    /// # Errors
    /// There is no store, or it is in use, or cannot be read.
    pub fn open(path: &Path) -> Result<Reader, StoreError> {
        Self::open_within(path, LOCK_PATIENCE)
    }

    /// The run's folder, if a bta that runs has its store.
    ///
    /// # Errors
    /// There is no store.
    pub fn running(path: &Path) -> Result<Option<PathBuf>, StoreError> {
        let folder = Folder::find(path)?;
        let running = Journal::is_locked(&folder.journal())?;
        Ok(running.then(|| folder.path().into()))
    }

    pub(super) fn open_within(path: &Path, patience: Duration) -> Result<Reader, StoreError> {
        let folder = Folder::find(path)?;
        if is_running(&folder)? {
            return Err(StoreError::CrawlerRunning(folder.path().into()));
        }
        let mut found = Found::of(&folder, patience)?;
        let mut reader = Self::over(found.shelf, &folder)?;
        reader.remarks.splice(0..0, found.remark.take());
        reader._copy = found.copy;
        Ok(reader)
    }

    /// What a running crawler handed over, as of a moment. All that is in its
    /// journal is in its database as well.
    ///
    /// # Errors
    /// The snapshot cannot be read, or is of another format.
    pub fn live(run_dir: &Path, snapshot: Snapshot, as_of: Moment) -> Result<Reader, StoreError> {
        let folder = Folder::find(run_dir)?;
        meta::check_schema(&snapshot, &folder)?;
        let Some(parameters) = meta::parameters(&snapshot)? else {
            return Err(StoreError::NotAStore(folder.path().into()));
        };
        Ok(Reader {
            names: rows::names(&snapshot)?,
            shelf: Overlay::new(Box::new(snapshot)),
            path: folder.path().into(),
            parameters,
            remarks: Vec::new(),
            as_of: Some(as_of),
            _copy: None,
        })
    }

    /// Reads a shelf together with the journal beside it.
    fn over(shelf: Box<dyn Shelf>, folder: &Folder) -> Result<Reader, StoreError> {
        meta::check_schema(&shelf, folder)?;
        let mut names = rows::names(&shelf)?;
        let mut remarks = Vec::new();
        let mut unused = 0;
        let mut packer = Packer::new(&shelf, &mut names, &mut unused);
        let extent = Journal::read(&folder.journal(), |row| packer.replay(row).map(drop))?;
        let puts = packer.finish()?.puts;
        if extent.torn_bytes > 0 {
            let bytes = extent.torn_bytes;
            remarks.push(format!("{bytes} bytes of the journal hold no whole row"));
        }
        let stored = match meta::parameters(&shelf)? {
            Some(parameters) => Some(parameters),
            None => Journal::begun(&folder.journal())?.map(|begun| begun.parameters),
        };
        let Some(parameters) = stored else {
            return Err(StoreError::NotAStore(folder.path().into()));
        };
        Ok(Reader {
            shelf: Overlay { base: shelf, puts },
            names,
            path: folder.path().into(),
            parameters,
            remarks,
            as_of: None,
            _copy: None,
        })
    }

    /// The run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// With which parameters the store was begun.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Of which moment a running crawler's rows are; None at rest.
    pub fn as_of(&self) -> Option<Moment> {
        self.as_of
    }

    /// What a reader of the figures should know of the store's state.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// A fact about the run (see `docs/store.md`, tree `meta`).
    ///
    /// # Errors
    /// The source fails, here as below.
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        meta::value(&self.shelf, name)
    }

    /// All facts about the run: name, value.
    pub fn meta(&self) -> Rows<'_, (String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let entries = self.shelf.scan(Tree::Meta, &[]);
        Box::new(entries.map(move |entry| entry.map(|(name, value)| (text(name), text(value)))))
    }

    /// All torrents.
    ///
    /// # Errors
    /// The source fails.
    pub fn torrents(&self) -> Result<Vec<(TorrentNumber, TorrentRow)>, StoreError> {
        rows::torrents(&self.shelf, &self.names)
    }

    /// Peers, of one torrent or all.
    pub fn peers(
        &self,
        torrent: Option<TorrentNumber>,
    ) -> Rows<'_, ((TorrentNumber, PeerNumber), PeerRow)> {
        self.of_torrent(Tree::Peers, torrent, keys::peer_of)
    }

    /// Rises to the threshold, whatever was made of them. A peer that was confirmed
    /// under two numbers before these were found to be one is shown once: the
    /// merged record's download as `again`.
    pub fn completions(
        &self,
        torrent: Option<TorrentNumber>,
    ) -> Rows<'_, ((TorrentNumber, PeerNumber), CompletionRow)> {
        let rows = self.of_torrent(Tree::Completions, torrent, keys::peer_of);
        Box::new(rows.map(|row: Result<(_, CompletionRow), _>| {
            let ((torrent, peer), mut row) = row?;
            if row.verdict == Verdict::Confirmed && self.is_merged(torrent, peer)? {
                row.verdict = Verdict::Again;
            }
            Ok(((torrent, peer), row))
        }))
    }

    /// Whether it has this rise to the threshold.
    pub(super) fn has(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.shelf.value(Tree::Completions, key)?.is_some())
    }

    /// One peer.
    ///
    /// # Errors
    /// The source fails.
    pub fn peer(
        &self,
        torrent: TorrentNumber,
        peer: PeerNumber,
    ) -> Result<Option<PeerRow>, StoreError> {
        let key = keys::peer(torrent, peer);
        rows::row(&self.shelf, &self.names, Tree::Peers, &key)
    }

    fn is_merged(&self, torrent: TorrentNumber, peer: PeerNumber) -> Result<bool, StoreError> {
        let found = self.peer(torrent, peer)?;
        Ok(found.is_some_and(|peer| peer.state == PeerState::Merged))
    }

    /// Announces.
    pub fn announces(
        &self,
        torrent: Option<TorrentNumber>,
    ) -> Rows<'_, (TorrentNumber, AnnounceRow)> {
        self.of_torrent(Tree::Announces, torrent, keys::torrent_of)
    }

    /// Scrapes.
    pub fn scrapes(&self, torrent: Option<TorrentNumber>) -> Rows<'_, (TorrentNumber, ScrapeRow)> {
        self.of_torrent(Tree::Scrapes, torrent, keys::torrent_of)
    }

    /// How attempts ended. Torrent 0 holds those that named no torrent of ours.
    pub fn outcomes(
        &self,
        torrent: Option<TorrentNumber>,
    ) -> Rows<'_, (TorrentNumber, OutcomeRow)> {
        self.of_torrent(Tree::Outcomes, torrent, keys::torrent_of)
    }

    /// What sources of addresses brought.
    pub fn sources(&self, torrent: Option<TorrentNumber>) -> Rows<'_, (TorrentNumber, SourceRow)> {
        self.of_torrent(Tree::Sources, torrent, keys::torrent_of)
    }

    /// What others said of peers.
    pub fn hearsay(
        &self,
        torrent: Option<TorrentNumber>,
    ) -> Rows<'_, ((TorrentNumber, PeerNumber), HearsayRow)> {
        self.of_torrent(Tree::Hearsay, torrent, keys::peer_of)
    }

    /// Events of the run, in the order of their times.
    pub fn events(&self) -> Rows<'_, EventRow> {
        self.all(Tree::Events)
    }

    /// The monitor's samples, in the order of their times.
    pub fn samples(&self) -> Rows<'_, SampleRow> {
        let all = rows(&self.shelf, &self.names, Tree::Samples, &[], keys::is_place);
        samples::in_order(all)
    }

    fn of_torrent<K: 'static, R: Row + 'static>(
        &self,
        tree: Tree,
        torrent: Option<TorrentNumber>,
        key: fn(&[u8]) -> Result<K, super::codec::CodecError>,
    ) -> Rows<'_, (K, R)> {
        let prefix = torrent.map(keys::torrent).unwrap_or_default();
        Box::new(rows(&self.shelf, &self.names, tree, &prefix, key))
    }

    fn all<R: Row + 'static>(&self, tree: Tree) -> Rows<'_, R> {
        let all = rows(&self.shelf, &self.names, tree, &[], |_| Ok(()));
        Box::new(all.map(|row| row.map(|((), row)| row)))
    }
}

/// The database of a folder, or what stands in for it.
struct Found {
    shelf: Box<dyn Shelf>,
    remark: Option<String>,
    copy: Option<TempDir>,
}

impl Found {
    fn of(folder: &Folder, patience: Duration) -> Result<Found, StoreError> {
        if !folder.holds_database() {
            return Ok(Self::journal_only("missing"));
        }
        let (database, copy) = match try_open(&folder.database(), patience) {
            Err(OpenError::ReadOnly(_)) => {
                let (database, copy) = open_copy(folder, patience)?;
                (database, Some(copy))
            }
            Err(OpenError::Damaged(detail)) => {
                return Ok(Self::journal_only(&format!("damaged ({detail})")));
            }
            opened => (opened.map_err(|error| named(error, folder))?, None),
        };
        Ok(Found {
            shelf: Box::new(database),
            remark: None,
            copy,
        })
    }

    fn journal_only(why: &str) -> Found {
        let remark = format!(
            "the database is {why}: shown is what the journal holds, torrents and completions; \
             a bta started with this --output rebuilds the database from it"
        );
        Found {
            shelf: Box::new(Bare),
            remark: Some(remark),
            copy: None,
        }
    }
}

fn try_open(path: &Path, patience: Duration) -> Result<Database, OpenError> {
    let database = Database::open(path, patience)?;
    database.verify()?;
    Ok(database)
}

/// A copy in a folder of its own that goes with the reader. The secret is not
/// copied.
fn open_copy(folder: &Folder, patience: Duration) -> Result<(Database, TempDir), StoreError> {
    let copy = tempfile::tempdir().map_err(StoreError::io(std::env::temp_dir()))?;
    let path = copy.path().join("store");
    copy_database(&folder.database(), &path)?;
    let database = try_open(&path, patience).map_err(|error| named(error, folder))?;
    Ok((database, copy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Program, Record, Writer};

    #[test]
    fn reads_a_copy_and_takes_it_away_again() {
        let run = tempfile::tempdir().unwrap();
        let parameters = Parameters {
            threshold_permille: 980,
            allow_local: false,
            keep_addresses: false,
        };
        let program = Program {
            version: "bta".into(),
            command_line: String::new(),
        };
        let opened = Writer::open(run.path(), &parameters, &program, Moment::EPOCH);
        let mut writer = opened.unwrap().0;
        let fact = Record::Meta("colour".into(), "green".into());
        writer.commit(&[fact]).unwrap();
        writer.close(Moment::EPOCH).unwrap();

        let folder = Folder::find(run.path()).unwrap();
        let (database, copy) = open_copy(&folder, LOCK_PATIENCE).unwrap();
        // The lock is on the copy.
        assert!(Reader::open(run.path()).is_ok());
        let mut reader = Reader::over(Box::new(database), &folder).unwrap();
        let path = copy.path().to_path_buf();
        reader._copy = Some(copy);
        assert_eq!(reader.fact("colour").unwrap().as_deref(), Some("green"));
        assert!(path.join("store/db").is_file() && !path.join("secret").exists());
        drop(reader);
        assert!(!path.exists());
    }
}
