//! Two sessions at once that are one peer: over IPv4 and IPv6, or one dialled
//! and one accepted.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::{Direction, PeerNumber};
use crate::swarm::pace::Pace;
use crate::table::Table;

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
    /// The session's remote address.
    pub remote: SocketAddr,
    /// Who opened it.
    pub direction: Direction,
    /// Where the peer listens: the port dialled, or the one it claims.
    pub listen_port: Option<u16>,
    /// Pieces held.
    pub pieces: u32,
    /// Keyed 64-bit sum over their numbers; 0 for a set that tells nobody apart.
    pub set_sum: u64,
}

impl Glimpse {
    /// Whether one client can have both sessions: over IPv4 and IPv6, where it
    /// listens on one port; or one that it opened and one that we did. Another
    /// port behind one address is a neighbour's.
    fn may_be(&self, other: &Glimpse) -> bool {
        let (one, two) = (self.remote, other.remote);
        if one.is_ipv4() != two.is_ipv4() {
            return self.listen_port.is_some() && self.listen_port == other.listen_port;
        }
        let ports = self.listen_port.zip(other.listen_port);
        let same_port = ports.is_none_or(|(one, two)| one == two);
        one.ip() == two.ip() && self.direction != other.direction && same_port
    }
}

/// The glimpses of the last seconds, to be compared with each new one.
///
/// Sessions speak up at the same counts (coarse steps, the threshold), so two
/// sessions to one peer show the same sums. The sum alone proves nothing: all
/// leechers of a lone seed hold the same pieces, those that it has given out.
#[derive(Debug)]
pub struct Twins {
    total_pieces: u32,
    window: Duration,
    /// Each with the number of the one before it that has the same sum.
    recent: VecDeque<(Glimpse, Option<u64>)>,
    /// Forgotten so far: the number of the first of `recent`.
    forgotten: u64,
    /// The newest with each sum: a crowd is not searched for each of its peers.
    newest: Table<u64, u64>,
}

impl Twins {
    /// For a torrent of `total_pieces`; glimpses count for `window`.
    pub fn new(total_pieces: u32, window: Duration) -> Self {
        Twins {
            total_pieces,
            window,
            recent: VecDeque::new(),
            forgotten: 0,
            newest: Table::default(),
        }
    }

    /// Compares with the recent glimpses of other peers and remembers this one;
    /// answers who showed the same set under the same client name, the first of those.
    pub fn compare(&mut self, glimpse: Glimpse) -> Option<PeerNumber> {
        while let Some((oldest, _)) = self.recent.front() {
            if glimpse.at.since(oldest.at) <= self.window && self.recent.len() < MAX_GLIMPSES {
                break;
            }
            self.forget_oldest();
        }
        let missing = self.total_pieces.saturating_sub(glimpse.pieces);
        if glimpse.set_sum == 0 || glimpse.pieces.min(missing) < Pace::TWIN_PIECES {
            return None;
        }
        let twins = self.with_sum(glimpse.set_sum).filter(|it| {
            it.peer != glimpse.peer
                && it.pieces == glimpse.pieces
                && it.prefix == glimpse.prefix
                && it.may_be(&glimpse)
        });
        let twin = twins.last().map(|it| it.peer);
        let number = self.forgotten + self.recent.len() as u64;
        let before = self.newest.insert(glimpse.set_sum, number);
        self.recent.push_back((glimpse, before));
        twin
    }

    /// Those with this sum, the newest first.
    fn with_sum(&self, sum: u64) -> impl Iterator<Item = &Glimpse> {
        let get = |number: u64| {
            self.recent
                .get(number.checked_sub(self.forgotten)? as usize)
        };
        let newest = self.newest.get(&sum).and_then(|it| get(*it));
        let all = std::iter::successors(newest, move |(_, before)| get((*before)?));
        all.map(|(glimpse, _)| glimpse)
    }

    fn forget_oldest(&mut self) {
        if let Some((oldest, _)) = self.recent.pop_front() {
            if self.newest.get(&oldest.set_sum) == Some(&self.forgotten) {
                self.newest.remove(&oldest.set_sum);
            }
            self.forgotten += 1;
        }
    }
}
