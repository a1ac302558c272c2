//! Tables whose keys are looked up for each message.

use std::collections::HashMap;

/// A table with a hash that costs little. It is seeded anew by each process, and nobody
/// outside sees what it gives: strangers who choose keys cannot make them collide.
pub type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
