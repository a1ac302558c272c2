//! Nodes of the DHT on a network in virtual time. Honest nodes are our own machine;
//! liars answer everybody with what serves them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bta::moment::Moment;
use bta::protocol::address::{AddressPolicy, IpFamily};
use bta::protocol::dht::krpc::{self, Answer, Body, Query};
use bta::protocol::dht::{Contact, Event, LookupReport, Node, NodeId, Settings, limits};
use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const START: Moment = Moment::from_millis(1_772_365_200_000);

/// How much of the network is bad, in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Nodes that fell silent after the tables were filled.
    pub dead: u64,
    /// Nodes that lie.
    pub liars: u64,
    /// Datagrams that are lost.
    pub lost: u64,
}

enum Inhabitant {
    Honest(Box<Node>),
    /// Names fellows and the dead as closest to whatever is asked for, and peers that
    /// are none.
    Liar,
    Dead,
}

pub(crate) struct World {
    now: Moment,
    rng: SmallRng,
    nodes: HashMap<SocketAddr, Inhabitant>,
    /// When each honest node wants to be woken.
    alarms: BTreeSet<(Moment, SocketAddr)>,
    alarm_of: HashMap<SocketAddr, Moment>,
    /// What is under way: by time of arrival, then by order.
    letters: BTreeMap<(Moment, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    sent: u64,
    lost: u64,
    observer: SocketAddr,
    events: Vec<Event>,
    /// Torrent, honest node, peers that were stored there.
    announced: HashMap<InfoHash, HashSet<SocketAddr>>,
    honest: Vec<SocketAddr>,
    liars: Vec<SocketAddr>,
}

/// A public address.
fn address(rng: &mut SmallRng) -> SocketAddr {
    loop {
        let ip = Ipv4Addr::from(rng.random::<u32>());
        let address = SocketAddr::from((ip, rng.random_range(1_024..u16::MAX)));
        if AddressPolicy::default().permits(address) {
            return address;
        }
    }
}

impl World {
    /// So many nodes, which have found each other beginning with one; then some fall
    /// silent.
    pub(crate) fn new(seed: u64, count: usize, share: Share) -> World {
        let mut rng = SmallRng::seed_from_u64(seed);
        println!("seed {seed}");
        let observer = address(&mut rng);
        let mut world = World {
            now: START,
            nodes: HashMap::new(),
            alarms: BTreeSet::new(),
            alarm_of: HashMap::new(),
            letters: BTreeMap::new(),
            sent: 0,
            lost: share.lost,
            observer,
            events: Vec::new(),
            announced: HashMap::new(),
            honest: Vec::new(),
            liars: Vec::new(),
            rng,
        };
        world.settle_in(observer);
        for number in 1..count {
            let at = address(&mut world.rng);
            if number as u64 * 100 < share.liars * count as u64 {
                world.nodes.insert(at, Inhabitant::Liar);
                world.liars.push(at);
            } else {
                world.settle_in(at);
            }
        }
        world.pass(Duration::from_secs(60));
        let dying: Vec<_> = world
            .honest
            .iter()
            .copied()
            .filter(|it| *it != observer)
            .collect();
        let number = count * share.dead as usize / 100;
        for at in dying.choose_multiple(&mut world.rng.clone(), number) {
            world.nodes.insert(*at, Inhabitant::Dead);
            world.alarms.retain(|it| it.1 != *at);
            world.honest.retain(|it| it != at);
        }
        world
    }

    /// A new honest node joins by one that is there, honest or not.
    fn settle_in(&mut self, at: SocketAddr) {
        let settings = Settings {
            family: IpFamily::V4,
            policy: AddressPolicy::default(),
            read_only: false,
        };
        let mut node = Node::new(settings, None, self.rng.random(), self.now);
        let present: Vec<_> = self.honest.iter().chain(&self.liars).copied().collect();
        let seeds: Vec<_> = present.choose_multiple(&mut self.rng, 3).copied().collect();
        node.join(self.now, &seeds);
        self.nodes.insert(at, Inhabitant::Honest(Box::new(node)));
        self.honest.push(at);
        self.empty(at);
        self.pass(Duration::from_millis(100));
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
        self.now = end;
    }

    /// The next thing that happens before `end`.
    fn step(&mut self, end: Moment) -> bool {
        let letter = self.letters.first_key_value().map(|it| it.0.0);
        let alarm = self.alarms.first().map(|it| it.0);
        let next = letter.into_iter().chain(alarm).min();
        let Some(next) = next.filter(|it| *it <= end) else {
            return false;
        };
        self.now = next.max(self.now);
        if letter == Some(next) {
            let (_, (from, to, bytes)) = self.letters.pop_first().unwrap();
            self.deliver(from, to, &bytes);
        } else {
            let (_, at) = self.alarms.pop_first().unwrap();
            if let Some(Inhabitant::Honest(node)) = self.nodes.get_mut(&at) {
                node.handle_timeout(self.now);
            }
            self.empty(at);
        }
        true
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        match self.nodes.get_mut(&to) {
            Some(Inhabitant::Honest(node)) => {
                node.handle_datagram(self.now, from, bytes);
                self.empty(to);
            }
            Some(Inhabitant::Liar) => self.lie(from, to, bytes),
            Some(Inhabitant::Dead) | None => {}
        }
    }

    /// Sends what a node has to send, and sets its alarm.
    fn empty(&mut self, at: SocketAddr) {
        let mut out = Vec::new();
        if let Some(Inhabitant::Honest(node)) = self.nodes.get_mut(&at) {
            while let Some(transmit) = node.poll_transmit() {
                out.push(transmit);
            }
            while let Some(event) = node.poll_event() {
                if at == self.observer {
                    self.events.push(event);
                }
            }
            let due = node.poll_timeout().max(self.now + Duration::from_millis(1));
            if let Some(before) = self.alarm_of.insert(at, due) {
                self.alarms.remove(&(before, at));
            }
            self.alarms.insert((due, at));
        }
        for transmit in out {
            self.send(at, transmit.to, transmit.bytes);
        }
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if self.rng.random_range(0..100) < self.lost {
            return;
        }
        self.sent += 1;
        let arrives = self.now + Duration::from_millis(self.rng.random_range(20..200));
        self.letters.insert((arrives, self.sent), (from, to, bytes));
    }

    /// A liar calls itself, its fellows and honest nodes what brings them close to
    /// whatever is asked for, and invents peers.
    fn lie(&mut self, from: SocketAddr, at: SocketAddr, bytes: &[u8]) {
        let Ok(krpc::Message {
            body: Body::Query(_, query),
            transaction,
            ..
        }) = krpc::read(bytes)
        else {
            return;
        };
        let target = match query {
            Query::FindNode(target, _) => target,
            Query::GetPeers(info_hash, _) => info_hash.into(),
            _ => NodeId::random(&mut self.rng),
        };
        let near = |rng: &mut SmallRng| {
            let bits = rng.random_range(12..60);
            target.random_at(bits, rng)
        };
        let mut named: Vec<_> = self
            .liars
            .choose_multiple(&mut self.rng, 5)
            .copied()
            .collect();
        named.extend(self.honest.choose_multiple(&mut self.rng, 2));
        named.push(address(&mut self.rng));
        let nodes = named.into_iter().map(|address| Contact {
            id: near(&mut self.rng),
            address,
        });
        let answer = Answer {
            nodes: Some(nodes.collect()),
            peers: (0..5).map(|_| address(&mut self.rng)).collect(),
            token: Some(vec![6; 4]),
            ..Answer::default()
        };
        let id = near(&mut self.rng);
        let bytes = krpc::write_answer(&transaction, id, from, &answer);
        self.send(at, from, bytes);
    }

    /// Peers announce themselves where they belong: to the closest of all nodes.
    pub(crate) fn store(&mut self, number: u8, peers: usize) -> InfoHash {
        let mut hash = [0; 20];
        self.rng.fill(&mut hash);
        hash[19] = number;
        let torrent = InfoHash(hash);
        let closest = self.closest(torrent);
        let mut announced = HashSet::new();
        for _ in 0..peers {
            let peer = address(&mut self.rng);
            for at in &closest {
                if self.announce(*at, peer, torrent) {
                    announced.insert(peer);
                }
            }
        }
        self.announced.insert(torrent, announced);
        torrent
    }

    /// Straight into the node: the network is not what is tried here. Whether it has
    /// the peer now.
    fn announce(&mut self, at: SocketAddr, peer: SocketAddr, info_hash: InfoHash) -> bool {
        let Some(Inhabitant::Honest(node)) = self.nodes.get_mut(&at) else {
            return false;
        };
        let id = NodeId::random(&mut self.rng);
        let ask = Query::GetPeers(info_hash, krpc::Want::default());
        let tell = |token| Query::AnnouncePeer {
            info_hash,
            port: None,
            token,
            seed: false,
        };
        let mut token = None;
        for _ in 0..2 {
            let query = token.clone().map_or_else(|| ask.clone(), tell);
            let bytes = krpc::write_query(b"st", id, IpFamily::V4, &query, true);
            node.handle_datagram(self.now, peer, &bytes);
            while let Some(transmit) = node.poll_transmit() {
                if let Ok(message) = krpc::read(&transmit.bytes)
                    && let Body::Answer(heard) = message.body
                {
                    token = heard.token.or(token);
                }
            }
        }
        // Within what a node answers in a second.
        self.now = self.now + Duration::from_millis(25);
        token.is_some()
    }

    /// The nodes that live closest to a torrent, by the names that they bear.
    fn closest(&self, torrent: InfoHash) -> Vec<SocketAddr> {
        let target = NodeId::from(torrent);
        let mut all: Vec<_> = self
            .honest
            .iter()
            .filter(|it| **it != self.observer)
            .collect();
        all.sort_by_key(|it| self.id(**it).map(|id| target.distance(id)));
        all.into_iter().take(limits::K).copied().collect()
    }

    fn id(&self, at: SocketAddr) -> Option<NodeId> {
        match self.nodes.get(&at) {
            Some(Inhabitant::Honest(node)) => Some(node.id()),
            _ => None,
        }
    }

    pub(crate) fn stored_by_the_closest(&self, torrent: InfoHash) -> HashSet<SocketAddr> {
        self.announced[&torrent].clone()
    }

    /// What the observer finds.
    pub(crate) fn look_up(&mut self, torrent: InfoHash) -> (HashSet<SocketAddr>, LookupReport) {
        self.events.clear();
        if let Some(Inhabitant::Honest(node)) = self.nodes.get_mut(&self.observer) {
            node.look_up(self.now, torrent, None);
        }
        self.empty(self.observer);
        let mut found = HashSet::new();
        let end = self.now + Duration::from_secs(120);
        while self.step(end) {
            for event in std::mem::take(&mut self.events) {
                match event {
                    Event::Found(_, peers) => found.extend(peers),
                    Event::Ended(_, report) => return (found, report),
                    _ => {}
                }
            }
        }
        panic!("the lookup never ends");
    }

    pub(crate) fn smallest_table(&self) -> usize {
        let tables = self.honest.iter().filter_map(|it| match &self.nodes[it] {
            Inhabitant::Honest(node) => Some(node.known()),
            _ => None,
        });
        tables.min().unwrap_or_default()
    }
}
