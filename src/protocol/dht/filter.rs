//! Filters that hold how many addresses announced a torrent, without naming them; those
//! of several nodes can be joined.
//!
//! Source: BEP 33.

use std::net::IpAddr;

use sha1::{Digest, Sha1};

/// Length of a filter.
pub const FILTER_BYTES: usize = 256;

const BITS: usize = FILTER_BYTES * 8;

/// A set of addresses: a Bloom filter of 2,048 bits, two of them an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter([u8; FILTER_BYTES]);

/// The announced peers of a torrent: `BFsd` and `BFpe`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Those that said that they are seeds.
    pub seeds: Filter,
    /// The others.
    pub downloaders: Filter,
}

impl Default for Filter {
    fn default() -> Self {
        Filter([0; FILTER_BYTES])
    }
}

impl Filter {
    /// One as it travels; `None` if it is of another length.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Filter).ok()
    }

    /// As it travels.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// Takes an address in.
    pub fn insert(&mut self, ip: IpAddr) {
        for bit in bits(ip) {
            self.0[bit / 8] |= 1 << (bit % 8);
        }
    }

    /// Whether an address may be in it; false: it is not.
    pub fn may_hold(&self, ip: IpAddr) -> bool {
        bits(ip)
            .iter()
            .all(|bit| self.0[bit / 8] & (1 << (bit % 8)) != 0)
    }

    /// Takes in all that another one holds.
    pub fn join(&mut self, other: &Filter) {
        for (byte, more) in self.0.iter_mut().zip(other.0) {
            *byte |= more;
        }
    }

    /// How many addresses it holds, as far as that can be told: a full one says 7,806,
    /// whatever went in.
    pub fn estimate(&self) -> f64 {
        let ones: u32 = self.0.iter().map(|it| it.count_ones()).sum();
        let zeros = (BITS - ones as usize).max(1) as f64;
        let bits = BITS as f64;
        (zeros / bits).ln() / (2.0 * (1.0 - 1.0 / bits).ln())
    }
}

impl Filters {
    /// Takes in what another node holds.
    pub fn join(&mut self, other: &Filters) {
        self.seeds.join(&other.seeds);
        self.downloaders.join(&other.downloaders);
    }
}

/// The bits of an address.
fn bits(ip: IpAddr) -> [usize; 2] {
    let hash = match ip {
        IpAddr::V4(ip) => Sha1::digest(ip.octets()),
        IpAddr::V6(ip) => Sha1::digest(ip.octets()),
    };
    [[hash[0], hash[1]], [hash[2], hash[3]]].map(|it| usize::from(u16::from_le_bytes(it)) % BITS)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    /// The filter and the estimate of BEP 33's test vector.
    const VECTOR: &str = "\
        F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75\
        EE7CCBAEFE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1B\
        DF59DB53DBE9FA5B7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE14\
        8246C2BC5DBFF7E7EFDCF24FD8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81F\
        C7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3FA1FC77BFE07FFF905B7B7FFC7FEFEFF\
        E0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5BFAF2E9EBFFFFEECD67ADBF7\
        C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB5762ABE8FF237279BF\
        EFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6FD8F72EF";

    fn v4(number: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, number).into()
    }

    fn v6(number: u16) -> IpAddr {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number).into()
    }

    #[test]
    fn holds_what_bep_33_says() {
        let mut filter = Filter::default();
        assert_eq!(filter.estimate(), 0.0);
        (0..=255).for_each(|it| filter.insert(v4(it)));
        assert!((filter.estimate() - 257.854).abs() < 0.001);
        assert!(filter.may_hold(v4(7)) && !filter.may_hold(v6(999)));
        let mut others = Filter::default();
        (0..1000).for_each(|it| others.insert(v6(it)));
        filter.join(&others);
        let hex: String = filter
            .as_wire()
            .iter()
            .map(|it| format!("{it:02X}"))
            .collect();
        assert_eq!(hex, VECTOR);
        assert!((filter.estimate() - 1224.9308).abs() < 0.0001);
        assert!(filter.may_hold(v4(7)) && filter.may_hold(v6(999)));
    }

    #[test]
    fn a_full_one_is_estimated_too() {
        let full = Filter::read(&[0xff; FILTER_BYTES]).unwrap();
        assert_eq!(full.estimate().round(), 7_806.0);
        assert_eq!(Filter::read(&[0xff; 255]), None);
    }
}
