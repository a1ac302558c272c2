//! What a person at the terminal sees while a run goes on.

pub mod line;
pub mod outlet;
pub mod screen;
pub mod terminal;
pub mod view;
