//! Nodes of the DHT on a network in virtual time: our own machine among thousands of
//! citizens and liars, or a crowd of our own machines.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use bta::moment::Moment;
use bta::protocol::address::{AddressPolicy, IpFamily};
use bta::protocol::dht::{Contact, Event, LookupReport, Node, NodeId, Settings, limits};
use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use crate::citizen::{self, Citizen};
use crate::liar::{Crowd, Liar, Lie};

const START: Moment = Moment::from_millis(1_772_365_200_000);

/// What a network is made of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    /// Nodes, but for the observer.
    pub nodes: usize,
    /// In percent: nodes that fell silent after the tables were filled.
    pub dead: usize,
    /// In percent: nodes that lie.
    pub liars: usize,
    /// How they do, in turn.
    pub lies: Vec<Lie>,
    /// In percent: datagrams that are lost.
    pub lost: u64,
    /// All live on loopback, where a node may bear any name.
    pub is_local: bool,
}

impl Default for Plan {
    /// Everybody is honest and alive, nothing is lost.
    fn default() -> Self {
        Plan {
            seed: 2015,
            nodes: 2_000,
            dead: 0,
            liars: 0,
            lies: Lie::ALL.to_vec(),
            lost: 0,
            is_local: false,
        }
    }
}

enum Inhabitant {
    Ours(Box<Node>),
    Citizen(Citizen),
    Liar(Liar),
}

pub(crate) struct World {
    plan: Plan,
    now: Moment,
    rng: SmallRng,
    inhabitants: HashMap<SocketAddr, Inhabitant>,
    /// When each of our machines wants to be woken.
    alarms: BTreeSet<(Moment, SocketAddr)>,
    alarm_of: HashMap<SocketAddr, Moment>,
    /// What is under way: by time of arrival, then by order.
    letters: BTreeMap<(Moment, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    sent: u64,
    observer: SocketAddr,
    events: Vec<Event>,
    honest: Vec<SocketAddr>,
    liars: Vec<SocketAddr>,
    /// All that are alive, with the names by which honest nodes know them.
    alive: Vec<Contact>,
}

/// An address where nobody is yet.
fn address(rng: &mut SmallRng, is_local: bool) -> SocketAddr {
    loop {
        let mut ip = rng.random::<[u8; 4]>();
        if is_local {
            ip[0] = 127;
        }
        let address = SocketAddr::from((ip, rng.random_range(1_024..u16::MAX)));
        if policy(is_local).permits(address) {
            return address;
        }
    }
}

fn policy(is_local: bool) -> AddressPolicy {
    AddressPolicy {
        allow_local: is_local,
        ..AddressPolicy::default()
    }
}

impl World {
    /// Citizens and liars who have known each other for long; some of them die, and then
    /// the observer joins.
    pub(crate) fn of_citizens(plan: Plan) -> World {
        let mut world = World::empty(plan);
        let mut nodes: Vec<Contact> = (0..world.plan.nodes)
            .map(|_| {
                let address = address(&mut world.rng, world.plan.is_local);
                let id = NodeId::for_address(address.ip(), &mut world.rng);
                Contact { id, address }
            })
            .collect();
        nodes.sort_by_key(|it| it.id);
        let tables = citizen::tables(&nodes, &mut world.rng);
        let parts = [world.plan.liars, world.plan.dead].map(|it| it * nodes.len() / 100);
        let mut all: Vec<_> = nodes.into_iter().zip(tables).collect();
        all.shuffle(&mut world.rng);
        for (number, (own, known)) in all.into_iter().enumerate() {
            if number < parts[0] {
                let lie = world.plan.lies[number % world.plan.lies.len()];
                let liar = Inhabitant::Liar(Liar { lie, own });
                world.inhabitants.insert(own.address, liar);
                world.liars.push(own.address);
            } else if number >= parts[0] + parts[1] {
                let citizen = Inhabitant::Citizen(Citizen::new(own.id, known));
                world.inhabitants.insert(own.address, citizen);
                world.honest.push(own.address);
            } else {
                continue;
            }
            world.alive.push(own);
        }
        world.settle_in(world.observer);
        world.pass(Duration::from_secs(60));
        world
    }

    /// Our own machines, which have found each other one after the other.
    pub(crate) fn of_ours(plan: Plan) -> World {
        let mut world = World::empty(plan);
        world.settle_in(world.observer);
        for _ in 0..world.plan.nodes {
            let at = address(&mut world.rng, world.plan.is_local);
            world.settle_in(at);
        }
        world.pass(Duration::from_secs(60));
        world
    }

    fn empty(plan: Plan) -> World {
        println!("{plan:?}");
        let mut rng = SmallRng::seed_from_u64(plan.seed);
        World {
            now: START,
            inhabitants: HashMap::new(),
            alarms: BTreeSet::new(),
            alarm_of: HashMap::new(),
            letters: BTreeMap::new(),
            sent: 0,
            observer: address(&mut rng, plan.is_local),
            events: Vec::new(),
            honest: Vec::new(),
            liars: Vec::new(),
            alive: Vec::new(),
            rng,
            plan,
        }
    }

    /// A machine of ours joins by some that are there, honest or not.
    fn settle_in(&mut self, at: SocketAddr) {
        let settings = Settings {
            family: IpFamily::V4,
            policy: policy(self.plan.is_local),
            read_only: false,
        };
        let mut node = Node::new(settings, None, self.rng.random(), self.now);
        let present: Vec<_> = self.honest.iter().chain(&self.liars).copied().collect();
        let seeds: Vec<_> = present.choose_multiple(&mut self.rng, 3).copied().collect();
        node.join(self.now, &seeds);
        self.inhabitants
            .insert(at, Inhabitant::Ours(Box::new(node)));
        self.honest.push(at);
        self.empty_out(at);
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
            self.alarm_of.remove(&at);
            if let Some(Inhabitant::Ours(node)) = self.inhabitants.get_mut(&at) {
                node.handle_timeout(self.now);
            }
            self.empty_out(at);
        }
        true
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let answer = match self.inhabitants.get_mut(&to) {
            Some(Inhabitant::Ours(node)) => {
                node.handle_datagram(self.now, from, bytes);
                return self.empty_out(to);
            }
            Some(Inhabitant::Citizen(citizen)) => citizen.answer(from, bytes),
            Some(Inhabitant::Liar(liar)) => {
                let crowd = Crowd {
                    fellows: &self.liars,
                    honest: &self.honest,
                    nobody: address,
                    is_local: self.plan.is_local,
                };
                liar.answer(from, bytes, &crowd, &mut self.rng)
            }
            None => None,
        };
        if let Some(answer) = answer {
            self.send(to, from, answer);
        }
    }

    /// Sends what a machine of ours has to send, and sets its alarm.
    fn empty_out(&mut self, at: SocketAddr) {
        let Some(Inhabitant::Ours(node)) = self.inhabitants.get_mut(&at) else {
            return;
        };
        let transmits: Vec<_> = std::iter::from_fn(|| node.poll_transmit()).collect();
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
        for transmit in transmits {
            self.send(at, transmit.to, transmit.bytes);
        }
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if self.rng.random_range(0..100) < self.plan.lost {
            return;
        }
        self.sent += 1;
        let arrives = self.now + Duration::from_millis(self.rng.random_range(20..200));
        self.letters.insert((arrives, self.sent), (from, to, bytes));
    }

    /// Peers that are stored on some of the honest nodes among the closest that live.
    pub(crate) fn store(&mut self, peers: usize) -> (InfoHash, HashSet<SocketAddr>) {
        let torrent = InfoHash(self.rng.random());
        let target = NodeId::from(torrent);
        let mut closest = self.alive.clone();
        closest.sort_by_cached_key(|it| target.distance(it.id));
        closest.truncate(limits::K);
        let honest = |it: &Contact| !self.liars.contains(&it.address);
        let honest: Vec<_> = closest.into_iter().filter(honest).collect();
        let mut stored = HashSet::new();
        for _ in 0..peers {
            let peer = address(&mut self.rng, self.plan.is_local);
            let count = self.rng.random_range(1..=honest.len().max(1));
            for at in honest.choose_multiple(&mut self.rng, count) {
                if let Some(Inhabitant::Citizen(it)) = self.inhabitants.get_mut(&at.address) {
                    it.peers.entry(torrent).or_default().push(peer);
                    stored.insert(peer);
                }
            }
        }
        (torrent, stored)
    }

    /// What the observer finds.
    pub(crate) fn look_up(&mut self, torrent: InfoHash) -> (HashSet<SocketAddr>, LookupReport) {
        self.events.clear();
        if let Some(Inhabitant::Ours(node)) = self.inhabitants.get_mut(&self.observer) {
            node.look_up(self.now, torrent, None);
        }
        self.empty_out(self.observer);
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
        let tables = self
            .honest
            .iter()
            .filter_map(|it| match &self.inhabitants[it] {
                Inhabitant::Ours(node) => Some(node.known()),
                _ => None,
            });
        tables.min().unwrap_or_default()
    }
}
