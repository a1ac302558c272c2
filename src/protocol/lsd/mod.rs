//! Local discovery: clients of one network tell each other by multicast which torrents
//! they share.
//!
//! Source: BEP 14.

pub mod neighbours;
pub mod search;

pub use neighbours::{Counts, Heard, Neighbours, Settings};
pub use search::{DATAGRAM_BYTES, Search};
