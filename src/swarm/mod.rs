//! What we know of a swarm and what to do next. Pure: time comes in as an
//! argument.

pub mod confirmation;
pub mod facts;
pub mod pace;
pub mod progress;
pub mod yardstick;
