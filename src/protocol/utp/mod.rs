//! uTP (BEP 29): streams over datagrams, as a machine without sockets or clock.
//!
//! [`Endpoint`] holds all connections at one datagram socket. It is small because of
//! what bta is: a guest that sends some hundred bytes and hears a few kilobytes a
//! second, on thousands of connections that are idle most of the time. Such a one
//! costs no timer but that which keeps it warm, and no buffer.

mod connection;
mod dials;
mod endpoint;
pub mod limits;
mod liveness;
pub mod packet;
mod receiving;
mod sending;
#[cfg(test)]
mod tests;

pub use connection::Failure;
pub use dials::DialNumber;
pub use endpoint::{Endpoint, Event, Key};
