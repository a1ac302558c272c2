//! Lookups over a thousand lab nodes on real loopback sockets: `cargo bench --bench dht
//! [-- SEED]` prints what ours find and cost. For tests/interop/dht_compare.py: with
//! `SEED --serve` the lab alone, which tells who has asked it what; with `SEED --search
//! ADDRESS...` ours alone, which looks up what standard input names.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/dht/citizen.rs"]
mod citizen;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bta::clock::Clock;
use bta::moment::Moment;
use bta::protocol::address::AddressPolicy;
use bta::protocol::address::IpFamily;
use bta::protocol::dht::krpc::{self, Body, Query};
use bta::protocol::dht::{Contact, Event, Node, NodeId, Settings, limits};
use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::{runtime, task, time};

use citizen::Citizen;

const SEED: u64 = 2015;
const NODES: u32 = 1_000;
const DEAD: usize = 100;
const TORRENTS: usize = 30;

/// For so long who joins has time to learn.
const SETTLED: Duration = Duration::from_secs(10);

/// What one sender asked, as the lab saw it.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    searches: u32,
    others: u32,
    /// When the first search came, and the last.
    between: Option<(Moment, Moment)>,
}

type Ledger = Rc<RefCell<HashMap<SocketAddr, Seen>>>;

/// A torrent, and the peers that live nodes store.
struct Torrent {
    info_hash: InfoHash,
    peers: HashSet<SocketAddr>,
}

struct Lab {
    bootstrap: Vec<SocketAddr>,
    torrents: Vec<Torrent>,
    ledger: Ledger,
    opened: Moment,
    _silent: Vec<UdpSocket>,
}

impl Lab {
    /// Nodes that have known each other for long, and of which some fell silent.
    async fn open(clock: Clock, seed: u64) -> Lab {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut nodes = Vec::new();
        for number in 0..NODES {
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
        let mut living = all.split_off(DEAD);
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
    fn seen(&self, port: u16) -> Seen {
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

/// Our own machine on a socket.
struct Ours {
    node: Node,
    socket: UdpSocket,
    clock: Clock,
}

impl Ours {
    async fn join(clock: Clock, seed: u64, seeds: &[SocketAddr]) -> Ours {
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
        time::timeout(SETTLED, ours.run()).await.unwrap_err();
        while ours.node.poll_event().is_some() {}
        ours
    }

    async fn look_up(&mut self, torrent: &Torrent) -> (HashSet<SocketAddr>, Duration) {
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

    async fn step(&mut self) {
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

/// What ours finds, and what the lab saw of it.
async fn measure(clock: Clock, seed: u64, lab: &Lab) {
    let mut ours = Ours::join(clock, seed, &lab.bootstrap).await;
    let port = ours.socket.local_addr().unwrap().port();
    println!(
        "joined: {:?}, {} nodes known",
        lab.seen(port),
        ours.node.known()
    );
    let (mut share, mut searches, mut asking, mut took) = (0.0, 0, Duration::ZERO, Duration::ZERO);
    for torrent in &lab.torrents {
        let (found, duration) = ours.look_up(torrent).await;
        let seen = lab.seen(port);
        share += torrent.peers.intersection(&found).count() as f64 / torrent.peers.len() as f64;
        searches += seen.searches;
        asking += seen.between.map_or(Duration::ZERO, |it| it.1.since(it.0));
        took += duration;
    }
    let count = lab.torrents.len() as f64;
    println!(
        "a lookup: {:.2} % found, {:.1} messages seen by live nodes, {:.2} s from first to last, {:.2} s in all",
        100.0 * share / count,
        f64::from(searches) / count,
        asking.as_secs_f64() / count,
        took.as_secs_f64() / count,
    );
}

/// A line is a port: what it has asked since it was named last.
async fn serve(lab: &Lab) {
    let torrents = lab.torrents.iter().map(|it| {
        let peers: Vec<_> = it.peers.iter().map(ToString::to_string).collect();
        json!({"info_hash": it.info_hash.to_string(), "peers": peers})
    });
    let torrents: Vec<_> = torrents.collect();
    println!(
        "{}",
        json!({"bootstrap": lab.bootstrap, "torrents": torrents})
    );
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        let seen = lab.seen(order.parse().unwrap());
        let between = seen.between.map(|(first, last)| [first, last]);
        let between = between.map(|it| it.map(|at| at.since(lab.opened).as_secs_f64()));
        println!(
            "{}",
            json!({"searches": seen.searches, "others": seen.others, "between": between})
        );
    }
}

/// Our port, then a line for each peer of a torrent that was asked for.
async fn search(clock: Clock, seed: u64, seeds: &[SocketAddr]) {
    let mut ours = Ours::join(clock, seed, seeds).await;
    println!("{}", ours.socket.local_addr().unwrap().port());
    let mut orders = orders();
    loop {
        tokio::select! {
            () = ours.step() => {}
            order = orders.recv() => match order {
                Some(order) => ours.node.look_up(clock.now(), order.parse().unwrap(), None),
                None => return,
            },
        }
        while let Some(event) = ours.node.poll_event() {
            if let Event::Found(info_hash, peers) = event {
                peers.iter().for_each(|it| println!("{info_hash} {it}"));
            }
        }
    }
}

/// The lines of standard input.
fn orders() -> mpsc::Receiver<String> {
    let (orders, received) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        while let Some(line) = lines.next()
            && orders.blocking_send(line).is_ok()
        {}
    });
    received
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let seed = arguments.iter().find_map(|it| it.parse().ok());
    let seed = seed.unwrap_or(SEED);
    let seeds: Vec<_> = arguments.iter().filter_map(|it| it.parse().ok()).collect();
    let has = |flag| arguments.iter().any(|it| it == flag);
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    task::LocalSet::new().block_on(&runtime.unwrap(), async {
        let clock = Clock::start();
        if has("--search") {
            return search(clock, seed, &seeds).await;
        }
        let lab = Lab::open(clock, seed).await;
        match has("--serve") {
            true => serve(&lab).await,
            false => measure(clock, seed, &lab).await,
        }
    });
}
