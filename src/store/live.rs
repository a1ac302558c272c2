//! The store of a running crawler, seen from beside its writer.
//!
//! A writer that closes its store, or dies with it, is waited for by nobody: what
//! is here holds the database only while one chunk is read.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::chunk::Chunk;
use super::database::Database;
use super::error::StoreError;
use super::shelf::Tree;

/// Shows the store that a writer has open now ([`super::Writer::show_to`]); clones
/// show the same one.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<Weak<Database>>>);

impl Live {
    pub(super) fn show(&self, database: &Arc<Database>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(database);
    }

    /// Entries whose keys come behind `after`, one chunk of them; an empty one at
    /// the tree's end. None while no writer has a store open.
    ///
    /// A row is written after all that it refers to. So who reads the trees in the
    /// opposite order of [`Tree::ALL`] while rows are written finds all of it.
    ///
    /// # Errors
    /// The database fails.
    pub fn chunk(&self, tree: Tree, after: &[u8]) -> Option<Result<Chunk, StoreError>> {
        let shown = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let database = shown.upgrade()?;
        let mut chunk = Chunk::default();
        for entry in database.scan_behind(tree, after) {
            match entry.map(|entry| chunk.push(entry)) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(chunk))
    }
}
