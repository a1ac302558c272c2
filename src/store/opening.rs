//! How a store is opened for writing: what is there, whether it may be continued,
//! and what the journal has to add before the first number is given out.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::database::{Database, OpenError};
use super::error::StoreError;
use super::folder::Folder;
use super::journal::{Begun, Extent, Journal, JournalRow};
use super::keys;
use super::meta;
use super::names::Names;
use super::pack::{Packed, Packer};
use super::records::{CompletionRow, EventRow, Parameters, PeerRow, Record};
use super::rows::{self, names, row_error, rows, torrents};
use super::shelf::{Shelf, Tree};
use super::writer::{Opened, Program};
use crate::moment::Moment;
use crate::swarm::facts::{TorrentNumber, Verdict};

/// How long another process's lock is waited for.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// A reader holds the journal only to see whether it is free, and a killed bta
/// for as long as the system needs to take it down.
const JOURNAL_TRIES: usize = 5;
const JOURNAL_RETRY: Duration = Duration::from_millis(50);

/// Everything of an open store.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) folder: Folder,
    /// Its only lasting owner: see [`super::live::Live`].
    pub(super) database: Arc<Database>,
    /// Behind `database`, so that its lock is freed last.
    pub(super) journal: Journal,
    pub(super) names: Names,
    pub(super) sequence: u32,
    /// The highest number that any row names.
    pub(super) last_torrent: TorrentNumber,
    pub(super) secret: [u8; 32],
    pub(super) opened: Opened,
}

/// Opens what is at `folder`, or begins a store there.
pub(super) fn open(
    folder: Folder,
    wanted: &Parameters,
    program: &Program,
    now: Moment,
) -> Result<Parts, StoreError> {
    let mut journal = lock(&folder)?;
    let begun = Journal::begun(&folder.journal())?;
    if let Some(begun) = &begun {
        meta::check_parameters(&begun.parameters, wanted, &folder)?;
    }
    let (database, damaged) = open_database(&folder, now)?;
    meta::check_schema(&database, &folder)?;
    if let Some(stored) = meta::parameters(&database)? {
        meta::check_parameters(&stored, wanted, &folder)?;
    }
    let found = Found {
        resumed: begun.is_some() || meta::value(&database, meta::BEGUN_AT)?.is_some(),
        fingerprint: match &begun {
            Some(begun) => Some(begun.fingerprint),
            None => meta::value(&database, meta::FINGERPRINT)?.and_then(|it| it.parse().ok()),
        },
        begun_at: begun.as_ref().map_or(now, |begun| begun.at),
    };
    let secret = secret(&folder, found.fingerprint)?;
    if begun.is_none() {
        journal.append(&[JournalRow::Begun(Begun {
            at: now,
            parameters: *wanted,
            fingerprint: fingerprint(&secret),
        })])?;
    }

    let mut names = names(&database)?;
    let mut sequence = next_sequence(&database)?;
    let clean = meta::value(&database, meta::CLEAN)?.as_deref() == Some("true");
    let (replayed, extent) = replay(&folder, &database, &mut names, &mut sequence)?;
    journal.cut(extent.whole_end)?;
    if found.resumed && (begun.is_none() || extent.torn_bytes > 0) {
        restore_journal(&folder, &mut journal, &database, &names)?;
    }
    let opened = Opened {
        resumed: found.resumed,
        clean: !found.resumed || (clean && damaged.is_none()),
        replayed,
        torn_bytes: extent.torn_bytes,
        damaged,
        torrents: torrents(&database, &names)?,
    };
    let mut parts = Parts {
        last_torrent: last_torrent(&database)?,
        folder,
        database: Arc::new(database),
        journal,
        names,
        sequence,
        secret,
        opened,
    };
    parts.note(wanted, program, found.begun_at, now)?;
    parts.folder.restrict()?;
    Ok(parts)
}

/// What was there before this opening.
struct Found {
    resumed: bool,
    fingerprint: Option<u64>,
    begun_at: Moment,
}

impl Parts {
    /// Facts and events of this opening.
    fn note(
        &mut self,
        parameters: &Parameters,
        program: &Program,
        begun_at: Moment,
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut records = vec![
            meta::fact(meta::SCHEMA_KEY, meta::SCHEMA),
            meta::fact(meta::FINGERPRINT, fingerprint(&self.secret)),
            meta::fact(meta::PROGRAM, &program.version),
            meta::fact(meta::COMMAND_LINE, &program.command_line),
            meta::fact(meta::OPENED_AT, now),
            meta::fact(meta::CLEAN, false),
        ];
        if meta::value(&*self.database, meta::BEGUN_AT)?.is_none() {
            records.push(meta::fact(meta::BEGUN_AT, begun_at));
        }
        records.extend(meta::facts_of(parameters));
        let event = |(kind, text): (&str, String)| {
            Record::Event(EventRow {
                at: now,
                kind: kind.into(),
                text: text.into(),
                torrent: None,
            })
        };
        records.extend(self.opened.remarks().into_iter().map(event));
        let mut packer = Packer::new(&*self.database, &mut self.names, &mut self.sequence);
        records.iter().try_for_each(|record| packer.add(record))?;
        let Packed { puts, .. } = packer.finish()?;
        self.database.write(&puts)?;
        self.names.saved();
        Ok(())
    }
}

fn lock(folder: &Folder) -> Result<Journal, StoreError> {
    for _ in 0..JOURNAL_TRIES {
        if let Some(journal) = Journal::lock(&folder.journal())? {
            folder.sync()?;
            return Ok(journal);
        }
        thread::sleep(JOURNAL_RETRY);
    }
    Err(StoreError::CrawlerRunning(folder.path().into()))
}

/// Whether a bta that runs holds the store.
pub(super) fn is_running(folder: &Folder) -> Result<bool, StoreError> {
    for _ in 0..JOURNAL_TRIES {
        if !Journal::is_locked(&folder.journal())? {
            return Ok(false);
        }
        thread::sleep(JOURNAL_RETRY);
    }
    Ok(true)
}

/// The database; if it is damaged, a new one, and where the damaged one lies.
fn open_database(folder: &Folder, now: Moment) -> Result<(Database, Option<PathBuf>), StoreError> {
    match try_database(folder) {
        Ok(database) => Ok((database, None)),
        Err(OpenError::Damaged(_)) => {
            let aside = folder.set_database_aside(now)?;
            let database = try_database(folder).map_err(|error| named(error, folder))?;
            Ok((database, Some(aside)))
        }
        Err(error) => Err(named(error, folder)),
    }
}

fn try_database(folder: &Folder) -> Result<Database, OpenError> {
    let database = Database::open(&folder.database(), LOCK_PATIENCE)?;
    database.verify()?;
    Ok(database)
}

/// An error of the database with the folder that it is about.
pub(super) fn named(error: OpenError, folder: &Folder) -> StoreError {
    let path = folder.path().to_path_buf();
    match error {
        OpenError::Locked => StoreError::Busy {
            path,
            waited_s: LOCK_PATIENCE.as_secs(),
        },
        OpenError::ReadOnly(source) => StoreError::Io {
            path: folder.database(),
            source,
        },
        OpenError::Damaged(detail) => StoreError::Damaged { path, detail },
        OpenError::Other(error) => StoreError::Database(error),
    }
}

fn secret(folder: &Folder, known: Option<u64>) -> Result<[u8; 32], StoreError> {
    match (folder.secret()?, known) {
        (Some(secret), None) => Ok(secret),
        (Some(secret), Some(known)) if fingerprint(&secret) == known => Ok(secret),
        (None, None) => folder.create_secret(),
        (_, Some(_)) => Err(StoreError::SecretLost(folder.path().into())),
    }
}

fn fingerprint(secret: &[u8; 32]) -> u64 {
    let hash = blake3::derive_key("bta 2026 fingerprint of a store's secret", secret);
    u64::from_le_bytes(std::array::from_fn(|index| hash[index]))
}

fn next_sequence(database: &Database) -> Result<u32, StoreError> {
    let mut next = 0;
    for entry in database.scan(Tree::Events, &[]) {
        let (key, _) = entry?;
        let sequence = keys::sequence_of(&key).map_err(row_error(Tree::Events, &key))?;
        next = next.max(sequence.wrapping_add(1));
    }
    Ok(next)
}

/// The highest torrent number of all trees: rows of a torrent whose own row was
/// lost must never become another torrent's.
fn last_torrent(database: &Database) -> Result<TorrentNumber, StoreError> {
    let mut last = TorrentNumber(0);
    for tree in Tree::ALL.into_iter().filter(|tree| tree.is_by_torrent()) {
        if let Some(key) = database.last_key(tree)? {
            last = last.max(keys::torrent_of(&key).map_err(row_error(tree, &key))?);
        }
    }
    Ok(last)
}

/// Applies what the database lacks; how many rows that were.
fn replay(
    folder: &Folder,
    database: &Database,
    names: &mut Names,
    sequence: &mut u32,
) -> Result<(u64, Extent), StoreError> {
    let mut packer = Packer::new(database, names, sequence);
    let mut replayed = 0;
    let extent = Journal::read(&folder.journal(), |row| {
        replayed += u64::from(packer.replay(row)?);
        Ok(())
    })?;
    let Packed { puts, .. } = packer.finish()?;
    database.write(&puts)?;
    names.saved();
    Ok((replayed, extent))
}

/// The other way round: a journal that lost rows gets them back from the
/// database.
fn restore_journal(
    folder: &Folder,
    journal: &mut Journal,
    database: &Database,
    names: &Names,
) -> Result<(), StoreError> {
    let mut known = HashSet::new();
    Journal::read(&folder.journal(), |row| {
        known.insert(identity(&row));
        Ok(())
    })?;
    let mut lost = Vec::new();
    for (torrent, row) in torrents(database, names)? {
        lost.push(JournalRow::Torrent(torrent, row));
    }
    for entry in rows(database, names, Tree::Completions, &[], keys::peer_of) {
        let ((torrent, peer), row): (_, CompletionRow) = entry?;
        let confirmed = row.verdict == Verdict::Confirmed;
        lost.push(JournalRow::Completion(torrent, peer, row));
        let key = keys::peer(torrent, peer);
        if confirmed
            && let Some(row) = rows::row::<PeerRow>(database, names, Tree::Peers, &key)?
            && let Some(into) = row.merged_into
        {
            lost.push(JournalRow::Merged {
                torrent,
                peer,
                into,
            });
        }
    }
    lost.retain(|row| !known.contains(&identity(row)));
    journal.append(&lost)
}

/// The key under which the database has a row of the journal.
fn identity(row: &JournalRow) -> Option<(Tree, Vec<u8>)> {
    match row {
        JournalRow::Begun(_) => None,
        JournalRow::Torrent(torrent, _) => Some((Tree::Torrents, keys::torrent(*torrent))),
        JournalRow::Completion(torrent, peer, row) => {
            let key = keys::completion(*torrent, *peer, row.verdict, row.at);
            Some((Tree::Completions, key))
        }
        JournalRow::Merged { torrent, peer, .. } => {
            Some((Tree::Peers, keys::peer(*torrent, *peer)))
        }
    }
}
