//! What we know of a swarm and what to do next. Pure: time comes in as an
//! argument.

pub mod address_state;
pub mod book;
pub mod census;
pub mod confirmation;
pub mod counted;
pub mod facts;
pub mod gossip;
pub mod identity;
pub mod learnt;
pub mod outage;
pub mod pace;
pub mod place;
pub mod presence;
pub mod progress;
pub mod rendezvous;
pub mod reported;
pub mod roster;
pub mod schedule;
pub mod unmeasured;
pub mod vantage;
pub mod ways;
pub mod yardstick;
