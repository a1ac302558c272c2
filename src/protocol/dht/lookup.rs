//! One search for the nodes closest to a name, and for the peers that they store.
//!
//! It goes on until the closest nodes that live have all answered, not until the
//! first answer; and, beside the closest of all, the closest sound ones: liars may
//! crowd around a name, but they must not hide those who belong there. A name is sound
//! if it suits its address (BEP 42: it was not chosen) and if it was told by a node that
//! is believed. Where all names suit, in a lab, only this stands against liars: who
//! answers by another name than the one that it was asked by is not believed. What a
//! node says of others is a hint: a node counts where its own answer puts it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::contact::{Contact, Neighbourhood};
use super::krpc::Heard;
use super::limits;
use super::node_id::{Distance, NodeId};
use crate::moment::Moment;
use crate::protocol::address::{AddressPolicy, is_global};
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
    /// Questions to nodes.
    pub asked: u32,
    /// Nodes that answered.
    pub answered: u32,
    /// Peers found, each once.
    pub peers: u32,
}

/// How far we are with an address; one without a state was not asked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It was asked, under this name if it was known by one.
    Asked(Option<NodeId>),
    /// It may still answer, but its place is another's.
    Late(Option<NodeId>),
    /// By this name, with this token.
    Answered(NodeId, Option<Vec<u8>>),
    Failed,
}

/// A node under one of the names that it was given.
#[derive(Clone, Copy, Debug)]
struct Named {
    id: NodeId,
    /// The name suits the address (BEP 42).
    suits: bool,
    /// Who named it so is believed.
    vouched: bool,
}

impl Named {
    /// No chosen name, as far as can be known.
    fn is_sound(self) -> bool {
        self.suits && self.vouched
    }
}

/// A node that has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached<'a> {
    /// By its own name.
    pub contact: Contact,
    /// What permits to announce there.
    pub token: Option<&'a [u8]>,
    /// Who named it so is believed: the next lookup may begin with it.
    pub is_believed: bool,
}

type Key = (Distance, SocketAddr);

/// One search.
#[derive(Clone, Debug)]
pub struct Lookup {
    goal: Goal,
    target: NodeId,
    /// Addresses without a name, to begin with.
    seeds: Vec<SocketAddr>,
    /// The closest first: no more than [`limits::LOOKUP_QUERIES`] nodes can name.
    nodes: BTreeMap<Key, Named>,
    states: HashMap<SocketAddr, State>,
    /// Addresses that were asked twice.
    repeated: HashSet<SocketAddr>,
    neighbourhoods: HashSet<Neighbourhood>,
    in_flight: usize,
    seeds_awaited: usize,
    asked: u32,
    doubted: u32,
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
            nodes: BTreeMap::new(),
            states: HashMap::new(),
            repeated: HashSet::new(),
            neighbourhoods: HashSet::new(),
            in_flight: 0,
            seeds_awaited: 0,
            asked: 0,
            doubted: 0,
            answered: 0,
            peers: HashSet::new(),
            begun: now,
        };
        nodes.into_iter().for_each(|it| lookup.add(it, true));
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
            if !self.states.contains_key(&seed) {
                self.seeds_awaited += 1;
                return Some(self.asks(seed, None));
            }
        }
        while let Some((key, node)) = self.next_new() {
            let address = key.1;
            let may_doubt = self.doubted < limits::LOOKUP_DOUBTED;
            if (node.is_sound() || may_doubt) && self.is_new_network(address) {
                self.doubted += u32::from(!node.is_sound());
                return Some(self.asks(address, Some(node.id)));
            }
            // Under another name it may still be asked.
            self.nodes.remove(&key);
        }
        let (address, name) = self.next_lost()?;
        self.repeated.insert(address);
        Some(self.asks(address, Some(name)))
    }

    /// A node that was to be asked is to be asked later.
    pub fn put_back(&mut self, address: SocketAddr) {
        let asked = self.leave(address);
        self.states.remove(&address);
        self.asked = self.asked.saturating_sub(1);
        self.neighbourhoods.remove(&Neighbourhood::of(address.ip()));
        if asked == Some(None) {
            self.seeds.push(address);
        }
    }

    /// A node that was to be asked cannot be, or owes its answer for good.
    pub fn failed(&mut self, address: SocketAddr) {
        if self.leave(address).is_some() {
            self.states.insert(address, State::Failed);
        }
    }

    /// A node owes its answer for a while: another may be asked instead.
    pub fn late(&mut self, address: SocketAddr) {
        let Some(name) = self.leave(address) else {
            return;
        };
        self.states.insert(address, State::Late(name));
        if name.is_none() && self.repeated.insert(address) {
            self.states.remove(&address);
            self.seeds.push(address);
        }
    }

    /// A node has answered. Returns the peers that are news.
    pub fn answered(
        &mut self,
        address: SocketAddr,
        heard: &Heard,
        nodes: &[Contact],
        policy: &AddressPolicy,
    ) -> Vec<SocketAddr> {
        let Some(asked_as) = self.leave(address) else {
            return Vec::new();
        };
        self.answered += 1;
        // Who bears another name for each who asks wants to be close to everything; who
        // was only slandered is named rightly by others.
        let contact = Contact {
            id: heard.id,
            address,
        };
        let is_believed = match asked_as {
            Some(name) => name == heard.id && self.believes(contact),
            None => true,
        };
        self.add(contact, is_believed);
        let answered = State::Answered(heard.id, heard.token.clone());
        self.states.insert(address, answered);
        for node in nodes.iter().filter(|it| policy.permits(it.address)) {
            self.add(*node, is_believed);
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

    /// Whether a node is called so by somebody who is believed.
    pub fn believes(&self, contact: Contact) -> bool {
        let key = (self.target.distance(contact.id), contact.address);
        self.nodes.get(&key).is_some_and(|it| it.vouched)
    }

    /// Whether nothing is left to ask or to wait for.
    pub fn is_over(&self) -> bool {
        if self.asked >= limits::LOOKUP_QUERIES {
            return self.in_flight == 0;
        }
        self.seeds.is_empty() && self.seeds_awaited == 0 && self.awaited().next().is_none()
    }

    /// The closest nodes that have answered, and the closest sound ones of them, with their
    /// tokens; the closest first.
    pub fn closest(&self) -> impl Iterator<Item = Reached<'_>> {
        let answered = self.nodes.iter().filter_map(|(key, node)| {
            let State::Answered(id, token) = self.states.get(&key.1)? else {
                return None;
            };
            let contact = Contact {
                id: node.id,
                address: key.1,
            };
            (*id == node.id).then_some((node, contact, token.as_deref()))
        });
        let (mut all, mut sound) = (0, 0);
        answered.filter_map(move |(node, contact, token)| {
            all += 1;
            sound += usize::from(node.is_sound());
            let is_meant = all <= limits::K || (node.is_sound() && sound <= limits::K);
            is_meant.then_some(Reached {
                contact,
                token,
                is_believed: node.vouched,
            })
        })
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

    /// A node is called so, by one who is believed or not.
    fn add(&mut self, contact: Contact, vouched: bool) {
        let Contact { id, address } = contact;
        let known = self.nodes.entry((self.target.distance(id), address));
        let node = known.or_insert_with(|| Named {
            id,
            suits: id.suits(address.ip()),
            vouched,
        });
        node.vouched |= vouched;
    }

    /// Nodes that have not answered, of the closest and of the closest sound ones; the
    /// closest first.
    fn awaited(&self) -> impl Iterator<Item = (&Key, &Named, Option<&State>)> {
        let (mut all, mut sound, mut silent) = (0, 0, 0_usize);
        let named = self.nodes.iter();
        let named = named.map(|(key, node)| (key, node, self.states.get(&key.1)));
        let counted = named.filter(|(_, node, state)| match state {
            Some(State::Answered(id, _)) => *id == node.id,
            Some(State::Asked(name) | State::Late(name)) => *name == Some(node.id),
            Some(State::Failed) => node.is_sound(),
            None => true,
        });
        let wanted = counted.map_while(move |(key, node, state)| {
            let enough = limits::K + silent.saturating_sub(1).min(limits::SPARE);
            if all >= enough && sound >= enough {
                return None;
            }
            let is_wanted = all < enough || node.is_sound();
            // One that is silent is passed over, and others take its place.
            if matches!(state, Some(State::Late(_) | State::Failed)) {
                silent += usize::from(node.is_sound());
            } else {
                all += 1;
                sound += usize::from(node.is_sound());
            }
            Some(is_wanted.then_some((key, node, state)))
        });
        wanted
            .flatten()
            .filter(|(.., state)| !matches!(state, Some(State::Answered(..) | State::Failed)))
    }

    fn next_new(&self) -> Option<(Key, Named)> {
        let mut new = self.awaited().filter(|(.., state)| state.is_none());
        new.next().map(|(key, node, _)| (*key, *node))
    }

    /// Whom to ask again, for a question or its answer may have been lost.
    fn next_lost(&self) -> Option<(SocketAddr, NodeId)> {
        let mut lost = self.awaited().filter(|(key, node, state)| {
            let is_late = matches!(state, Some(State::Late(_)));
            is_late && node.is_sound() && !self.repeated.contains(&key.1)
        });
        lost.next().map(|(key, node, _)| (key.1, node.id))
    }

    /// Of each network one address is asked; in a lab all may be of one.
    fn is_new_network(&mut self, address: SocketAddr) -> bool {
        !is_global(address.ip()) || self.neighbourhoods.insert(Neighbourhood::of(address.ip()))
    }

    fn asks(&mut self, address: SocketAddr, name: Option<NodeId>) -> SocketAddr {
        self.states.insert(address, State::Asked(name));
        self.asked += 1;
        self.in_flight += 1;
        address
    }

    /// A question is not under way any more: the name under which it was asked.
    fn leave(&mut self, address: SocketAddr) -> Option<Option<NodeId>> {
        let name = match self.states.get(&address)? {
            State::Asked(name) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                *name
            }
            State::Late(name) => return Some(*name),
            State::Answered(..) | State::Failed => return None,
        };
        if name.is_none() {
            self.seeds_awaited = self.seeds_awaited.saturating_sub(1);
        }
        Some(name)
    }
}
