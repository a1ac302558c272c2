//! What a person at the terminal sees while a run goes on.

pub mod progress;
