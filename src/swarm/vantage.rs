//! Where we are, as those whom we meet see us; and how much a connection with one of
//! them is worth by that (BEP 40).

use std::net::{IpAddr, SocketAddr};

use crate::protocol::address::{IpFamily, canonical_ip};
use crate::protocol::dht::external::External;
use crate::protocol::peer::priority::priority;

/// Our own address, one of each family.
#[derive(Clone, Debug, Default)]
pub struct Vantage {
    v4: Aspect,
    v6: Aspect,
}

/// What is said of one of them.
#[derive(Clone, Debug, Default)]
struct Aspect {
    votes: External,
    known: Option<IpAddr>,
}

impl Vantage {
    /// A peer says that it sees us at `seen` (BEP 10, "yourip"). One liar is not believed.
    pub fn told(&mut self, peer: IpAddr, seen: IpAddr) {
        let (peer, seen) = (canonical_ip(peer), canonical_ip(seen));
        // It cannot see us at an address of the other family.
        if IpFamily::of(peer) == IpFamily::of(seen) {
            let aspect = match IpFamily::of(seen) {
                IpFamily::V4 => &mut self.v4,
                IpFamily::V6 => &mut self.v6,
            };
            aspect.known = aspect.votes.vote(peer, seen).or(aspect.known);
        }
    }

    /// The priority of a connection with a peer, by which it goes too; None while we do
    /// not know who we are. `listen_port` is ours.
    pub fn priority(&self, listen_port: u16, peer: SocketAddr) -> Option<u32> {
        let own = match IpFamily::of(canonical_ip(peer.ip())) {
            IpFamily::V4 => self.v4.known,
            IpFamily::V6 => self.v6.known,
        };
        priority(SocketAddr::new(own?, listen_port), peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn reckons_once_enough_networks_agree_on_where_we_are() {
        let mut vantage = Vantage::default();
        let peer = "98.76.54.32:6881".parse().unwrap();
        for net in 0..5 {
            assert_eq!(vantage.priority(6881, peer), None);
            vantage.told([9, 9, net, 1].into(), ip("123.213.32.10"));
        }
        assert_eq!(vantage.priority(6881, peer), Some(0xec2d_7224));
        let over_v6 = "[2001::1]:6881".parse().unwrap();
        assert_eq!(vantage.priority(6881, over_v6), None);
    }

    #[test]
    fn one_liar_does_not_tell_us_who_we_are() {
        let mut vantage = Vantage::default();
        for host in 0..100 {
            vantage.told([9, 9, 9, host].into(), ip("6.6.6.6"));
            // Nor does an address of the other family.
            vantage.told([9, 9, host, 1].into(), ip("2001::6"));
        }
        for peer in ["98.76.54.32:6881", "[2001::1]:6881"] {
            assert_eq!(vantage.priority(6881, peer.parse().unwrap()), None);
        }
    }
}
