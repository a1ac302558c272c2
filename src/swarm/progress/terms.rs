//! What a session's view of its peer is measured by.

use super::held::Sums;
use crate::swarm::pace::Pace;
use crate::swarm::yardstick::Yardstick;

/// What is known when a session begins to speak of pieces: after the handshakes.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The torrent's measures.
    pub yardstick: Yardstick,
    /// The Fast extension (BEP 6) on both sides: an empty peer would say so.
    pub fast: bool,
    /// The client holds HAVE messages back for long, and always sends the pieces
    /// it has in its handshake (rTorrent).
    pub holds_back: bool,
    /// The client may be a super-seeder (BEP 16).
    pub may_super_seed: bool,
    /// What [`super::Seen::set_sum`] is made with.
    pub sums: Sums,
    /// The run's rhythm.
    pub pace: Pace,
}
