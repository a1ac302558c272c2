//! A node of the DHT: what it answers, what it asks, whom it knows. Pure: time and
//! datagrams come in, datagrams and events are polled out.

mod answering;
mod asking;
mod scraping;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::contact::Contact;
use super::external::External;
use super::krpc::{self, Body};
use super::limits;
use super::lookup::{Goal, Lookup, LookupReport};
use super::node_id::NodeId;
use super::quota::Quota;
use super::routing_table::RoutingTable;
use super::saved::Saved;
use super::storage::Storage;
use super::tokens::Tokens;
use crate::moment::Moment;
use crate::protocol::address::{AddressPolicy, IpFamily, canonical};
use crate::protocol::info_hash::InfoHash;
use asking::{Pending, Purpose};
use scraping::Scrape;
pub use scraping::{Counts, ScrapeReport};

/// How a node is to behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which DHT it belongs to.
    pub family: IpFamily,
    /// Whom it speaks to.
    pub policy: AddressPolicy,
    /// It answers no queries, and says so (BEP 43).
    pub read_only: bool,
}

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// To whom.
    pub to: SocketAddr,
    /// What.
    pub bytes: Vec<u8>,
}

/// Which lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupId(u64);

/// What a node has found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A lookup found these peers, none of them twice.
    Found(InfoHash, Vec<SocketAddr>),
    /// A lookup of peers is over.
    Ended(InfoHash, LookupReport),
    /// The nodes closest to a torrent were asked how many peers it has.
    Scraped(InfoHash, ScrapeReport),
    /// The lookup of our own name, which fills the table, is over.
    Settled,
    /// So others see us.
    Address(IpAddr),
}

/// A node of the DHT.
pub struct Node {
    settings: Settings,
    id: NodeId,
    rng: StdRng,
    table: RoutingTable,
    storage: Storage,
    tokens: Tokens,
    quota: Quota,
    external: External,
    address: Option<IpAddr>,
    pending: BTreeMap<Vec<u8>, Pending>,
    lookups: BTreeMap<LookupId, Lookup>,
    waiting: VecDeque<(Goal, NodeId)>,
    /// The closest nodes of earlier lookups, where the next one begins.
    closest: HashMap<InfoHash, Vec<Contact>>,
    scrapes: BTreeMap<InfoHash, Scrape>,
    next_lookup: u64,
    ping_at: Moment,
    refresh_at: Moment,
    /// Queries wait for our own allowance until then.
    allowed_at: Option<Moment>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Node {
    /// A node that knows nobody; `saved` tells its name and whom to ask first.
    pub fn new(settings: Settings, saved: Option<Saved>, seed: [u8; 32], now: Moment) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let drawn = NodeId::random(&mut rng);
        let (id, seeds) = match saved {
            Some(saved) => (saved.id, saved.nodes),
            None => (drawn, Vec::new()),
        };
        let mut node = Node {
            settings,
            id,
            table: RoutingTable::new(id),
            storage: Storage::default(),
            tokens: Tokens::new(now, &mut rng),
            rng,
            quota: Quota::default(),
            external: External::default(),
            address: None,
            pending: BTreeMap::new(),
            lookups: BTreeMap::new(),
            waiting: VecDeque::new(),
            closest: HashMap::new(),
            scrapes: BTreeMap::new(),
            next_lookup: 0,
            ping_at: now + limits::PING_GAP,
            refresh_at: now + limits::REFRESH_GAP,
            allowed_at: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        };
        let seeds = seeds.iter().take(limits::SAVED_SEEDS);
        let seeds: Vec<_> = seeds.map(|it| it.address).collect();
        if !seeds.is_empty() {
            node.join(now, &seeds);
        }
        node
    }

    /// Our name.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Nodes in the table.
    pub fn known(&self) -> usize {
        self.table.len()
    }

    /// Whether an answer is awaited from there, by a node that owed none before.
    pub fn awaits_known(&self, address: SocketAddr) -> bool {
        let known = || self.table.sound().any(|it| it.address == address);
        self.is_asked(address) && known()
    }

    /// Looks for our own name, beginning with these addresses and with whom we know:
    /// that fills the table. Ends with [`Event::Settled`].
    pub fn join(&mut self, now: Moment, seeds: &[SocketAddr]) {
        let permitted = seeds.iter().map(|it| canonical(*it));
        let permitted = permitted.filter(|it| self.may_contact(*it)).collect();
        self.begin(now, Goal::Nodes, self.id, permitted);
        self.drive(now);
    }

    /// Looks for the peers of a torrent, and announces that we have a port there.
    /// Ends with [`Event::Ended`].
    pub fn look_up(&mut self, now: Moment, info_hash: InfoHash, announced_port: Option<u16>) {
        let goal = match announced_port {
            Some(port) => Goal::Announce(info_hash, port),
            None => Goal::Peers(info_hash),
        };
        self.waiting.push_back((goal, info_hash.into()));
        self.drive(now);
    }

    /// A torrent is of no interest any more: nobody is asked about it from now on, and
    /// it is not announced.
    pub fn forget(&mut self, info_hash: InfoHash) {
        let concerns = |goal: Goal| goal.info_hash() == Some(info_hash);
        self.waiting.retain(|(goal, _)| !concerns(*goal));
        self.lookups.retain(|_, lookup| !concerns(lookup.goal()));
        self.closest.remove(&info_hash);
        self.scrapes.remove(&info_hash);
    }

    /// A peer says that it has a node there (BEP 5, PORT): the node is asked whether it
    /// lives.
    pub fn hear_of_node(&mut self, now: Moment, address: SocketAddr) {
        let address = canonical(address);
        let news =
            self.may_contact(address) && !self.table.holds(address) && !self.is_asked(address);
        if news && self.quota.may_try(now) {
            self.ask(now, address, krpc::Query::Ping, Purpose::Ping);
        }
    }

    /// A datagram has come.
    pub fn handle_datagram(&mut self, now: Moment, from: SocketAddr, bytes: &[u8]) {
        let from = canonical(from);
        if !self.may_contact(from) {
            return;
        }
        // A sender can be forged: whom we asked may answer, whatever came in its name.
        let floods = !self.quota.hears(now, from);
        if floods && !self.is_asked(from) {
            return;
        }
        let Ok(message) = krpc::read(bytes) else {
            return self.quota.disliked(now, from);
        };
        match message.body {
            Body::Query(..) if floods => {}
            Body::Query(id, query) => {
                let sender = Contact { id, address: from };
                if !self.settings.read_only {
                    self.asked(now, sender, &message.transaction, query);
                }
                if !message.read_only {
                    self.heard_of(now, sender);
                }
            }
            Body::Answer(heard) => {
                self.answer(now, from, &message.transaction, &heard, message.our_address);
            }
            Body::Error(_) => self.refused(now, from, &message.transaction),
        }
        self.drive(now);
    }

    /// Time has come for what [`Node::poll_timeout`] named.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.tokens.turn(now, &mut self.rng);
        self.expire_queries(now);
        if now >= self.ping_at {
            self.ping_at = now + limits::PING_GAP;
            self.storage.expire(now);
            if let Some(questionable) = self.table.next_questionable(now) {
                self.ask(now, questionable.address, krpc::Query::Ping, Purpose::Ping);
            }
        }
        if now >= self.refresh_at {
            self.refresh_at = now + limits::REFRESH_GAP;
            if let Some(target) = self.table.next_refresh(now, &mut self.rng) {
                self.begin(now, Goal::Nodes, target, Vec::new());
            }
        }
        self.drive(now);
    }

    /// The next datagram to be sent.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next thing found out.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Node::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Moment {
        let queries = self.pending.values().map(Pending::due);
        let own = [self.ping_at, self.refresh_at].into_iter();
        let all = own.chain(self.allowed_at).chain(queries);
        all.min().unwrap_or(self.ping_at)
    }

    /// What the next run may begin with.
    pub fn saved(&self) -> Saved {
        Saved {
            id: self.id,
            nodes: self.table.sound().collect(),
        }
    }

    fn may_contact(&self, address: SocketAddr) -> bool {
        IpFamily::of(address.ip()) == self.settings.family && self.settings.policy.permits(address)
    }

    fn send(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        self.transmits.push_back(Transmit { to, bytes });
    }

    /// Somebody sees us at an address: once enough agree, our name has to suit it.
    fn seen_at(&mut self, now: Moment, by: SocketAddr, seen: SocketAddr) {
        if IpFamily::of(seen.ip()) != self.settings.family {
            return;
        }
        // Who agrees with what is known votes too: else those who lie outvote them in time.
        let Some(ip) = self.external.vote(by.ip(), seen.ip()) else {
            return;
        };
        if self.address.replace(ip) == Some(ip) {
            return;
        }
        self.events.push_back(Event::Address(ip));
        if self.id.suits(ip) {
            return;
        }
        self.id = NodeId::for_address(ip, &mut self.rng);
        let known: Vec<_> = self.table.sound().collect();
        self.table = RoutingTable::new(self.id);
        for contact in known {
            self.table.answered(now, contact);
        }
        self.begin(now, Goal::Nodes, self.id, Vec::new());
    }
}
