//! Where our nodes of the DHT listen, as peers are told (BEP 5, PORT).

use std::net::IpAddr;

use crate::protocol::address::{IpFamily, canonical_ip};

/// The ports of our nodes of the DHT; none of a family where nobody is answered
/// (BEP 43).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DhtPorts {
    /// Of the one over IPv4.
    pub v4: Option<u16>,
    /// Of the one over IPv6.
    pub v6: Option<u16>,
}

impl DhtPorts {
    /// The port of the node that a peer can reach.
    pub fn told_to(self, peer: IpAddr) -> Option<u16> {
        match IpFamily::of(canonical_ip(peer)) {
            IpFamily::V4 => self.v4,
            IpFamily::V6 => self.v6,
        }
    }
}
