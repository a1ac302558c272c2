//! Peers that nobody knows but other peers.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::info_hash::InfoHash;

/// Those who are there now: every other peer of their swarm gossips about them. By
/// address, with the number of each.
#[derive(Debug, Default)]
pub(super) struct Gossip(Mutex<HashMap<InfoHash, BTreeMap<SocketAddr, usize>>>);

impl Gossip {
    /// A peer arrives.
    pub(super) fn join(&self, info_hash: InfoHash, address: SocketAddr, number: usize) {
        let mut present = self.lock();
        present
            .entry(info_hash)
            .or_default()
            .insert(address, number);
    }

    /// A peer is gone.
    pub(super) fn leave(&self, info_hash: &InfoHash, address: &SocketAddr) {
        if let Some(peers) = self.lock().get_mut(info_hash) {
            peers.remove(address);
        }
    }

    /// Who is there.
    pub(super) fn present(&self, info_hash: &InfoHash) -> BTreeMap<SocketAddr, usize> {
        self.lock().get(info_hash).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InfoHash, BTreeMap<SocketAddr, usize>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
