//! What one connection is told of other peers (BEP 11), and when.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use crate::lab::pace::Pace;
use crate::moment::Moment;
use crate::protocol::address::write_compact;
use crate::protocol::bencode::Writer;

/// The first message comes so long after the extension handshake (Transmission).
const FIRST: Duration = Duration::from_secs(1);
/// A message, and the next (BEP 11).
const EVERY: Duration = Duration::from_secs(60);
/// Addresses of a kind in one message (BEP 11).
const ADDRESSES: usize = 50;
/// "Who says so has dialled it".
const REACHABLE: u8 = 0x10;

/// The peers that one connection was told of.
#[derive(Debug)]
pub(super) struct Gossiping {
    pace: Pace,
    /// The number under which the other side takes it.
    id: u8,
    told: BTreeSet<SocketAddr>,
    next: Moment,
}

impl Gossiping {
    /// The other side takes gossip under this number.
    pub(super) fn new(id: u8, pace: Pace, now: Moment) -> Self {
        Gossiping {
            pace,
            id,
            told: BTreeSet::new(),
            next: now + pace.of(FIRST),
        }
    }

    /// When there may be news.
    pub(super) fn poll_timeout(&self) -> Moment {
        self.next
    }

    /// What is due: the other side's number for it, and the payload; none without news.
    pub(super) fn tell(&mut self, now: Moment, present: &[SocketAddr]) -> Option<(u8, Vec<u8>)> {
        if now < self.next {
            return None;
        }
        self.next = now + self.pace.of(EVERY);
        let ipv4 = present.iter().copied().filter(SocketAddr::is_ipv4);
        let present: BTreeSet<SocketAddr> = ipv4.take(ADDRESSES).collect();
        let added: Vec<_> = present.difference(&self.told).copied().collect();
        let dropped: Vec<_> = self.told.difference(&present).copied().collect();
        self.told = present;
        (!added.is_empty() || !dropped.is_empty()).then(|| (self.id, encode(&added, &dropped)))
    }
}

fn encode(added: &[SocketAddr], dropped: &[SocketAddr]) -> Vec<u8> {
    let compact = |addresses: &[SocketAddr]| {
        let mut bytes = Vec::new();
        addresses
            .iter()
            .for_each(|it| write_compact(*it, &mut bytes));
        bytes
    };
    let mut out = Writer::new(b"d");
    for (key, value) in [
        ("added", compact(added)),
        ("added.f", vec![REACHABLE; added.len()]),
        ("dropped", compact(dropped)),
    ] {
        out.entry(key, &value);
    }
    out.end(b"e")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::peer::pex::{PeerExchange, PexFlags};

    #[test]
    fn tells_news_only_and_once_a_minute() {
        let at = |seconds: u64| Moment::from_millis(seconds * 1000);
        let peers = [1, 2, 3].map(|host| SocketAddr::from(([127, 64, 0, host], 6881)));
        let mut gossiping = Gossiping::new(4, Pace::REAL, at(0));
        assert_eq!(gossiping.tell(at(0), &peers[..2]), None);
        let (id, said) = gossiping.tell(at(1), &peers[..2]).unwrap();
        let said = PeerExchange::decode(&said).unwrap();
        let reachable = |it: SocketAddr| (it, PexFlags::REACHABLE);
        assert_eq!(id, 4);
        assert_eq!(said.added, [reachable(peers[0]), reachable(peers[1])]);
        assert_eq!((said.dropped, gossiping.poll_timeout()), (vec![], at(61)));
        assert_eq!(gossiping.tell(at(61), &peers[..2]), None);
        let (_, said) = gossiping.tell(at(121), &peers[1..]).unwrap();
        let said = PeerExchange::decode(&said).unwrap();
        assert_eq!(said.added, [reachable(peers[2])]);
        assert_eq!(said.dropped, [peers[0]]);
    }
}
