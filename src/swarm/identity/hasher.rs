//! Keyed hashes in place of addresses and peer ids.

use std::net::IpAddr;

use crate::protocol::address::canonical_ip;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::handshake::PeerId;

/// Makes the hashes by which one swarm's peers are recognised.
///
/// The key is derived from the run's secret and the info-hash, so that the same
/// address has unrelated hashes in two swarms. 64 bits: among a million peers
/// two share a hash with a chance of 3 in 100 million.
#[derive(Clone)]
pub struct IdentityHasher {
    key: [u8; 32],
}

impl std::fmt::Debug for IdentityHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key could undo every hash: it is shown to nobody.
        f.write_str("IdentityHasher")
    }
}

impl IdentityHasher {
    /// For one swarm of one run.
    pub fn new(secret: &[u8; 32], info_hash: &InfoHash) -> Self {
        IdentityHasher {
            key: *blake3::keyed_hash(secret, &info_hash.0).as_bytes(),
        }
    }

    /// Of (info-hash, address, port).
    pub fn endpoint(&self, ip: IpAddr, port: u16) -> u64 {
        let mut bytes = address_bytes(ip);
        bytes.extend_from_slice(&port.to_be_bytes());
        self.hash(b'e', &bytes)
    }

    /// Of (info-hash, address).
    pub fn address(&self, ip: IpAddr) -> u64 {
        self.hash(b'a', &address_bytes(ip))
    }

    /// Of (info-hash, peer id); never 0, which stands for "unknown".
    pub fn peer_id(&self, peer_id: &PeerId) -> u64 {
        self.hash(b'p', &peer_id.0)
    }

    /// Of (info-hash, listen port).
    pub fn port(&self, port: u16) -> u64 {
        self.hash(b'l', &port.to_be_bytes())
    }

    /// The key of the sums over held pieces ([`super::Twins`]), so that nobody
    /// can craft two sets with one sum.
    pub fn set_key(&self) -> u64 {
        self.hash(b's', &[])
    }

    fn hash(&self, kind: u8, bytes: &[u8]) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[kind]).update(bytes);
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_be_bytes(first).max(1)
    }
}

/// 4 or 16 bytes; an IPv4 address written as IPv6 is the IPv4 address.
fn address_bytes(ip: IpAddr) -> Vec<u8> {
    match canonical_ip(ip) {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}
