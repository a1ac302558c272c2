//! The name of a DHT node, distances between names, and which names an address may
//! bear.

use std::fmt;
use std::net::IpAddr;

use rand::Rng;

use crate::protocol::address::is_global;
use crate::protocol::crc32c::crc32c;
use crate::protocol::info_hash::InfoHash;

/// 20 bytes that name a node, in the space of the info-hashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 20]);

/// How far apart two names are: their exclusive or, as a big-endian number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Distance(u128, u32);

impl Distance {
    /// Bits that two names have in common at their beginning, 0 to 160.
    pub fn shared_bits(self) -> usize {
        let high = self.0.leading_zeros() as usize;
        match high {
            128 => 128 + self.1.leading_zeros() as usize,
            _ => high,
        }
    }
}

impl NodeId {
    /// A name by chance.
    pub fn random(rng: &mut impl Rng) -> Self {
        NodeId(rng.random())
    }

    /// A name by chance that shares exactly so many bits with this one.
    pub fn random_at(self, shared_bits: usize, rng: &mut impl Rng) -> Self {
        let mut id = NodeId::random(rng);
        for bit in 0..=shared_bits.min(159) {
            let mask = 0x80 >> (bit % 8);
            let own = self.0[bit / 8] & mask;
            let wanted = if bit == shared_bits { own ^ mask } else { own };
            id.0[bit / 8] = id.0[bit / 8] & !mask | wanted;
        }
        id
    }

    /// How far another name is.
    pub fn distance(self, other: NodeId) -> Distance {
        let (own, other) = (self.halves(), other.halves());
        Distance(own.0 ^ other.0, own.1 ^ other.1)
    }

    /// Its first 16 bytes and its last 4.
    fn halves(self) -> (u128, u32) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = self.0;
        let high = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
        (u128::from_be_bytes(high), u32::from_be_bytes([q, r, s, t]))
    }

    /// A name that a node at this address may bear, with its free bits by chance.
    ///
    /// Source: BEP 42.
    pub fn for_address(ip: IpAddr, rng: &mut impl Rng) -> Self {
        let mut id: [u8; 20] = rng.random();
        let prefix = prefix(ip, id[19]);
        id[0] = prefix[0];
        id[1] = prefix[1];
        id[2] = prefix[2] & 0xf8 | id[2] & 0x07;
        NodeId(id)
    }

    /// Whether a node at this address may bear the name. Every name will do where
    /// addresses are handed out at will: in private networks.
    ///
    /// Source: BEP 42.
    pub fn suits(self, ip: IpAddr) -> bool {
        let prefix = prefix(ip, self.0[19]);
        let same = self.0[..2] == prefix[..2] && self.0[2] & 0xf8 == prefix[2] & 0xf8;
        same || !is_global(ip)
    }
}

impl From<InfoHash> for NodeId {
    fn from(hash: InfoHash) -> Self {
        NodeId(hash.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&InfoHash(self.0), f)
    }
}

/// The first 21 bits of a name at this address, in 3 bytes; `last` is its last byte.
fn prefix(ip: IpAddr, last: u8) -> [u8; 3] {
    let random = (last & 7) << 5;
    let crc = match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let mut bytes = ip.octets();
            let mask = [0x03, 0x0f, 0x3f, 0xff];
            bytes
                .iter_mut()
                .zip(mask)
                .for_each(|(it, mask)| *it &= mask);
            bytes[0] |= random;
            crc32c(&bytes)
        }
        IpAddr::V6(ip) => {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&ip.octets()[..8]);
            let mask = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];
            bytes
                .iter_mut()
                .zip(mask)
                .for_each(|(it, mask)| *it &= mask);
            bytes[0] |= random;
            crc32c(&bytes)
        }
    };
    let [a, b, c, _] = crc.to_be_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    /// The table of BEP 42: address, last byte, first 21 bits.
    #[test]
    fn names_suit_their_address() {
        for (ip, last, first) in [
            ("124.31.75.21", 1, [0x5f, 0xbf, 0xbf]),
            ("21.75.31.124", 86, [0x5a, 0x3c, 0xe9]),
            ("65.23.51.170", 22, [0xa5, 0xd4, 0x32]),
            ("84.124.73.14", 65, [0x1b, 0x03, 0x21]),
            ("43.213.53.83", 90, [0xe5, 0x6f, 0x6c]),
        ] {
            let mut id = NodeId([0xff; 20]);
            id.0[..3].copy_from_slice(&first);
            id.0[19] = last;
            let ip = ip.parse().unwrap();
            assert!(id.suits(ip), "{ip}");
            id.0[0] ^= 1;
            assert!(!id.suits(ip), "{ip}");
        }
        assert!(NodeId([1; 20]).suits("127.0.0.1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_name_made_for_an_address_suits_it(v4: [u8; 4], v6: [u8; 16], seed: u64) {
            let mut rng = SmallRng::seed_from_u64(seed);
            for ip in [IpAddr::from(v4), IpAddr::from(v6)] {
                prop_assert!(NodeId::for_address(ip, &mut rng).suits(ip));
            }
        }

        #[test]
        fn shares_as_many_bits_as_wanted(own: [u8; 20], bits in 0..160usize, seed: u64) {
            let mut rng = SmallRng::seed_from_u64(seed);
            let other = NodeId(own).random_at(bits, &mut rng);
            prop_assert_eq!(NodeId(own).distance(other).shared_bits(), bits);
            prop_assert_eq!(NodeId(own).distance(NodeId(own)).shared_bits(), 160);
        }
    }
}
