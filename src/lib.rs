//! bta counts how many people really downloaded a torrent.
//!
//! It joins a swarm as a peer that neither requests nor serves content, watches
//! which pieces every other peer has, and counts a *confirmed download* each time
//! it saw one peer first below a threshold and later at or above it.

#![forbid(unsafe_code)]

pub mod actors;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dump;
pub mod input;
pub mod lab;
pub mod locate;
pub mod moment;
pub mod net;
pub mod protocol;
pub mod report;
pub mod serve;
pub mod store;
pub mod swarm;
pub mod table;
pub mod ui;

/// Sessions come and go on all threads for days: chosen by what that costs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
