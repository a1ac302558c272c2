//! Whole runs in virtual time: hours of a synthetic swarm in seconds, and what bta
//! recorded held against what truly happened.
//!
//! A seed gives the same swarm each time. bta's own secrets and its order of
//! thought differ from run to run, so the floors leave room.
#![allow(clippy::unwrap_used)]

#[path = "sim/crowds.rs"]
mod crowds;
#[path = "sim/encryption.rs"]
mod encryption;
#[path = "sim/exclusions.rs"]
mod exclusions;
#[path = "sim/fates.rs"]
mod fates;
#[path = "sim/gossip.rs"]
mod gossip;
#[path = "sim/harvest.rs"]
mod harvest;
#[path = "sim/holes.rs"]
mod holes;
#[path = "sim/kinds.rs"]
mod kinds;
#[path = "sim/learnt.rs"]
mod learnt;
#[path = "sim/magnets.rs"]
mod magnets;
#[path = "sim/neighbours.rs"]
mod neighbours;
#[path = "sim/outages.rs"]
mod outages;
#[path = "sim/places.rs"]
mod places;
#[path = "sim/private_links.rs"]
mod private_links;
#[path = "sim/scarcity.rs"]
mod scarcity;
#[path = "sim/trackers.rs"]
mod trackers;
#[path = "sim/twins.rs"]
mod twins;
#[path = "sim/utp.rs"]
mod utp;
#[path = "sim/ways.rs"]
mod ways;
#[path = "sim/weather.rs"]
mod weather;
#[path = "sim/world.rs"]
mod world;
