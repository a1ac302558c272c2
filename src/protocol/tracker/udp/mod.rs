//! Announces and scrapes over UDP (BEP 15).

pub mod client;
pub mod wire;

pub use client::{UdpClient, UdpReply};
pub use wire::{Request, Response};
