//! The peers that others announced to us.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rand::Rng;
use rand::seq::IndexedRandom;

use super::filter::Filters;
use super::limits;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;

/// The peers that others announced to us, a bounded number for a bounded time.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    torrents: BTreeMap<InfoHash, Vec<Stored>>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    peer: SocketAddr,
    seed: bool,
    at: Moment,
}

impl Storage {
    /// A peer announced itself; whether there was room for it.
    pub fn put(&mut self, now: Moment, info_hash: InfoHash, peer: SocketAddr, seed: bool) -> bool {
        let known = self.torrents.contains_key(&info_hash);
        if !known && self.torrents.len() >= limits::STORED_TORRENTS {
            return false;
        }
        let peers = self.torrents.entry(info_hash).or_default();
        let stored = Stored {
            peer,
            seed,
            at: now,
        };
        if let Some(known) = peers.iter_mut().find(|it| it.peer == peer) {
            *known = stored;
            return true;
        }
        let neighbours = peers.iter().filter(|it| it.peer.ip() == peer.ip());
        let room = neighbours.count() < limits::STORED_PORTS && peers.len() < limits::STORED_PEERS;
        if room {
            peers.push(stored);
        }
        room
    }

    /// Up to `most` of a torrent's peers, by chance.
    pub fn peers(&self, info_hash: InfoHash, most: usize, rng: &mut impl Rng) -> Vec<SocketAddr> {
        let peers = self.torrents.get(&info_hash);
        let peers = peers.map(Vec::as_slice).unwrap_or_default();
        let chosen = peers.choose_multiple(rng, most);
        chosen.map(|it| it.peer).collect()
    }

    /// How many peers of a torrent are stored (BEP 33); none of one that nobody announced.
    pub fn filters(&self, info_hash: InfoHash) -> Option<Filters> {
        let mut filters = Filters::default();
        for stored in self.torrents.get(&info_hash)? {
            let filter = match stored.seed {
                true => &mut filters.seeds,
                false => &mut filters.downloaders,
            };
            filter.insert(stored.peer.ip());
        }
        Some(filters)
    }

    /// Torrents by chance, and how many there are (BEP 51).
    pub fn sample(&self, rng: &mut impl Rng) -> (Vec<InfoHash>, usize) {
        let all: Vec<_> = self.torrents.keys().copied().collect();
        let chosen = all.choose_multiple(rng, limits::SAMPLES);
        (chosen.copied().collect(), all.len())
    }

    /// Forgets who has not announced for long.
    pub fn expire(&mut self, now: Moment) {
        self.torrents.retain(|_, peers| {
            peers.retain(|it| now.since(it.at) < limits::STORED_FOR);
            !peers.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    const HASH: InfoHash = InfoHash([7; 20]);

    fn peer(number: u32, port: u16) -> SocketAddr {
        SocketAddr::from((number.to_be_bytes(), port))
    }

    #[test]
    fn keeps_peers_within_bounds_and_time() {
        let mut rng = SmallRng::seed_from_u64(1);
        let mut storage = Storage::default();
        let start = Moment::from_millis(5);
        for number in 0..600 {
            storage.put(start, HASH, peer(number, 6881), false);
        }
        let all = storage.peers(HASH, 1_000, &mut rng);
        assert_eq!(all.len(), limits::STORED_PEERS);
        assert_eq!(storage.peers(HASH, 50, &mut rng).len(), 50);
        assert_eq!(storage.sample(&mut rng), (vec![HASH], 1));
        let later = start + limits::STORED_FOR;
        assert!(storage.put(later, HASH, peer(1, 6881), false));
        storage.expire(later);
        assert_eq!(storage.peers(HASH, 9, &mut rng), [peer(1, 6881)]);
        storage.expire(later + limits::STORED_FOR);
        assert_eq!(storage.sample(&mut rng).1, 0);
    }

    #[test]
    fn one_address_fills_nothing() {
        let mut storage = Storage::default();
        let taken = (1..100).filter(|port| storage.put(Moment::EPOCH, HASH, peer(1, *port), false));
        assert_eq!(taken.count(), limits::STORED_PORTS);
        for number in 0..3_000_u32 {
            let mut hash = [0; 20];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            storage.put(Moment::EPOCH, InfoHash(hash), peer(2, 1), false);
        }
        assert_eq!(storage.torrents.len(), limits::STORED_TORRENTS);
    }
}
