//! Confirmed downloads held against the truth.

mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::truth::{Miss, PeerTruth, Truth};
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;

/// Who announced so long before it completed must not be missed.
const FAIR_CHANCE: Duration = Duration::from_secs(3);

/// One confirmed download, as a store with addresses has it.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The torrent.
    pub torrent: InfoHash,
    /// The peer's address.
    pub ip: IpAddr,
    /// Its listening port, if that is known.
    pub port: Option<u16>,
    /// When it was at the threshold.
    pub at: Moment,
}

impl Confirmation {
    /// From an address as it is written: with a port or without. `None` if it
    /// is no address.
    pub fn read(torrent: InfoHash, address: &str, at: Moment) -> Option<Self> {
        let whole = address.parse::<SocketAddr>().ok();
        let ip = whole.map_or_else(|| address.parse().ok(), |it| Some(it.ip()))?;
        Some(Confirmation {
            torrent,
            ip,
            port: whole.map(|it| it.port()),
            at,
        })
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many are confirmed.
    pub confirmed: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// In percent; 100 of nothing.
    pub fn percent(self) -> f64 {
        match self.of {
            0 => 100.0,
            of => 100.0 * self.confirmed as f64 / of as f64,
        }
    }

    fn count(&mut self, confirmed: bool) {
        self.of += 1;
        self.confirmed += usize::from(confirmed);
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!(
            "{} of {} ({:.1} %)",
            self.confirmed,
            self.of,
            self.percent()
        );
        f.pad(&text)
    }
}

/// A confirmed download that is true.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The peer's index in the truth.
    pub peer: usize,
    /// The confirmation's time minus that of the peer's own crossing, in
    /// milliseconds.
    pub error_ms: i64,
}

/// A confirmed download that is none.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What was confirmed.
    pub confirmation: Confirmation,
    /// The peer's index in the truth, if there is such a peer.
    pub peer: Option<usize>,
    /// Whether it was confirmed before, rightly.
    pub again: bool,
}

/// What a run was worth.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The truth.
    pub truth: Truth,
    /// Confirmed, and they came to the threshold by downloading.
    pub hits: Vec<Hit>,
    /// Confirmed, and they did not.
    pub wrong: Vec<Wrong>,
    /// True completions, and those of them that are confirmed.
    pub all: Share,
    /// Of those that announced three seconds or more before they completed.
    pub fair: Share,
    /// Of those that told their guest all that is needed.
    pub showable: Share,
}

impl Truth {
    /// Holds a store's confirmed downloads against it.
    pub fn judge(self, confirmations: &[Confirmation]) -> Judgement {
        let mut hits: BTreeMap<usize, Hit> = BTreeMap::new();
        let mut wrong = Vec::new();
        for confirmation in confirmations {
            let peer = self.find(confirmation, |index| hits.contains_key(&index));
            let crossed = peer.and_then(|index| self.peers[index].crossed);
            match (peer, crossed) {
                (Some(peer), Some(crossed)) if !hits.contains_key(&peer) => {
                    let error = confirmation.at.as_millis() as i64 - crossed.as_millis() as i64;
                    let hit = Hit {
                        peer,
                        error_ms: error,
                    };
                    hits.insert(peer, hit);
                }
                _ => wrong.push(Wrong {
                    confirmation: confirmation.clone(),
                    peer,
                    again: peer.is_some_and(|index| hits.contains_key(&index)),
                }),
            }
        }
        let [mut all, mut fair, mut showable] = [Share::default(); 3];
        for (index, peer) in self.peers.iter().enumerate() {
            let Some(completed) = peer.completed else {
                continue;
            };
            let confirmed = hits.contains_key(&index);
            all.count(confirmed);
            let announced = peer.shown.announced;
            if announced.is_some_and(|it| it + FAIR_CHANCE <= completed) {
                fair.count(confirmed);
            }
            if peer.was_showable() {
                showable.count(confirmed);
            }
        }
        Judgement {
            truth: self,
            hits: hits.into_values().collect(),
            wrong,
            all,
            fair,
            showable,
        }
    }

    /// The peer that is meant. An address may have several: then the port
    /// tells, or the nearest crossing of one that is not taken.
    fn find(&self, it: &Confirmation, taken: impl Fn(usize) -> bool) -> Option<usize> {
        let addresses = |peer: &PeerTruth| [peer.address].into_iter().chain(peer.also);
        let at_address: Vec<(usize, &PeerTruth)> = self
            .peers
            .iter()
            .enumerate()
            .filter(|(_, peer)| peer.torrent == it.torrent)
            .filter(|(_, peer)| addresses(peer).any(|own| own.ip() == it.ip))
            .collect();
        let same_port = at_address
            .iter()
            .find(|(_, peer)| addresses(peer).any(|own| Some(own.port()) == it.port));
        if let Some(&(index, _)) = same_port {
            return Some(index);
        }
        let distance = |peer: &PeerTruth| {
            let crossed = peer.crossed?;
            Some(crossed.as_millis().abs_diff(it.at.as_millis()))
        };
        let nearest = at_address
            .iter()
            .min_by_key(|&&(index, peer)| (taken(index), distance(peer).unwrap_or(u64::MAX)));
        nearest.map(|&(index, _)| index)
    }
}

impl Judgement {
    /// True completions that are not confirmed, and why.
    pub fn missed(&self) -> impl Iterator<Item = (&PeerTruth, Miss)> {
        let hits: BTreeSet<usize> = self.hits.iter().map(|hit| hit.peer).collect();
        let peers = self.truth.peers.iter().enumerate();
        peers
            .filter(move |(index, peer)| peer.completed.is_some() && !hits.contains(index))
            .map(|(_, peer)| (peer, peer.miss()))
    }

    /// The peer of a hit.
    pub fn peer_of(&self, hit: &Hit) -> &PeerTruth {
        &self.truth.peers[hit.peer]
    }

    /// Confirmed peers that came to the threshold, but not to all pieces.
    pub fn short_of_all(&self) -> usize {
        let hits = self.hits.iter().map(|hit| self.peer_of(hit));
        hits.filter(|peer| peer.completed.is_none()).count()
    }

    /// The size of the time error that `share` (0 to 1) of the hits do not
    /// exceed.
    pub fn time_error(&self, share: f64) -> Duration {
        let mut errors: Vec<u64> = self
            .hits
            .iter()
            .map(|it| it.error_ms.unsigned_abs())
            .collect();
        errors.sort_unstable();
        let index = (errors.len() as f64 * share) as usize;
        let last = errors.len().saturating_sub(1);
        Duration::from_millis(errors.get(index.min(last)).copied().unwrap_or(0))
    }

    /// The line that ends a demo.
    pub fn line(&self) -> String {
        format!(
            "demo: {} completed, {} confirmed, {} missed, {} wrong",
            self.all.of,
            self.all.confirmed,
            self.all.of - self.all.confirmed,
            self.wrong.len(),
        )
    }
}

#[cfg(test)]
mod tests;
