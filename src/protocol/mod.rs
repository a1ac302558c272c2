//! Bytes to typed values and back, and conversations as state machines. No
//! sockets, no clock, no actors, no logging.

pub mod address;
pub mod bencode;
mod crc32c;
pub mod dht;
pub mod exclusions;
pub mod info_hash;
pub mod limits;
pub mod lsd;
pub mod magnet;
pub mod metainfo;
pub mod peer;
pub mod tracker;
pub mod utp;
