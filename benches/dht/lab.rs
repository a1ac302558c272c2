//! Nodes on sockets of their own that have known each other for long.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bta::clock::Clock;
use bta::moment::Moment;
use bta::protocol::dht::krpc::{self, Body, Query};
use bta::protocol::dht::{Contact, NodeId, limits};
use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use tokio::net::UdpSocket;
use tokio::{task, time};

use crate::citizen::{self, Citizen};

/// One of so many fell silent.
const DEAD: usize = 10;
const TORRENTS: usize = 30;

/// What one sender asked, as the lab saw it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub searches: u32,
    pub others: u32,
    /// When the first search came, and the last.
    pub between: Option<(Moment, Moment)>,
}

type Ledger = Rc<RefCell<HashMap<SocketAddr, Seen>>>;

/// A torrent, and the peers that live nodes store.
pub(crate) struct Torrent {
    pub info_hash: InfoHash,
    pub peers: HashSet<SocketAddr>,
}

pub(crate) struct Lab {
    pub bootstrap: Vec<SocketAddr>,
    pub torrents: Vec<Torrent>,
    ledger: Ledger,
    pub opened: Moment,
    _silent: Vec<UdpSocket>,
}

impl Lab {
    /// Nodes that have known each other for long, and of which some fell silent.
    pub(crate) async fn open(clock: Clock, seed: u64, nodes: u32) -> Lab {
        let mut rng = SmallRng::seed_from_u64(seed);
        let count = nodes;
        let mut nodes = Vec::new();
        for number in 0..count {
            let [_, _, high, low] = number.to_be_bytes();
            let socket = UdpSocket::bind(SocketAddr::from(([127, 1, high, low], 0)));
            let socket = socket.await.unwrap();
            let address = socket.local_addr().unwrap();
            let id = NodeId::random(&mut rng);
            nodes.push((Contact { id, address }, socket));
        }
        nodes.sort_by_key(|it| it.0.id);
        let names: Vec<_> = nodes.iter().map(|it| it.0).collect();
        let tables = citizen::tables(&names, &mut rng);
        let citizens = tables.into_iter().zip(&names);
        let citizens = citizens.map(|(known, own)| Citizen::new(own.id, known));
        let mut all: Vec<_> = nodes.into_iter().zip(citizens).collect();
        all.shuffle(&mut rng);
        let mut living = all.split_off(count as usize / DEAD);
        let bootstrap = living.iter().take(3).map(|it| it.0.0.address).collect();
        let torrents = (0..TORRENTS).map(|number| 1 + number * 99 / (TORRENTS - 1));
        let torrents = torrents
            .map(|peers| store(&mut living, peers, &mut rng))
            .collect();
        let ledger = Ledger::default();
        for ((_, socket), citizen) in living {
            let delay = Duration::from_millis(rng.random_range(20..100));
            task::spawn_local(live(socket, citizen, delay, ledger.clone(), clock));
        }
        Lab {
            bootstrap,
            torrents,
            ledger,
            opened: clock.now(),
            _silent: all.into_iter().map(|it| it.0.1).collect(),
        }
    }

    /// What a sender has asked since this was asked for last.
    pub(crate) fn seen(&self, port: u16) -> Seen {
        let mut ledger = self.ledger.borrow_mut();
        let of_it: Vec<_> = ledger.keys().filter(|it| it.port() == port).collect();
        let of_it: Vec<_> = of_it.into_iter().copied().collect();
        let seen = of_it.iter().filter_map(|it| ledger.remove(it));
        seen.max_by_key(|it| it.searches).unwrap_or_default()
    }
}

/// Peers on one or more of the closest nodes that live.
fn store(
    living: &mut [((Contact, UdpSocket), Citizen)],
    peers: usize,
    rng: &mut SmallRng,
) -> Torrent {
    let info_hash = InfoHash(rng.random());
    living.sort_by_key(|it| NodeId::from(info_hash).distance(it.1.id));
    let closest: Vec<_> = (0..limits::K.min(living.len())).collect();
    let peer = |number| SocketAddr::from(([127, 200, 0, number], 6_881));
    let peers: HashSet<_> = (1..=peers as u8).map(peer).collect();
    for peer in &peers {
        let copies = rng.random_range(1..=closest.len());
        for at in closest.choose_multiple(rng, copies) {
            let stored = living[*at].1.peers.entry(info_hash).or_default();
            stored.push(*peer);
        }
    }
    Torrent { info_hash, peers }
}

/// Answers, after the time of a way to and fro.
async fn live(socket: UdpSocket, citizen: Citizen, delay: Duration, ledger: Ledger, clock: Clock) {
    let socket = Rc::new(socket);
    let mut buffer = [0; limits::DATAGRAM_BYTES];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let bytes = &buffer[..length];
        if let Ok(message) = krpc::read(bytes)
            && let Body::Query(_, query) = message.body
        {
            let mut ledger = ledger.borrow_mut();
            let seen = ledger.entry(from).or_default();
            if matches!(query, Query::GetPeers(..)) {
                seen.searches += 1;
                let first = seen.between.map_or(clock.now(), |it| it.0);
                seen.between = Some((first, clock.now()));
            } else {
                seen.others += 1;
            }
        }
        if let Some(answer) = citizen.answer(from, bytes) {
            let socket = socket.clone();
            task::spawn_local(async move {
                time::sleep(delay).await;
                socket.send_to(&answer, from).await
            });
        }
    }
}
