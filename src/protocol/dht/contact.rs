//! A node's name and address, and the compact form in which they travel.

use std::net::{IpAddr, SocketAddr};

use super::node_id::NodeId;
use crate::protocol::address::{IpFamily, compact_v4, compact_v6, write_compact};

/// One DHT lives on IPv4, another one on IPv6 (BEP 32).
impl IpFamily {
    /// Its word in `want` (BEP 32).
    pub const fn want(self) -> &'static [u8; 2] {
        match self {
            IpFamily::V4 => b"n4",
            IpFamily::V6 => b"n6",
        }
    }

    /// Its key in an answer (BEP 32).
    pub const fn nodes_key(self) -> &'static str {
        match self {
            IpFamily::V4 => "nodes",
            IpFamily::V6 => "nodes6",
        }
    }

    /// Its name in logs, and that of its lookups in the store.
    pub const fn label(self) -> &'static str {
        match self {
            IpFamily::V4 => "dht",
            IpFamily::V6 => "dht6",
        }
    }

    /// Bytes of an address and port in compact form.
    pub const fn address_bytes(self) -> usize {
        match self {
            IpFamily::V4 => 6,
            IpFamily::V6 => 18,
        }
    }

    /// Bytes of a node in compact form.
    pub const fn node_bytes(self) -> usize {
        20 + self.address_bytes()
    }
}

/// A node as others name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contact {
    /// Its id, as it says itself or another says of it.
    pub id: NodeId,
    /// Where it is.
    pub address: SocketAddr,
}

/// Nodes in compact form: 20 bytes id, then the address. A rest is passed over.
///
/// Source: BEP 5, "compact node info"; BEP 32.
pub fn compact_nodes(bytes: &[u8], family: IpFamily) -> impl Iterator<Item = Contact> + '_ {
    let entries = bytes.chunks_exact(family.node_bytes());
    entries.filter_map(move |entry| {
        let (id, address) = entry.split_first_chunk::<20>()?;
        let address = match family {
            IpFamily::V4 => compact_v4(address).next(),
            // One that is IPv4 in disguise is none of this family.
            IpFamily::V6 => compact_v6(address).next().filter(SocketAddr::is_ipv6),
        };
        let id = NodeId(*id);
        address.map(|address| Contact { id, address })
    })
}

/// Appends nodes in compact form.
pub fn write_nodes(nodes: &[Contact], out: &mut Vec<u8>) {
    for node in nodes {
        out.extend(node.id.0);
        write_compact(node.address, out);
    }
}

/// The network that an address stands for where one voice is to count once: a /24 of
/// IPv4, a /64 of IPv6 (libtorrent's restriction of searches).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Neighbourhood([u8; 8]);

impl Neighbourhood {
    /// That of an address.
    pub fn of(ip: IpAddr) -> Self {
        let mut network = [0; 8];
        match ip {
            IpAddr::V4(ip) => network[..3].copy_from_slice(&ip.octets()[..3]),
            IpAddr::V6(ip) => network.copy_from_slice(&ip.octets()[..8]),
        }
        Neighbourhood(network)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(ids: Vec<[u8; 20]>, port: u16, v6: bool) {
            let ip = if v6 { "2001:db8::1" } else { "192.0.2.1" };
            let address = SocketAddr::new(ip.parse().unwrap(), port);
            let nodes: Vec<_> = ids.into_iter().map(|id| Contact { id: NodeId(id), address }).collect();
            let mut bytes = Vec::new();
            write_nodes(&nodes, &mut bytes);
            bytes.push(1);
            let read: Vec<_> = compact_nodes(&bytes, IpFamily::of(address.ip())).collect();
            prop_assert_eq!(read, nodes);
        }
    }

    #[test]
    fn an_ipv4_address_in_disguise_is_no_ipv6_node() {
        let mut bytes = vec![7; 38];
        bytes[20..36].copy_from_slice(
            &"::ffff:1.2.3.4"
                .parse::<std::net::Ipv6Addr>()
                .unwrap()
                .octets(),
        );
        assert_eq!(compact_nodes(&bytes, IpFamily::V6).count(), 0);
        bytes[20] = 0x20;
        assert_eq!(compact_nodes(&bytes, IpFamily::V6).count(), 1);
    }
}
