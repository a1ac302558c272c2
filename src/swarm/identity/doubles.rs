//! One download that was seen twice: by turns over IPv4 and over IPv6, or by the
//! connections of one client that could not be told from its neighbour.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Lair;
use crate::swarm::facts::{Observation, PeerNumber};

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
    /// The hash of its address.
    pub address: u64,
    /// Where the peer listens.
    pub lair: Lair,
    /// The port itself; None for a download of an earlier run.
    pub port: Option<u16>,
    /// The first observation of the record.
    pub first: Observation,
    /// The last observation below the threshold.
    pub below: Observation,
    /// The first one at or above it.
    pub reached: Observation,
    /// The sum over the pieces held when the threshold was reached within a
    /// session; 0 for a set that tells nobody apart.
    pub crossed_with: Option<u64>,
}

impl Download {
    /// Whether both may be one client's: it listens on one port, the threshold was
    /// crossed at one time, and no observation of the one contradicts the other.
    fn may_be(&self, other: &Download, slack: Duration) -> bool {
        let meets = |one: &Download, other: &Download| one.below.at <= other.reached.at + slack;
        (self.lair.is_across(other.lair) || self.address == other.address)
            && self.same_port(other)
            && self.prefix == other.prefix
            && meets(self, other)
            && meets(other, self)
            && self.same_pieces(other, slack)
    }

    fn same_port(&self, other: &Download) -> bool {
        match self.port.zip(other.port) {
            Some((one, two)) => one == two,
            None => {
                // An IPv6 address stands for its port where that was not told.
                let untold = self.lair.lacks_port() || other.lair.lacks_port();
                let one_host = self.lair.is_ipv6() && self.address == other.address;
                self.lair.may_share_port(other.lair) || untold && one_host
            }
        }
    }

    /// A client tells its pieces to everybody in one order, so that it has crossed
    /// with one set; and what it has told of one day it does not lack on the next.
    fn same_pieces(&self, other: &Download, slack: Duration) -> bool {
        let sets = self.crossed_with.zip(other.crossed_with);
        if let Some((one, two)) = sets.filter(|_| self.reached.pieces == other.reached.pieces) {
            return one == two;
        }
        self.goes_before(other, slack) && other.goes_before(self, slack)
    }

    /// Whether nothing is lacking in `other` that was told here before.
    fn goes_before(&self, other: &Download, slack: Duration) -> bool {
        self.observations().all(|early| {
            let mut later = other.observations().filter(|it| early.at + slack < it.at);
            later.all(|late| early.pieces <= late.pieces)
        })
    }

    /// What is known of its progress; without the beginning of who fell back.
    fn observations(&self) -> impl Iterator<Item = Observation> {
        let first = Some(self.first).filter(|it| it.pieces <= self.below.pieces);
        [Some(self.below), Some(self.reached), first]
            .into_iter()
            .flatten()
    }

    /// How far apart the two were seen at the threshold.
    fn distance(&self, other: &Download) -> Duration {
        let (one, two) = (self.reached.at, other.reached.at);
        one.max(two).since(one.min(two))
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

    /// The record of which this download was confirmed already, the likeliest one.
    /// If there is none, it is remembered.
    pub fn compare(&mut self, download: Download) -> Option<PeerNumber> {
        let others = self.recent.iter().filter(|it| it.peer != download.peer);
        let double = others
            .filter(|it| it.may_be(&download, self.slack))
            .min_by_key(|it| it.distance(&download));
        if let Some(double) = double {
            return Some(double.peer);
        }
        self.remember(download);
        None
    }

    /// A download that was confirmed, and counts.
    pub fn remember(&mut self, download: Download) {
        if self.recent.len() >= MAX_DOWNLOADS {
            self.recent.pop_front();
        }
        self.recent.push_back(download);
    }
}
