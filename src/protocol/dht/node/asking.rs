//! What the node asks, and what becomes of the answers.

use std::net::SocketAddr;

use rand::Rng;
use rand::seq::IteratorRandom;

use super::{Event, LookupId, Node};
use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::protocol::dht::contact::Contact;
use crate::protocol::dht::krpc::{self, Heard, Query, Want};
use crate::protocol::dht::limits;
use crate::protocol::dht::lookup::{Goal, Lookup};
use crate::protocol::dht::node_id::NodeId;
use crate::protocol::info_hash::InfoHash;

/// Queries under way at a time: all lookups, and pings.
const PENDING: usize = 1_024;

/// Why something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Lookup(LookupId),
    Announce,
    Scrape(InfoHash),
    Ping,
}

/// A query without an answer yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    to: SocketAddr,
    purpose: Purpose,
    asked_at: Moment,
    late: bool,
}

impl Pending {
    /// When it is to be looked at again.
    pub(super) fn due(&self) -> Moment {
        match self.late {
            true => self.asked_at + limits::LOST_AFTER,
            false => self.asked_at + limits::LATE_AFTER,
        }
    }
}

impl Node {
    /// Begins a lookup with whom we know and, where we know few, with `seeds`.
    pub(super) fn begin(
        &mut self,
        now: Moment,
        goal: Goal,
        target: NodeId,
        seeds: Vec<SocketAddr>,
    ) {
        let mut nodes = self.table.closest(target, limits::K * 2);
        if let Some(info_hash) = goal.info_hash() {
            nodes.extend(self.closest.get(&info_hash).into_iter().flatten());
        }
        self.next_lookup += 1;
        let lookup = Lookup::new(now, goal, target, nodes, seeds);
        self.lookups.insert(LookupId(self.next_lookup), lookup);
    }

    /// Asks what there is to ask, and ends what is over.
    pub(super) fn drive(&mut self, now: Moment) {
        self.allowed_at = None;
        loop {
            self.drive_lookups(now);
            let over: Vec<_> = self.lookups.iter().filter(|it| it.1.is_over()).collect();
            let over: Vec<_> = over.into_iter().map(|it| *it.0).collect();
            for id in &over {
                self.end(now, *id);
            }
            let mut begun = false;
            while self.lookups.len() < limits::LOOKUPS
                && let Some((goal, target)) = self.waiting.pop_front()
            {
                self.begin(now, goal, target, Vec::new());
                begun = true;
            }
            if !begun {
                return;
            }
        }
    }

    fn drive_lookups(&mut self, now: Moment) {
        let ids: Vec<_> = self.lookups.keys().copied().collect();
        for id in ids {
            while self.pending.len() < PENDING && self.allowed_at.is_none() {
                let Some(lookup) = self.lookups.get_mut(&id) else {
                    break;
                };
                let Some(to) = lookup.next_question() else {
                    break;
                };
                let query = match lookup.goal().info_hash() {
                    None => Query::FindNode(lookup.target(), Want::default()),
                    Some(info_hash) => Query::GetPeers(info_hash, Want::default()),
                };
                if !self.may_contact(to) || !self.ask(now, to, query, Purpose::Lookup(id)) {
                    self.put_off(id, to);
                }
            }
        }
    }

    /// A node that may not be asked: now, or at all.
    fn put_off(&mut self, id: LookupId, to: SocketAddr) {
        let waits = self.allowed_at.is_some();
        if let Some(lookup) = self.lookups.get_mut(&id) {
            match waits {
                true => lookup.put_back(to),
                false => lookup.failed(to),
            }
        }
    }

    /// Asks, if our allowance and the other's patience bear it.
    pub(super) fn ask(
        &mut self,
        now: Moment,
        to: SocketAddr,
        query: Query,
        purpose: Purpose,
    ) -> bool {
        match self.quota.may_ask(now, to) {
            Ok(true) => {}
            Ok(false) => return false,
            // A lookup without its announce would have been for nothing.
            Err(_) if purpose == Purpose::Announce => {}
            Err(later) => {
                self.allowed_at = Some(later);
                return false;
            }
        }
        let transaction: [u8; 4] = self.rng.random();
        let family = self.settings.family;
        let read_only = self.settings.read_only;
        let bytes = krpc::write_query(&transaction, self.id, family, &query, read_only);
        let pending = Pending {
            to,
            purpose,
            asked_at: now,
            late: false,
        };
        self.pending.insert(transaction.to_vec(), pending);
        self.send(to, bytes);
        true
    }

    /// Somebody answers; only whom we asked, from where we asked, is believed.
    pub(super) fn answer(
        &mut self,
        now: Moment,
        from: SocketAddr,
        transaction: &[u8],
        heard: &Heard,
        our_address: Option<SocketAddr>,
    ) {
        let Some(pending) = self.settle(now, from, transaction) else {
            return;
        };
        if heard.id == self.id {
            // A mirror, or ourselves.
            self.table.drop_node(from);
            return self.went_without_answer(now, from, pending.purpose);
        }
        let sender = Contact {
            id: heard.id,
            address: from,
        };
        let is_believed = match pending.purpose {
            Purpose::Lookup(id) => self.told(id, sender, heard),
            _ => true,
        };
        // Liars bear a name close to what they are asked for: in the table they would stand
        // around each torrent when it is looked up again.
        if is_believed || self.table.knows(sender) {
            self.table.answered(now, sender);
        }
        if let Some(seen) = our_address {
            self.seen_at(now, from, seen);
        }
        if let Purpose::Scrape(info_hash) = pending.purpose {
            self.scraped(now, info_hash, Some(heard));
        }
    }

    /// A node has answered a lookup. Whether its name is believed there.
    fn told(&mut self, id: LookupId, sender: Contact, heard: &Heard) -> bool {
        let Some(lookup) = self.lookups.get_mut(&id) else {
            return false;
        };
        let nodes = match self.settings.family {
            IpFamily::V4 => &heard.nodes,
            IpFamily::V6 => &heard.nodes6,
        };
        let own = self.id;
        let nodes: Vec<_> = nodes.iter().filter(|it| it.id != own).copied().collect();
        let peers = lookup.answered(sender.address, heard, &nodes, &self.settings.policy);
        let is_believed = lookup.believes(sender);
        if let Some(info_hash) = lookup.goal().info_hash()
            && !peers.is_empty()
        {
            self.events.push_back(Event::Found(info_hash, peers));
        }
        is_believed
    }

    /// Somebody refuses to answer.
    pub(super) fn refused(&mut self, now: Moment, from: SocketAddr, transaction: &[u8]) {
        if let Some(pending) = self.settle(now, from, transaction) {
            self.went_without_answer(now, from, pending.purpose);
        }
    }

    /// What was asked for will not be told.
    fn went_without_answer(&mut self, now: Moment, from: SocketAddr, purpose: Purpose) {
        match purpose {
            Purpose::Lookup(id) => drop(self.lookups.entry(id).and_modify(|it| it.failed(from))),
            Purpose::Scrape(info_hash) => self.scraped(now, info_hash, None),
            Purpose::Announce | Purpose::Ping => {}
        }
    }

    /// The query that this answers, if it does.
    fn settle(&mut self, now: Moment, from: SocketAddr, transaction: &[u8]) -> Option<Pending> {
        let matches = self
            .pending
            .get(transaction)
            .is_some_and(|it| it.to == from);
        if !matches {
            self.quota.disliked(now, from);
            return None;
        }
        self.pending.remove(transaction)
    }

    /// Somebody asked us something: a node that may be worth knowing.
    pub(super) fn heard_of(&mut self, now: Moment, contact: Contact) {
        self.table.heard(now, contact);
        if self.table.wants(contact) && !self.is_asked(contact.address) {
            self.ask(now, contact.address, Query::Ping, Purpose::Ping);
        }
    }

    /// Whether an answer from there is awaited.
    pub(super) fn is_asked(&self, address: SocketAddr) -> bool {
        self.pending.values().any(|it| it.to == address)
    }

    /// Queries that were not answered in time.
    pub(super) fn expire_queries(&mut self, now: Moment) {
        let mut late = Vec::new();
        let mut lost = Vec::new();
        self.pending.retain(|_, it| {
            if it.due() > now {
                return true;
            }
            if it.late {
                lost.push(it.clone());
                return false;
            }
            it.late = true;
            late.push((it.to, it.purpose));
            true
        });
        for (to, purpose) in late {
            if let Purpose::Lookup(id) = purpose {
                self.lookups.entry(id).and_modify(|it| it.late(to));
            }
        }
        for Pending { to, purpose, .. } in lost {
            self.table.failed(to);
            self.went_without_answer(now, to, purpose);
        }
    }

    /// Our own network was down and is back: nobody owes an answer, and lookups go on
    /// where they were.
    pub fn revive(&mut self, now: Moment) {
        for (_, Pending { to, purpose, .. }) in std::mem::take(&mut self.pending) {
            match purpose {
                Purpose::Lookup(id) => {
                    self.lookups.entry(id).and_modify(|it| it.put_back(to));
                }
                purpose => self.went_without_answer(now, to, purpose),
            }
        }
        self.drive(now);
    }

    /// One of those we know is asked whether it lives.
    pub fn try_one(&mut self, now: Moment) {
        if let Some(one) = self.table.sound().choose(&mut self.rng) {
            self.ask(now, one.address, Query::Ping, Purpose::Ping);
        }
    }

    fn end(&mut self, now: Moment, id: LookupId) {
        let Some(lookup) = self.lookups.remove(&id) else {
            return;
        };
        let report = lookup.report(now);
        let Some(info_hash) = lookup.goal().info_hash() else {
            if lookup.target() == self.id {
                self.events.push_back(Event::Settled);
            }
            return;
        };
        let believed = lookup.closest().filter(|it| it.is_believed);
        let closest: Vec<_> = believed.map(|it| it.contact).collect();
        if let Goal::Announce(info_hash, port) = lookup.goal() {
            let told = lookup.closest();
            let told: Vec<_> = told
                .filter_map(|it| Some((it.contact.address, it.token?.to_vec())))
                .collect();
            for (to, token) in told {
                let query = Query::AnnouncePeer {
                    info_hash,
                    port: Some(port),
                    token,
                    seed: false,
                };
                self.ask(now, to, query, Purpose::Announce);
            }
        }
        self.closest.insert(info_hash, closest);
        self.events.push_back(Event::Ended(info_hash, report));
    }
}
