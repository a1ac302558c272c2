//! Permits for what thousands of peers send to one Swarm.
//!
//! actix admits one message more than a mailbox's capacity for each sender, so the
//! mailbox alone bounds nothing when senders are many: they share these.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Observations and ends of sessions on their way to one Swarm at most.
const OBSERVATIONS: usize = 2_000;

/// Crossings on their way to one Swarm at most: theirs alone, so that no crowd of
/// observations keeps a completion waiting.
const CROSSINGS: usize = 500;

/// The permits of one Swarm.
#[derive(Clone, Debug)]
pub struct Permits {
    /// For observations.
    pub observations: Arc<Semaphore>,
    /// For crossings.
    pub crossings: Arc<Semaphore>,
}

impl Permits {
    /// Observations and crossings that are on their way.
    pub fn in_use(&self) -> (usize, usize) {
        let observations = OBSERVATIONS - self.observations.available_permits();
        let crossings = CROSSINGS - self.crossings.available_permits();
        (observations, crossings)
    }
}

/// A permit travels with its message and falls when that was handled.
pub type Permit = OwnedSemaphorePermit;

impl Default for Permits {
    fn default() -> Self {
        Permits {
            observations: Arc::new(Semaphore::new(OBSERVATIONS)),
            crossings: Arc::new(Semaphore::new(CROSSINGS)),
        }
    }
}
