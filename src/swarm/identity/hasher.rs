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
        self.of_address(b'e', ip, &port.to_be_bytes())
    }

    /// Of (info-hash, address).
    pub fn address(&self, ip: IpAddr) -> u64 {
        self.of_address(b'a', ip, &[])
    }

    /// Of (info-hash, peer id); never 0, which stands for "unknown".
    pub fn peer_id(&self, peer_id: &PeerId) -> u64 {
        self.hash(&[b"p", &peer_id.0])
    }

    /// Of (info-hash, listen port).
    pub fn port(&self, port: u16) -> u64 {
        self.hash(&[b"l", &port.to_be_bytes()])
    }

    /// The key of the sums over held pieces ([`super::Twins`]), so that nobody
    /// can craft two sets with one sum.
    pub fn set_key(&self) -> u64 {
        self.hash(&[b"s"])
    }

    /// 4 or 16 bytes of address; an IPv4 address written as IPv6 is the IPv4 address.
    fn of_address(&self, kind: u8, ip: IpAddr, rest: &[u8]) -> u64 {
        match canonical_ip(ip) {
            IpAddr::V4(ip) => self.hash(&[&[kind], &ip.octets(), rest]),
            IpAddr::V6(ip) => self.hash(&[&[kind], &ip.octets(), rest]),
        }
    }

    /// Of the parts one after the other.
    fn hash(&self, parts: &[&[u8]]) -> u64 {
        let (mut text, mut len) = ([0; LONGEST], 0);
        for byte in parts.iter().copied().flatten().take(LONGEST) {
            text[len] = *byte;
            len += 1;
        }
        let hash = blake3::keyed_hash(&self.key, &text[..len]);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_be_bytes(first).max(1)
    }
}

/// What is hashed: at most a kind and a peer id.
const LONGEST: usize = 1 + 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// A store is read again by these hashes: they are the same in every version.
    #[test]
    fn hashes_stay_what_they_are() {
        let hasher = IdentityHasher::new(&[7; 32], &InfoHash([9; 20]));
        let (v4, v6) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        let all = [
            hasher.endpoint(v4, 6881),
            hasher.endpoint(v6, 6881),
            hasher.address(v4),
            hasher.address(v6),
            hasher.peer_id(&PeerId(*b"-TR4060-abcdefghijkl")),
            hasher.port(6881),
            hasher.set_key(),
        ];
        let were = [
            6_250_262_643_254_972_231,
            1_133_261_040_098_975_162,
            10_662_178_880_258_570_789,
            15_246_128_475_716_148_589,
            6_186_619_378_014_610_059,
            3_357_142_545_687_549_310,
            1_305_676_939_599_226_297,
        ];
        assert_eq!(all, were);
        assert_eq!(hasher.address(mapped), hasher.address(v4));
    }
}
