//! Two sessions at once that are one peer: over IPv4 and IPv6, or one dialled
//! and one accepted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::PeerNumber;

/// Fewer pieces held, or missing, than this make a set that many peers share.
const TELLING_PIECES: u32 = 16;

/// Glimpses remembered at most; more in one window than this are not compared.
const MAX_GLIMPSES: usize = 4_096;

/// The set of pieces that one session showed at one moment.
#[derive(Clone, Debug)]
pub struct Glimpse {
    /// When.
    pub at: Moment,
    /// Which peer, as far as was known.
    pub peer: PeerNumber,
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// Pieces held.
    pub pieces: u32,
    /// Keyed 64-bit sum over their numbers; 0 for a set that tells nobody apart.
    pub set_sum: u64,
}

/// The glimpses of the last seconds, to be compared with each new one.
///
/// Sessions speak up at the same counts (coarse steps), so two sessions to one
/// peer show the same sums; two peers with one set of at least 16 pieces out of
/// at least 32 are practically never met by chance.
#[derive(Debug)]
pub struct Twins {
    total_pieces: u32,
    window: Duration,
    recent: VecDeque<Glimpse>,
}

impl Twins {
    /// For a torrent of `total_pieces`; glimpses count for `window`.
    pub fn new(total_pieces: u32, window: Duration) -> Self {
        Twins {
            total_pieces,
            window,
            recent: VecDeque::new(),
        }
    }

    /// Compares with the recent glimpses of other peers and remembers this one;
    /// answers who showed the same set under the same client name.
    pub fn compare(&mut self, glimpse: Glimpse) -> Option<PeerNumber> {
        while let Some(oldest) = self.recent.front() {
            if glimpse.at.since(oldest.at) <= self.window && self.recent.len() < MAX_GLIMPSES {
                break;
            }
            self.recent.pop_front();
        }
        let missing = self.total_pieces.saturating_sub(glimpse.pieces);
        if glimpse.set_sum == 0 || glimpse.pieces.min(missing) < TELLING_PIECES {
            return None;
        }
        let twin = self.recent.iter().find(|it| {
            it.peer != glimpse.peer
                && (it.set_sum, it.pieces) == (glimpse.set_sum, glimpse.pieces)
                && it.prefix == glimpse.prefix
        });
        let twin = twin.map(|it| it.peer);
        self.recent.push_back(glimpse);
        twin
    }
}
