//! Where a peer listens, as far as the store may know.

use std::net::IpAddr;

use super::IdentityHasher;
use crate::protocol::address::canonical_ip;

const IPV6: u8 = 1;
/// Values of a known port; 0 stands for an unknown one. With these and the family
/// it is seven bits.
const PORTS: u64 = 63;

/// The family of a peer's address, and six bits of a keyed hash of (info-hash,
/// listen port): of two records they tell in most cases that they are not one
/// client's, and of a port hardly anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lair(u8);

impl Lair {
    /// Of who has this address and listens on this port, if that is known.
    pub fn new(hasher: &IdentityHasher, ip: IpAddr, port: Option<u16>) -> Self {
        let family = u8::from(canonical_ip(ip).is_ipv6()) * IPV6;
        let port = port.map_or(0, |port| 1 + hasher.port(port) % PORTS);
        Lair(family | ((port as u8) << 1))
    }

    /// What is stored: bit 0 for IPv6, then six for the port; 0 in them if it is
    /// unknown.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// From what is stored.
    pub const fn from_code(code: u8) -> Self {
        Lair(code & 0x7f)
    }

    /// This one, or `other` if the port is not known here.
    #[must_use]
    pub fn or(self, other: Lair) -> Lair {
        if self.lacks_port() { other } else { self }
    }

    /// Whether the two addresses are of different families.
    pub fn is_across(self, other: Lair) -> bool {
        (self.0 ^ other.0) & IPV6 != 0
    }

    /// Whether the port may be the same; not if one is unknown.
    pub fn may_share_port(self, other: Lair) -> bool {
        !self.lacks_port() && self.port() == other.port()
    }

    /// Whether the address is an IPv6 one.
    pub fn is_ipv6(self) -> bool {
        self.0 & IPV6 != 0
    }

    /// Whether the port is not known.
    pub fn lacks_port(self) -> bool {
        self.port() == 0
    }

    fn port(self) -> u8 {
        self.0 >> 1
    }
}
