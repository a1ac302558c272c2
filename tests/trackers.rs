//! Each way in which a tracker can answer, or fail to, has its own typed outcome: over
//! HTTP, HTTPS and UDP, on a network in memory and in virtual time.
#![allow(clippy::unwrap_used)]

#[path = "trackers/addresses.rs"]
mod addresses;
#[path = "trackers/encrypted.rs"]
mod encrypted;
#[path = "trackers/pages.rs"]
mod pages;
#[path = "trackers/udp.rs"]
mod udp;
#[path = "trackers/world.rs"]
mod world;
