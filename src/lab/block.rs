//! Which addresses of loopback are a lab's own: two labs on one machine must not
//! mistake each other's peers for theirs.

use std::net::{Ipv4Addr, SocketAddr};

use super::scenario::Hosts;
use crate::net::{Acceptor, Network};

/// Blocks that are tried: 127.64.0.0/16 to 127.79.0.0/16.
pub(super) const BLOCKS: u8 = 16;

/// A /16 of loopback.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block(u8);

impl Block {
    /// Claims one that no other lab has, as long as what holds it lives. Where all
    /// are taken, or no addresses of loopback are wanted, it is the first one.
    pub(super) async fn claim(network: &Network, hosts: Hosts) -> (Block, Option<Acceptor>) {
        if hosts == Hosts::Loopback {
            for block in (0..BLOCKS).map(Block) {
                let mark = SocketAddr::from((block.host(255, 254), 6881));
                if let Ok(claim) = network.listen(mark).await {
                    return (block, Some(claim));
                }
            }
        }
        (Block::default(), None)
    }

    /// One of its addresses.
    pub(super) fn host(self, high: u8, low: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 64 + self.0, high, low)
    }
}
