//! How much a connection is worth to a swarm: both ends reckon the same, so that who is
//! full and who wants to come in agree on who goes.

use std::cmp::Ordering;
use std::net::{IpAddr, SocketAddr};

use crate::protocol::address::canonical;
use crate::protocol::crc32c::crc32c;

/// What of an address counts beyond its first bits.
const SPARSE: u8 = 0x55;

/// The priority of a connection between two peers, each as the other sees it; the higher
/// is kept. The same from both ends. None where their families differ.
///
/// Of IPv4 the first 16 bits count in full, or one byte more than the two have in common;
/// of IPv6 the first 48, or one byte more. Of the rest every other bit does. Where the
/// addresses are the same, the ports count.
///
/// Source: BEP 40.
pub fn priority(one: SocketAddr, other: SocketAddr) -> Option<u32> {
    let (one, other) = (canonical(one), canonical(other));
    Some(match (one.ip(), other.ip()) {
        (a, b) if a == b => sum(one.port().to_be_bytes(), other.port().to_be_bytes()),
        (IpAddr::V4(a), IpAddr::V4(b)) => masked(a.octets(), b.octets(), 2),
        (IpAddr::V6(a), IpAddr::V6(b)) => masked(a.octets(), b.octets(), 6),
        _ => return None,
    })
}

/// `first` bytes count in full, and one more for each byte in common from there on.
fn masked<const N: usize>(mut one: [u8; N], mut other: [u8; N], first: usize) -> u32 {
    let common = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let full = if common < first { first } else { common + 1 };
    for bytes in [&mut one, &mut other] {
        bytes.iter_mut().skip(full).for_each(|it| *it &= SPARSE);
    }
    sum(one, other)
}

fn sum<const N: usize>(one: [u8; N], other: [u8; N]) -> u32 {
    match one.cmp(&other) {
        Ordering::Greater => crc32c(&[other, one].concat()),
        _ => crc32c(&[one, other].concat()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(one: &str, other: &str) -> Option<u32> {
        priority(one.parse().unwrap(), other.parse().unwrap())
    }

    /// The examples of BEP 40, and those on which libtorrent and Transmission agree.
    #[test]
    fn reckons_as_everybody_does() {
        let us = "123.213.32.10:51413";
        for (peer, expected) in [
            ("98.76.54.32:6881", 0xec2d_7224),
            ("123.213.33.234:6881", 0xf618_50a9),
            ("123.213.32.234:6881", 0x9956_8189),
            ("123.213.32.10:6881", 0x9f85_2e9f),
            ("[::ffff:98.76.54.32]:6881", 0xec2d_7224),
        ] {
            assert_eq!(of(us, peer), Some(expected), "{peer}");
        }
    }

    #[test]
    fn of_ipv6_the_first_48_bits_count_in_full() {
        let peer = "[2a03:2880:f177:185:face:b00c:0:25de]:6881";
        for (us, expected) in [
            ("[2a03:2880:f277:1cd:face:b00c:0:167]:51413", 0xe4d0_f2e2),
            ("[2a03:2880:f177:1cd:face:b00c:0:167]:51413", 0xf47e_9889),
        ] {
            assert_eq!(of(us, peer), Some(expected), "{us}");
        }
        let in_48 = of(
            "[2a03:2880:f177:f1cd:face:b00c:0:167]:51413",
            "[2a03:2880:f177:f285:face:b00c:0:25de]:6881",
        );
        assert_eq!(in_48, Some(0xcd99_3d35));
    }

    #[test]
    fn families_have_nothing_to_compare() {
        assert_eq!(of("1.2.3.4:6881", "[2001::1]:6881"), None);
    }

    proptest! {
        #[test]
        fn both_ends_agree(one: [u8; 4], other: [u8; 4], v6: [[u8; 16]; 2], ports: [u16; 2]) {
            let v4 = [SocketAddr::from((one, ports[0])), (other, ports[1]).into()];
            let v6 = [SocketAddr::from((v6[0], ports[0])), (v6[1], ports[1]).into()];
            for [one, other] in [v4, v6] {
                prop_assert_eq!(priority(one, other), priority(other, one));
            }
        }
    }
}
