//! One download that was seen twice: by turns over IPv4 and over IPv6, or by the
//! connections of one client that could not be told from its neighbour.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::PeerNumber;

/// Downloads remembered at most; a swarm that confirms more within the time
/// between two visits is not compared further back.
const MAX_DOWNLOADS: usize = 4_096;

/// A confirmed download, as far as two of them can be compared.
#[derive(Clone, Debug)]
pub struct Download {
    /// Which record it was confirmed of.
    pub peer: PeerNumber,
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// Where the peer listens.
    pub home: SocketAddr,
    /// The last observation below the threshold.
    pub below_at: Moment,
    /// The first one at or above it.
    pub at: Moment,
}

impl Download {
    /// Whether both may be one client's: it listens on one port, and the threshold
    /// was crossed at one time.
    fn may_be(&self, other: &Download, slack: Duration) -> bool {
        let (here, there) = (self.home, other.home);
        let one_place = here.is_ipv4() != there.is_ipv4() || here.ip() == there.ip();
        let meets = |one: &Download, other: &Download| one.below_at <= other.at + slack;
        one_place
            && here.port() == there.port()
            && self.prefix == other.prefix
            && meets(self, other)
            && meets(other, self)
    }
}

/// The last confirmed downloads, to compare each new one with.
///
/// A client that changes its peer id with each connection may have two records,
/// each of which sees the threshold crossed: one for its IPv4 and one for its IPv6
/// address, visited by turns; or two behind an endpoint that it shares with a
/// neighbour. Two clients with one name and one port that cross the threshold at
/// the same time may be two all the same: then one download is missed, which a
/// lower bound may.
#[derive(Debug)]
pub struct Doubles {
    slack: Duration,
    recent: VecDeque<Download>,
}

impl Doubles {
    /// Two sessions may tell of one crossing this far apart: some clients hold
    /// HAVE messages back.
    pub fn new(slack: Duration) -> Self {
        Doubles {
            slack,
            recent: VecDeque::new(),
        }
    }

    /// The record of which this download was confirmed already. If there is none,
    /// it is remembered.
    pub fn compare(&mut self, download: Download) -> Option<PeerNumber> {
        let double = self
            .recent
            .iter()
            .find(|it| it.peer != download.peer && it.may_be(&download, self.slack));
        if let Some(double) = double {
            return Some(double.peer);
        }
        if self.recent.len() >= MAX_DOWNLOADS {
            self.recent.pop_front();
        }
        self.recent.push_back(download);
        None
    }
}
