//! What is kept of a run: a sled database for everything that was seen, and
//! beside it an append-only journal of what must never be lost.
//!
//! One [`writer::Writer`] writes; what it acknowledged survives a killed
//! process, and completions survive a power cut. `docs/store.md` describes every
//! file, tree, key and value.

pub mod codec;
pub mod error;
mod folder;
mod journal;
mod names;
pub mod records;
pub mod writer;

pub use error::StoreError;
pub use records::Record;
pub use writer::{Loaded, Opened, Program, Writer};
