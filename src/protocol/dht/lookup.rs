//! One search for the nodes closest to a name, and for the peers that they store.
//!
//! It goes on until the closest nodes that live have all answered, not until the
//! first answer; and, beside the closest of all, the closest whose names suit their
//! addresses (BEP 42): liars may crowd around a name, but they cannot choose it.
//! What a node says of others is only a hint: a node counts where its own answer
//! puts it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::contact::{Contact, Neighbourhood};
use super::krpc::Heard;
use super::limits;
use super::node_id::{Distance, NodeId};
use crate::moment::Moment;
use crate::protocol::address::AddressPolicy;
use crate::protocol::info_hash::InfoHash;

/// What a lookup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The nodes alone: to fill the table.
    Nodes,
    /// The peers of a torrent.
    Peers(InfoHash),
    /// The same, and then to announce that we have a port there.
    Announce(InfoHash, u16),
}

impl Goal {
    /// The torrent whose peers are looked for.
    pub fn info_hash(self) -> Option<InfoHash> {
        match self {
            Goal::Nodes => None,
            Goal::Peers(info_hash) | Goal::Announce(info_hash, _) => Some(info_hash),
        }
    }
}

/// How a lookup went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupReport {
    /// When it began.
    pub begun: Moment,
    /// From its first question to its end.
    pub duration: Duration,
    /// Nodes asked.
    pub asked: u32,
    /// Of these, nodes that answered.
    pub answered: u32,
    /// Peers found, each once.
    pub peers: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    New,
    Asked,
    /// It may still answer, but its place is another's.
    Late,
    Answered(Option<Vec<u8>>),
    Failed,
}

#[derive(Clone, Debug)]
struct Named {
    id: NodeId,
    /// Its name suits its address (BEP 42).
    suits: bool,
    state: State,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Lookup {
    goal: Goal,
    target: NodeId,
    /// Addresses without a name, to begin with.
    seeds: Vec<SocketAddr>,
    /// Seeds that were asked, and answers that are awaited of them.
    seeds_asked: HashSet<SocketAddr>,
    nodes: BTreeMap<(Distance, SocketAddr), Named>,
    /// Addresses that were asked, or are not to be.
    asked_addresses: HashSet<SocketAddr>,
    neighbourhoods: HashSet<Neighbourhood>,
    in_flight: usize,
    asked: u32,
    unsuiting: u32,
    answered: u32,
    peers: HashSet<SocketAddr>,
    begun: Moment,
}

impl Lookup {
    /// A search that begins with these nodes, and with these addresses of nodes whose
    /// names are unknown.
    pub fn new(
        now: Moment,
        goal: Goal,
        target: NodeId,
        nodes: impl IntoIterator<Item = Contact>,
        seeds: Vec<SocketAddr>,
    ) -> Self {
        let mut lookup = Lookup {
            goal,
            target,
            seeds,
            seeds_asked: HashSet::new(),
            nodes: BTreeMap::new(),
            asked_addresses: HashSet::new(),
            neighbourhoods: HashSet::new(),
            in_flight: 0,
            asked: 0,
            unsuiting: 0,
            answered: 0,
            peers: HashSet::new(),
            begun: now,
        };
        nodes.into_iter().for_each(|it| lookup.add(it));
        lookup
    }

    /// What it is for.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The name that it looks for.
    pub fn target(&self) -> NodeId {
        self.target
    }

    /// Whom to ask next; none: wait for answers, or it is over.
    pub fn next_question(&mut self) -> Option<SocketAddr> {
        if self.in_flight >= limits::ALPHA || self.asked >= limits::LOOKUP_QUERIES {
            return None;
        }
        while let Some(seed) = self.seeds.pop() {
            if self.asked_addresses.insert(seed) {
                self.seeds_asked.insert(seed);
                return Some(self.count(seed));
            }
        }
        let wanted = self.wanted();
        for key in wanted {
            let address = key.1;
            let fresh = self.may_ask(address);
            let node = self.nodes.get_mut(&key)?;
            if fresh && (node.suits || self.unsuiting < limits::LOOKUP_UNSUITING) {
                self.unsuiting += u32::from(!node.suits);
                node.state = State::Asked;
                return Some(self.count(address));
            }
            node.state = State::Failed;
        }
        None
    }

    /// A node that was to be asked is to be asked later.
    pub fn put_back(&mut self, address: SocketAddr) {
        self.left(address);
        self.asked = self.asked.saturating_sub(1);
        self.asked_addresses.remove(&address);
        self.neighbourhoods.remove(&Neighbourhood::of(address.ip()));
        if self.seeds_asked.remove(&address) {
            self.seeds.push(address);
        }
        self.set(address, State::New);
    }

    /// A node that was to be asked cannot be, or owes its answer for good.
    pub fn failed(&mut self, address: SocketAddr) {
        self.left(address);
        self.seeds_asked.remove(&address);
        self.set(address, State::Failed);
    }

    /// A node owes its answer for a while: another may be asked instead.
    pub fn late(&mut self, address: SocketAddr) {
        self.left(address);
        self.seeds_asked.remove(&address);
        self.set(address, State::Late);
    }

    /// A node has answered. Returns the peers that are news.
    pub fn answered(
        &mut self,
        address: SocketAddr,
        heard: &Heard,
        nodes: &[Contact],
        policy: &AddressPolicy,
    ) -> Vec<SocketAddr> {
        self.left(address);
        self.seeds_asked.remove(&address);
        self.answered += 1;
        // It counts where its own name puts it, whatever was said of it.
        self.nodes.retain(|key, _| key.1 != address);
        let contact = Contact {
            id: heard.id,
            address,
        };
        self.insert(contact, State::Answered(heard.token.clone()));
        for node in nodes.iter().filter(|it| policy.permits(it.address)) {
            self.add(*node);
        }
        let room = limits::LOOKUP_PEERS.saturating_sub(self.peers.len());
        let new = heard.peers.iter().filter(|it| policy.permits(**it));
        let new: Vec<_> = new
            .filter(|it| !self.peers.contains(it))
            .take(room)
            .copied()
            .collect();
        self.peers.extend(&new);
        new
    }

    /// Whether nothing is left to ask or to wait for.
    pub fn is_over(&self) -> bool {
        if self.asked >= limits::LOOKUP_QUERIES {
            return self.in_flight == 0;
        }
        let all_asked = self.seeds.is_empty() && self.seeds_asked.is_empty();
        all_asked && self.awaited().next().is_none()
    }

    /// The closest nodes that have answered, with their tokens, the closest first.
    pub fn closest(&self) -> impl Iterator<Item = (Contact, Option<&[u8]>)> {
        let answered = self.nodes.iter().filter_map(|(key, node)| {
            let State::Answered(token) = &node.state else {
                return None;
            };
            let contact = Contact {
                id: node.id,
                address: key.1,
            };
            Some((contact, token.as_deref()))
        });
        answered.take(limits::K)
    }

    /// How it went until now.
    pub fn report(&self, now: Moment) -> LookupReport {
        LookupReport {
            begun: self.begun,
            duration: now.since(self.begun),
            asked: self.asked,
            answered: self.answered,
            peers: self.peers.len() as u32,
        }
    }

    fn add(&mut self, contact: Contact) {
        let key = (self.target.distance(contact.id), contact.address);
        if self.asked_addresses.contains(&contact.address) || self.nodes.contains_key(&key) {
            return;
        }
        self.insert(contact, State::New);
        if self.nodes.len() > limits::LOOKUP_NODES {
            self.nodes.pop_last();
        }
    }

    fn insert(&mut self, contact: Contact, state: State) {
        let Contact { id, address } = contact;
        let suits = id.suits(address.ip());
        let key = (self.target.distance(id), address);
        self.nodes.insert(key, Named { id, suits, state });
    }

    /// Nodes that have not answered, of the closest and of the closest whose names suit;
    /// the closest first.
    fn awaited(&self) -> impl Iterator<Item = (&(Distance, SocketAddr), &State)> {
        let (mut all, mut suiting) = (0, 0);
        let alive = self.nodes.iter();
        let alive = alive.filter(|(_, node)| node.state != State::Failed);
        let wanted = alive.map_while(move |(key, node)| {
            if all >= limits::K && suiting >= limits::K {
                return None;
            }
            let is_wanted = all < limits::K || node.suits;
            // One that is late is passed over, and another one takes its place.
            if node.state != State::Late {
                all += 1;
                suiting += usize::from(node.suits);
            }
            Some(is_wanted.then_some((key, &node.state)))
        });
        wanted
            .flatten()
            .filter(|(_, state)| !matches!(state, State::Answered(_)))
    }

    fn wanted(&self) -> Vec<(Distance, SocketAddr)> {
        let new = self.awaited().filter(|(_, state)| **state == State::New);
        new.map(|(key, _)| *key).collect()
    }

    /// One address is asked once, and of each network one address; in a lab all
    /// addresses may be of one.
    fn may_ask(&mut self, address: SocketAddr) -> bool {
        let public = AddressPolicy::default().permits_ip(address.ip());
        let network = Neighbourhood::of(address.ip());
        self.asked_addresses.insert(address) && (!public || self.neighbourhoods.insert(network))
    }

    fn count(&mut self, address: SocketAddr) -> SocketAddr {
        self.asked += 1;
        self.in_flight += 1;
        address
    }

    /// It no longer takes the place of a question under way.
    fn left(&mut self, address: SocketAddr) {
        let asked = |(key, node): (&(Distance, SocketAddr), &Named)| {
            key.1 == address && node.state == State::Asked
        };
        if self.seeds_asked.contains(&address) || self.nodes.iter().any(asked) {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    fn set(&mut self, address: SocketAddr, to: State) {
        let nodes = self.nodes.iter_mut().filter(|(key, _)| key.1 == address);
        for (_, node) in nodes {
            if matches!(node.state, State::Asked | State::Late) {
                node.state = to.clone();
            }
        }
    }
}
