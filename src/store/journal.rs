//! The append-only journal of what must never be lost: rows that can be read
//! alone, each behind a marker, its length and a checksum.
//!
//! ```text
//! offset 0   ff 4a 52 01            marker: 0xff, "JR", version
//! offset 4   length of the payload  4 bytes, little-endian
//! offset 8   checksum               first 8 bytes of BLAKE3(payload)
//! offset 16  payload
//! ```
//!
//! A row that does not check is skipped up to the next one that does, so that
//! damage costs the rows that it hit and no more. 0xff never occurs in UTF-8, so
//! no stranger's text can pose as a row.

mod rows;
mod scan;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::StoreError;
use super::folder::PRIVATE_FILE;

pub(super) use rows::{Begun, JournalRow};
use scan::Scanner;

/// Marker and version of a row.
const MARKER: [u8; 4] = [0xff, b'J', b'R', 1];
/// Marker, length, checksum.
const HEAD_LEN_BYTES: usize = 16;
/// Longest payload. A torrent's texts are a part of its metainfo, whose parser
/// has a lower bound.
const MAX_PAYLOAD_LEN_BYTES: usize = 64 << 20;

/// The journal, open for appending. Holds the lock that says "a bta runs here".
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    len_bytes: u64,
}

/// How much of a journal is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes up to the end of the last whole row.
    pub(super) whole_end: u64,
    /// Bytes that belong to no whole row, wherever they are.
    pub(super) torn_bytes: u64,
}

impl Journal {
    /// Opens or makes the journal and takes its lock; None if a bta has it.
    pub(super) fn lock(path: &Path) -> Result<Option<Journal>, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(PRIVATE_FILE)
            .open(path)
            .map_err(StoreError::io(path))?;
        if !try_lock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(StoreError::io(path))?
        {
            return Ok(None);
        }
        let meta = file.metadata().map_err(StoreError::io(path))?;
        Ok(Some(Journal {
            path: path.into(),
            file,
            len_bytes: meta.len(),
        }))
    }

    /// Whether a bta that runs holds the journal.
    pub(super) fn is_locked(path: &Path) -> Result<bool, StoreError> {
        let Some(file) = open(path)? else {
            return Ok(false);
        };
        let free = try_lock(&file, FlockOperation::NonBlockingLockShared);
        Ok(!free.map_err(StoreError::io(path))?)
    }

    /// Hands every whole row to `visit`, in the order of writing.
    pub(super) fn read(
        path: &Path,
        mut visit: impl FnMut(JournalRow) -> Result<(), StoreError>,
    ) -> Result<Extent, StoreError> {
        let Some(file) = open(path)? else {
            return Ok(Extent::default());
        };
        let mut scanner = Scanner::new(file);
        while let Some(payload) = scanner.next_payload().map_err(StoreError::io(path))? {
            visit(JournalRow::decode(payload, path)?)?;
        }
        Ok(scanner.extent())
    }

    /// Hands every whole row behind `offset` to `visit`; answers the offset behind
    /// the last of them.
    pub(super) fn read_behind(
        path: &Path,
        offset: u64,
        mut visit: impl FnMut(JournalRow) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let Some(mut file) = open(path)? else {
            return Ok(offset);
        };
        // What could not be made durable is cut off again.
        let len = file.metadata().map_err(StoreError::io(path))?.len();
        let offset = offset.min(len);
        file.seek(SeekFrom::Start(offset))
            .map_err(StoreError::io(path))?;
        let mut scanner = Scanner::new(file);
        while let Some(payload) = scanner.next_payload().map_err(StoreError::io(path))? {
            visit(JournalRow::decode(payload, path)?)?;
        }
        Ok(offset + scanner.extent().whole_end)
    }

    /// How the store was begun; None if there is no journal, or none that says so.
    pub(super) fn begun(path: &Path) -> Result<Option<Begun>, StoreError> {
        let Some(file) = open(path)? else {
            return Ok(None);
        };
        let mut scanner = Scanner::new(file);
        while let Some(payload) = scanner.next_payload().map_err(StoreError::io(path))? {
            if let JournalRow::Begun(begun) = JournalRow::decode(payload, path)? {
                return Ok(Some(begun));
            }
        }
        Ok(None)
    }

    /// Cuts off a torn end, so that the next row stands right behind the last.
    pub(super) fn cut(&mut self, whole_end: u64) -> Result<(), StoreError> {
        if whole_end < self.len_bytes {
            self.file
                .set_len(whole_end)
                .and_then(|()| self.file.sync_all())
                .map_err(StoreError::io(&self.path))?;
            self.len_bytes = whole_end;
        }
        Ok(())
    }

    /// Appends rows; when this returns they survive a power cut.
    pub(super) fn append(&mut self, rows: &[JournalRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for row in rows {
            let payload = row.encode();
            if payload.len() > MAX_PAYLOAD_LEN_BYTES {
                let error = io::Error::new(io::ErrorKind::InvalidInput, "a row is too long");
                return Err(StoreError::io(&self.path)(error));
            }
            frame(&payload, &mut bytes);
        }
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A disk that is full leaves half a row. If this fails as well, the
            // reader will skip it.
            let _ = self.file.set_len(self.len_bytes);
            return Err(StoreError::io(&self.path)(error));
        }
        self.len_bytes += bytes.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}

fn frame(payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(payload));
    out.extend_from_slice(payload);
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(payload).as_bytes()[..8]);
    first
}

fn try_lock(file: &File, operation: FlockOperation) -> io::Result<bool> {
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
