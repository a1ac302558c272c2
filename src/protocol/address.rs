//! Addresses as they travel, and which of them may be contacted at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::exclusions::Exclusions;

/// Which addresses may be contacted, by anyone's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Permits ports below 1024 and addresses that are not globally routable
    /// (loopback, private networks): for a lab.
    pub allow_local: bool,
    /// Whom the user wants to be left alone, in a lab too.
    pub excluded: Arc<Exclusions>,
    /// The family that is not spoken at all.
    pub without: Option<IpFamily>,
}

/// The two Internet Protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpFamily {
    /// That of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => IpFamily::V4,
            IpAddr::V6(_) => IpFamily::V6,
        }
    }
}

/// Ports below this belong to services that are no peers: whoever names one
/// wants us to knock at somebody else's door.
const FIRST_PORT: u16 = 1024;

impl AddressPolicy {
    /// Whether address and port may be contacted.
    pub fn permits(&self, address: SocketAddr) -> bool {
        let port = address.port();
        (port >= FIRST_PORT || (self.allow_local && port != 0)) && self.permits_ip(address.ip())
    }

    /// Whether the address may be contacted at any port.
    ///
    /// Never: unspecified, multicast, broadcast, excluded ones, those of a family that
    /// is not spoken. Only with `allow_local`: what
    /// the IANA special-purpose registries (RFC 6890) say is not globally
    /// reachable.
    pub fn permits_ip(&self, ip: IpAddr) -> bool {
        let ip = canonical_ip(ip);
        if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return false;
        }
        if self.excludes(ip) || self.without == Some(IpFamily::of(ip)) {
            return false;
        }
        self.allow_local || is_global(ip)
    }

    /// Whether the user excluded the address.
    pub fn excludes(&self, ip: IpAddr) -> bool {
        self.excluded.contains(ip)
    }
}

/// Whether the IANA special-purpose registries (RFC 6890) hold the address for globally
/// reachable.
pub fn is_global(ip: IpAddr) -> bool {
    match canonical_ip(ip) {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

/// An IPv4-mapped IPv6 address as the IPv4 address that it is.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(canonical_ip(address.ip()), address.port())
}

/// An IPv4-mapped IPv6 address as the IPv4 address that it is.
pub fn canonical_ip(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Addresses in compact form: 4 bytes address, 2 bytes port, big-endian. A
/// rest of fewer than 6 bytes is passed over.
///
/// Source: BEP 23.
pub fn compact_v4(bytes: &[u8]) -> impl Iterator<Item = SocketAddr> + '_ {
    let (entries, _rest) = bytes.as_chunks::<6>();
    entries.iter().map(|&[a, b, c, d, high, low]| {
        let port = u16::from_be_bytes([high, low]);
        SocketAddr::from((Ipv4Addr::new(a, b, c, d), port))
    })
}

/// Addresses in compact form: 16 bytes address, 2 bytes port, big-endian. A
/// rest of fewer than 18 bytes is passed over.
///
/// Source: BEP 7.
pub fn compact_v6(bytes: &[u8]) -> impl Iterator<Item = SocketAddr> + '_ {
    let (entries, _rest) = bytes.as_chunks::<18>();
    entries.iter().map(|entry| {
        let mut ip = [0; 16];
        ip.copy_from_slice(&entry[..16]);
        let port = u16::from_be_bytes([entry[16], entry[17]]);
        canonical(SocketAddr::from((Ipv6Addr::from(ip), port)))
    })
}

/// Appends the compact form: 6 bytes for IPv4, 18 for IPv6.
///
/// Source: BEP 23, BEP 7.
pub fn write_compact(address: SocketAddr, out: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => out.extend(ip.octets()),
        IpAddr::V6(ip) => out.extend(ip.octets()),
    }
    out.extend(address.port().to_be_bytes());
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true, // this network, private, loopback
        (100, 64..=127, _) => true, // shared by carriers' NAT
        (169, 254, _) => true,      // link-local
        (172, 16..=31, _) => true,  // private
        (192, 0, 0 | 2) => true,    // protocol assignments, documentation
        (192, 88, 99) => true,      // 6to4 relays, withdrawn
        (192, 168, _) => true,      // private
        (198, 18 | 19, _) => true,  // benchmarks
        (198, 51, 100) => true,     // documentation
        (203, 0, 113) => true,      // documentation
        (224.., ..) => true,        // multicast, reserved
        _ => false,
    };
    !special
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Only 2000::/3 is handed out; less what within it is special.
    a & 0xe000 == 0x2000
        && !(a == 0x2001 && b < 0x0200) // Teredo, benchmarks, ORCHID and other assignments
        && !(a == 0x2001 && b == 0x0db8) // documentation
        && a != 0x2002 // 6to4: the relays are withdrawn
        && !(a == 0x3fff && b < 0x1000) // documentation
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PUBLIC: bool = false;
    const LAB: bool = true;

    fn permits(allow_local: bool, address: &str) -> bool {
        let policy = AddressPolicy {
            allow_local,
            ..AddressPolicy::default()
        };
        policy.permits(address.parse().unwrap())
    }

    #[test]
    fn permits_the_public_internet() {
        for ip in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.3.1",
        ] {
            assert!(permits(PUBLIC, &format!("{ip}:6881")), "{ip}");
        }
        for ip in [
            "2001:4860::1",
            "2a02::1",
            "2003::1",
            "2001:200::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(permits(PUBLIC, &format!("[{ip}]:6881")), "{ip}");
        }
    }

    #[test]
    fn permits_local_ones_only_in_a_lab() {
        for address in [
            "10.1.2.3:6881",
            "100.64.0.1:6881",
            "127.0.0.1:6881",
            "169.254.1.1:6881",
            "172.16.0.1:6881",
            "192.0.2.1:6881",
            "192.168.1.1:6881",
            "198.18.0.1:6881",
            "198.51.100.1:6881",
            "203.0.113.1:6881",
            "240.0.0.1:6881",
            "1.1.1.1:1023",
            "[::1]:6881",
            "[fe80::1]:6881",
            "[fc00::1]:6881",
            "[2001:db8::1]:6881",
            "[2001::1]:6881",
            "[2002:101:101::1]:6881",
            "[64:ff9b::101:101]:6881",
            "[::ffff:127.0.0.1]:6881",
        ] {
            assert!(!permits(PUBLIC, address), "{address}");
            assert!(permits(LAB, address), "{address} in a lab");
        }
    }

    #[test]
    fn never_permits_what_is_nobody() {
        for address in [
            "1.1.1.1:0",
            "0.0.0.0:6881",
            "224.0.0.1:6881",
            "255.255.255.255:6881",
            "[::]:6881",
            "[ff02::1]:6881",
            "[::ffff:224.0.0.1]:6881",
        ] {
            assert!(
                !permits(PUBLIC, address) && !permits(LAB, address),
                "{address}"
            );
        }
    }

    #[test]
    fn never_permits_a_family_that_is_not_spoken() {
        let without = |family| AddressPolicy {
            allow_local: true,
            without: Some(family),
            ..AddressPolicy::default()
        };
        let (v4, v6) = (without(IpFamily::V4), without(IpFamily::V6));
        for (address, spoken) in [("[::1]:6881", &v4), ("127.0.0.1:6881", &v6)] {
            assert!(spoken.permits(address.parse().unwrap()), "{address}");
        }
        for (address, silent) in [
            ("[::1]:6881", &v6),
            ("127.0.0.1:6881", &v4),
            ("[::ffff:127.0.0.1]:6881", &v4),
        ] {
            assert!(!silent.permits(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn never_permits_whom_the_user_excluded() {
        let lines = ["1.1.1.0/24", "127.0.0.2", "2003::/16"];
        let ranges = lines.iter().map(|it| it.parse().unwrap());
        let policy = AddressPolicy {
            allow_local: true,
            excluded: Arc::new(ranges.collect()),
            without: None,
        };
        for address in [
            "1.1.1.1:6881",
            "[::ffff:1.1.1.1]:6881",
            "127.0.0.2:80",
            "[2003::1]:6881",
        ] {
            assert!(!policy.permits(address.parse().unwrap()), "{address}");
        }
        assert!(policy.permits("1.1.2.1:6881".parse().unwrap()));
        assert!(policy.permits("127.0.0.1:6881".parse().unwrap()));
    }

    #[test]
    fn reads_compact_addresses() {
        let bytes = [1, 2, 3, 4, 0x1a, 0xe1, 5, 6, 7, 8, 0, 80, 9];
        let found: Vec<String> = compact_v4(&bytes).map(|it| it.to_string()).collect();
        assert_eq!(found, ["1.2.3.4:6881", "5.6.7.8:80"]);
        let mut bytes = [0; 40];
        (bytes[0], bytes[1], bytes[15], bytes[16], bytes[17]) = (0x20, 0x01, 1, 0x1a, 0xe1);
        bytes[18 + 10..18 + 18].copy_from_slice(&[0xff, 0xff, 1, 2, 3, 4, 0, 1]);
        let found: Vec<String> = compact_v6(&bytes).map(|it| it.to_string()).collect();
        assert_eq!(found, ["[2001::1]:6881", "1.2.3.4:1"]);
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(v4: [u8; 4], v6: [u8; 16], port: u16) {
            let (v4, v6) = (IpAddr::from(v4), canonical_ip(IpAddr::from(v6)));
            for ip in [v4, v6] {
                let (address, mut bytes) = (SocketAddr::new(ip, port), Vec::new());
                write_compact(address, &mut bytes);
                let read: Vec<_> = match ip {
                    IpAddr::V4(_) => compact_v4(&bytes).collect(),
                    IpAddr::V6(_) => compact_v6(&bytes).collect(),
                };
                prop_assert_eq!(read, [address]);
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            prop_assert_eq!(compact_v4(&bytes).count(), bytes.len() / 6);
            prop_assert_eq!(compact_v6(&bytes).count(), bytes.len() / 18);
        }
    }
}
