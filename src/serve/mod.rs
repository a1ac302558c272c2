//! A running crawler's figures for others: its store's rows through a Unix socket
//! in the run's folder, for `bta-dump`.
//!
//! The crawler only hands rows over, on a thread of its own; who asks does the
//! computing. `docs/store.md` describes what is said on the socket.

pub mod client;
pub mod error;
pub mod server;
mod socket;
mod wire;

pub use error::ServeError;
pub use server::Server;
