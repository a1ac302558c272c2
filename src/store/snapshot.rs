//! Trees as a running crawler handed them over: chunk after chunk in a file
//! without a name, in memory while it is small.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::SpooledTempFile;

use super::chunk::entries;
use super::error::StoreError;
use super::rows::row_error;
use super::shelf::{Entry, Scan, Shelf, Tree};

/// What is longer goes to the disk.
const IN_MEMORY_BYTES: usize = 8 << 20;

/// Trees of a moment; those that nobody asked for are empty.
pub struct Snapshot {
    file: Mutex<SpooledTempFile>,
    len_bytes: u64,
    /// Of each tree, its chunks in the order of their keys.
    trees: [Vec<Place>; Tree::ALL.len()],
    /// The chunk that was read last: who looks keys up does so in their order.
    last: Mutex<Option<(u64, Arc<[u8]>)>>,
}

/// Where a chunk is.
struct Place {
    first_key: Vec<u8>,
    offset: u64,
    len: usize,
}

impl Default for Snapshot {
    fn default() -> Self {
        Snapshot {
            file: Mutex::new(tempfile::spooled_tempfile(IN_MEMORY_BYTES)),
            len_bytes: 0,
            trees: Default::default(),
            last: Mutex::new(None),
        }
    }
}

impl Snapshot {
    /// Adds the next chunk of a tree.
    ///
    /// # Errors
    /// It holds no whole entry, or there is no room for it.
    pub fn add(&mut self, tree: Tree, chunk: &[u8]) -> Result<(), StoreError> {
        let Some(first) = entries(chunk).next() else {
            return Ok(());
        };
        let (first_key, _) = first.map_err(row_error(tree, &[]))?;
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let written = file
            .seek(SeekFrom::End(0))
            .and_then(|_| file.write_all(chunk));
        written.map_err(spool_error)?;
        self.trees[tree as usize].push(Place {
            first_key: first_key.to_vec(),
            offset: self.len_bytes,
            len: chunk.len(),
        });
        self.len_bytes += chunk.len() as u64;
        Ok(())
    }

    fn chunk(&self, place: &Place) -> Result<Arc<[u8]>, StoreError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((offset, bytes)) = &*last
            && *offset == place.offset
        {
            return Ok(Arc::clone(bytes));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; place.len];
        let read = file
            .seek(SeekFrom::Start(place.offset))
            .and_then(|_| file.read_exact(&mut bytes));
        read.map_err(spool_error)?;
        let bytes: Arc<[u8]> = bytes.into();
        *last = Some((place.offset, Arc::clone(&bytes)));
        Ok(bytes)
    }

    /// The chunks from the one on in which `key` would be.
    fn from(&self, tree: Tree, key: &[u8]) -> &[Place] {
        let places = &self.trees[tree as usize];
        let behind = places.partition_point(|place| *place.first_key <= *key);
        &places[behind.saturating_sub(1)..]
    }

    /// The entries of a chunk that begin with `prefix`, or why it cannot be read.
    fn entries(&self, tree: Tree, place: &Place, prefix: &[u8]) -> Vec<Result<Entry, StoreError>> {
        let bytes = match self.chunk(place) {
            Ok(bytes) => bytes,
            Err(error) => return vec![Err(error)],
        };
        let wanted = |entry: &Result<(&[u8], _), _>| match entry {
            Ok((key, _)) => key.starts_with(prefix),
            Err(_) => true,
        };
        let found = entries(&bytes).filter(wanted);
        let owned = found.map(|entry| {
            let owned = entry.map(|(key, value)| (key.to_vec(), value.to_vec()));
            owned.map_err(row_error(tree, &place.first_key))
        });
        owned.collect()
    }
}

impl Shelf for Snapshot {
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(place) = self.from(tree, key).first() else {
            return Ok(None);
        };
        for entry in entries(&self.chunk(place)?) {
            let (found, value) = entry.map_err(row_error(tree, key))?;
            if found == key {
                return Ok(Some(value.to_vec()));
            }
        }
        Ok(None)
    }

    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_> {
        let prefix = prefix.to_vec();
        let ahead = prefix.clone();
        let places = self.from(tree, &prefix).iter().take_while(move |place| {
            *place.first_key <= *ahead || place.first_key.starts_with(&ahead)
        });
        Box::new(places.flat_map(move |place| self.entries(tree, place, &prefix)))
    }
}

fn spool_error(error: io::Error) -> StoreError {
    StoreError::io(std::env::temp_dir())(error)
}

#[cfg(test)]
mod tests {
    use super::super::chunk::{CHUNK_LEN_BYTES, Chunk};
    use super::*;

    /// Keys 0, 2, 4 … in chunks of three, values as long as `value_len`.
    fn snapshot(keys: u32, value_len: usize) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let keys: Vec<_> = (0..keys).map(|it| (it * 2).to_be_bytes()).collect();
        for three in keys.chunks(3) {
            let mut chunk = Chunk::default();
            for key in three {
                chunk.push((key.to_vec(), vec![key[3]; value_len]));
            }
            snapshot.add(Tree::Peers, &chunk.bytes).unwrap();
        }
        snapshot
    }

    fn keys(snapshot: &Snapshot, prefix: &[u8]) -> Vec<u32> {
        let found = snapshot.scan(Tree::Peers, prefix).map(Result::unwrap);
        found
            .map(|(key, _)| u32::from_be_bytes(key.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn finds_what_was_added_by_key_and_by_prefix() {
        let snapshot = snapshot(300, 1);
        assert_eq!(keys(&snapshot, &[]).len(), 300);
        assert!(keys(&snapshot, &[]).is_sorted());
        let second: Vec<_> = (256..512).step_by(2).collect();
        assert_eq!(keys(&snapshot, &[0, 0, 1]), second);
        assert_eq!(keys(&snapshot, &[0, 0, 2, 2]), [514]);
        assert_eq!(keys(&snapshot, &[0, 0, 2, 1]), [0; 0]);
        assert_eq!(keys(&snapshot, &[9]), [0; 0]);
        let value = |key: u32| snapshot.value(Tree::Peers, &key.to_be_bytes()).unwrap();
        assert_eq!(value(0), Some(vec![0]));
        assert_eq!(value(598), Some(vec![86]));
        assert_eq!((value(1), value(600)), (None, None));
        assert_eq!(snapshot.scan(Tree::Names, &[]).count(), 0);
        assert_eq!(snapshot.value(Tree::Names, &[]).unwrap(), None);
    }

    #[test]
    fn goes_to_the_disk_when_it_grows() {
        let snapshot = snapshot(300, CHUNK_LEN_BYTES);
        assert!(snapshot.file.lock().unwrap().is_rolled());
        assert_eq!(keys(&snapshot, &[]).len(), 300);
    }

    #[test]
    fn a_chunk_that_is_none_is_refused_or_told_of() {
        let mut snapshot = Snapshot::default();
        let error = snapshot.add(Tree::Peers, b"\0\0").unwrap_err();
        assert_eq!(error.label(), "row");
        let mut chunk = Chunk::default();
        chunk.push((b"key".into(), b"value".into()));
        chunk.bytes.push(7);
        snapshot.add(Tree::Peers, &chunk.bytes).unwrap();
        let found: Vec<_> = snapshot.scan(Tree::Peers, &[]).collect();
        assert!(found[0].is_ok() && found[1].is_err());
    }
}
