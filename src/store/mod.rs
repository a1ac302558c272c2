//! What is kept of a run: a sled database for everything that was seen, and
//! beside it an append-only journal of what must never be lost.
//!
//! One [`writer::Writer`] writes; what it acknowledged survives a killed
//! process, and completions survive a power cut. `docs/store.md` describes every
//! file, tree, key and value.

mod broom;
pub mod chunk;
mod codec;
mod database;
pub mod error;
mod folder;
pub mod gaps;
mod journal;
mod keys;
mod live;
mod meta;
mod names;
mod opening;
mod pack;
pub mod reader;
pub mod records;
mod rows;
mod samples;
pub mod shelf;
mod snapshot;
pub mod tail;
#[cfg(test)]
mod tests;
pub mod writer;

pub use broom::Tidying;
pub use codec::CodecError;
pub use error::StoreError;
pub use live::Live;
pub use reader::Reader;
pub use records::Record;
pub use shelf::Tree;
pub use snapshot::Snapshot;
pub use writer::{Loaded, Opened, Program, Writer};
