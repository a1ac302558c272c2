//! One batch of records and those who wait for it.

use tokio::sync::oneshot;

use crate::store::Record;

/// A batch of this size is committed at once. Larger ones made sled's memory grow.
const BATCH_RECORDS: usize = 200;

/// Records in the order of their coming, of which the store writes the last of each
/// peer; and the replies they owe.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<Record>,
    waiting: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Batch {
    /// Takes records and who waits for them.
    pub(super) fn add(
        &mut self,
        records: impl IntoIterator<Item = Record>,
        done: Option<oneshot::Sender<()>>,
    ) {
        self.records.extend(records);
        self.waiting.extend(done);
    }

    /// Nothing more is to wait for.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// It is durable: all who wait are told, and the next one begins.
    pub(super) fn acknowledge(&mut self) {
        self.records.clear();
        self.closed = false;
        for waiting in self.waiting.drain(..) {
            // Whoever went away meanwhile needs no answer.
            let _ = waiting.send(());
        }
    }
}
