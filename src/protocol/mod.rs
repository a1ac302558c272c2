//! Bytes to typed values and back, and conversations as state machines. No
//! sockets, no clock, no actors, no logging.

pub mod info_hash;
