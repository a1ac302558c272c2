//! Our own machine on a socket.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use bta::clock::Clock;
use bta::protocol::address::{AddressPolicy, IpFamily};
use bta::protocol::dht::{Event, Node, Settings, limits};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time;

use crate::common;
use crate::lab::Torrent;

/// For so long who joins has time to learn.
const SETTLED: Duration = Duration::from_secs(10);

/// A node of ours.
pub(crate) struct Ours {
    pub node: Node,
    pub socket: UdpSocket,
    clock: Clock,
}

impl Ours {
    pub(crate) async fn join(clock: Clock, seed: u64, seeds: &[SocketAddr]) -> Ours {
        let settings = Settings {
            family: IpFamily::V4,
            policy: AddressPolicy {
                allow_local: true,
                ..AddressPolicy::default()
            },
            read_only: false,
        };
        let seed = SmallRng::seed_from_u64(seed).random();
        let mut node = Node::new(settings, None, seed, clock.now());
        node.join(clock.now(), seeds);
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut ours = Ours {
            node,
            socket,
            clock,
        };
        let settled = if common::is_quick() {
            SETTLED / 5
        } else {
            SETTLED
        };
        time::timeout(settled, ours.run()).await.unwrap_err();
        while ours.node.poll_event().is_some() {}
        ours
    }

    pub(crate) async fn look_up(&mut self, torrent: &Torrent) -> (HashSet<SocketAddr>, Duration) {
        self.node.look_up(self.clock.now(), torrent.info_hash, None);
        let mut found = HashSet::new();
        loop {
            self.step().await;
            while let Some(event) = self.node.poll_event() {
                match event {
                    Event::Found(_, peers) => found.extend(peers),
                    Event::Ended(_, report) => return (found, report.duration),
                    _ => {}
                }
            }
        }
    }

    async fn run(&mut self) {
        loop {
            self.step().await;
        }
    }

    pub(crate) async fn step(&mut self) {
        while let Some(transmit) = self.node.poll_transmit() {
            let sent = self.socket.send_to(&transmit.bytes, transmit.to).await;
            sent.unwrap();
        }
        let mut buffer = [0; limits::DATAGRAM_BYTES];
        let due = self.clock.instant(self.node.poll_timeout());
        match time::timeout_at(due, self.socket.recv_from(&mut buffer)).await {
            Ok(received) => {
                let (length, from) = received.unwrap();
                let now = self.clock.now();
                self.node.handle_datagram(now, from, &buffer[..length]);
            }
            Err(_) => self.node.handle_timeout(self.clock.now()),
        }
    }
}
