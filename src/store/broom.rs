//! Broom: makes sled use its file again.
//!
//! sled's file consists of segments. One of which half is dead could be used again,
//! once its pages have moved elsewhere; sled moves one of them whenever some page is
//! written anew, and a page is written anew with its eleventh change. Rows that are
//! written again and again die faster than that, and the file grows to a multiple of
//! what lives in it. So where there is time for it, a page of no meaning is changed.

use std::sync::atomic::{AtomicU32, Ordering};

use super::shelf::Puts;

/// After so many changes sled writes a page anew.
const CHANGES_A_PAGE: usize = 11;

/// Pages moved at a time: a few milliseconds' work.
const PAGES_A_STROKE: usize = 50;

/// So many pages may be owed until there is rest: a burst is not slowed down by them,
/// and they are some megabytes of file.
const PATIENCE_PAGES: usize = 20_000;

/// The most pages that are owed: those of a few seconds under full load.
const MOST_PAGES: usize = 50_000;

/// A tree of one entry.
#[derive(Debug)]
pub(super) struct Broom {
    tree: sled::Tree,
    changes: AtomicU32,
}

impl Broom {
    pub(super) fn open(db: &sled::Db) -> sled::Result<Broom> {
        Ok(Broom {
            tree: db.open_tree("broom")?,
            changes: AtomicU32::new(0),
        })
    }

    /// Has so many pages moved.
    pub(super) fn sweep(&self, pages: usize) -> sled::Result<()> {
        for _ in 0..pages * CHANGES_A_PAGE {
            // What is there already is no change to sled.
            let change = self.changes.fetch_add(1, Ordering::Relaxed);
            self.tree.insert([0], &change.to_le_bytes())?;
        }
        Ok(())
    }
}

/// The pages that are owed for what was written: one for each entry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Debt {
    pages: usize,
}

/// When pages are to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tidying {
    /// Once nothing was written for a while.
    AtRest,
    /// Beside the work, whenever it pauses.
    Pressing,
}

impl Debt {
    /// These were written.
    pub(super) fn owe(&mut self, puts: &Puts) {
        self.pages = (self.pages + puts.len()).min(MOST_PAGES);
    }

    /// Whether there is something to do.
    pub(super) fn due(self) -> Option<Tidying> {
        match self.pages {
            0 => None,
            1..=PATIENCE_PAGES => Some(Tidying::AtRest),
            _ => Some(Tidying::Pressing),
        }
    }

    /// A stroke's pages, which are no longer owed.
    pub(super) fn pay(&mut self) -> usize {
        let pages = self.pages.min(PAGES_A_STROKE);
        self.pages -= pages;
        pages
    }
}
