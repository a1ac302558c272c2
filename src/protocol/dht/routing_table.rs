//! The nodes that we know, many of those close to us and some of those far away.
//!
//! Only who has answered a question of ours gets in: nobody is known by another's
//! word, nor by a datagram that anyone may have sent.
//!
//! Source: BEP 5, "routing table"; BEP 42.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;

use rand::Rng;
use rand::seq::IteratorRandom;

use super::contact::Contact;
use super::limits;
use super::node_id::NodeId;
use super::quota::Host;
use crate::moment::Moment;

/// Buckets, one for each number of bits that a name may share with ours.
const BUCKETS: usize = 160;

/// A node that has answered.
#[derive(Clone, Debug)]
struct Entry {
    contact: Contact,
    /// Its name suits its address (BEP 42).
    suits: bool,
    /// When it was last heard of.
    heard_at: Moment,
    /// When it was last asked whether it is there.
    pinged_at: Moment,
    /// Answers owed in a row.
    failures: u8,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    entries: Vec<Entry>,
    /// The newest last.
    replacements: VecDeque<Entry>,
    touched_at: Moment,
}

/// The nodes that we know.
#[derive(Clone, Debug)]
pub struct RoutingTable {
    own: NodeId,
    buckets: Vec<Bucket>,
}

impl RoutingTable {
    /// An empty one, around our own name.
    pub fn new(own: NodeId) -> Self {
        RoutingTable {
            own,
            buckets: vec![Bucket::default(); BUCKETS],
        }
    }

    /// Nodes that it holds.
    pub fn len(&self) -> usize {
        self.buckets.iter().map(|it| it.entries.len()).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A node has answered us.
    pub fn answered(&mut self, now: Moment, contact: Contact) {
        let Some(index) = self.index(contact.id) else {
            return;
        };
        self.buckets[index].touched_at = now;
        if let Some(known) = self.entry(contact) {
            known.heard_at = now;
            known.failures = 0;
            return;
        }
        let host = Host::of(contact.address);
        // One host, one node: who turns up under another name has lost the first.
        for bucket in &mut self.buckets {
            let other = |it: &Entry| Host::of(it.contact.address) == host && it.contact != contact;
            bucket.entries.retain(|it| !other(it));
            bucket.replacements.retain(|it| !other(it));
        }
        let room = room(index);
        let bucket = &mut self.buckets[index];
        let entry = Entry {
            contact,
            suits: contact.id.suits(contact.address.ip()),
            heard_at: now,
            pinged_at: now,
            failures: 0,
        };
        let known = bucket
            .entries
            .iter_mut()
            .find(|it| it.contact.id == contact.id);
        if let Some(known) = known {
            // Its name at another address: whoever was there first stays, while it answers.
            if known.failures > 0 {
                *known = entry;
            }
            return;
        }
        bucket.replacements.retain(|it| it.contact.id != contact.id);
        if bucket.entries.len() < room {
            return bucket.entries.push(entry);
        }
        // A name that suits its address was not chosen in order to be here.
        let gives_way =
            |it: &&mut Entry| it.failures >= limits::FAILURES || (entry.suits && !it.suits);
        match bucket.entries.iter_mut().find(gives_way) {
            Some(weaker) => *weaker = entry,
            None => bucket.keep(entry),
        }
    }

    /// A node that we know was heard of, by a question of its own.
    pub fn heard(&mut self, now: Moment, contact: Contact) {
        if let Some(entry) = self.entry(contact) {
            entry.heard_at = now;
        }
    }

    /// Whether a node that asks us would be of use here, if it answered too.
    pub fn wants(&self, contact: Contact) -> bool {
        let Some(index) = self.index(contact.id) else {
            return false;
        };
        let bucket = &self.buckets[index];
        let known =
            |it: &Entry| it.contact.address == contact.address || it.contact.id == contact.id;
        bucket.entries.len() < room(index) && !bucket.entries.iter().any(known)
    }

    /// Whether a node is in it, by this name.
    pub fn knows(&self, contact: Contact) -> bool {
        let mut entries = self.buckets.iter().flat_map(|it| &it.entries);
        entries.any(|it| it.contact == contact)
    }

    /// Whether a node at this address is in it.
    pub fn holds(&self, address: SocketAddr) -> bool {
        let mut entries = self.buckets.iter().flat_map(|it| &it.entries);
        entries.any(|it| it.contact.address == address)
    }

    /// A node owes an answer.
    pub fn failed(&mut self, address: SocketAddr) {
        for bucket in &mut self.buckets {
            bucket
                .replacements
                .retain(|it| it.contact.address != address);
            let at = bucket
                .entries
                .iter()
                .position(|it| it.contact.address == address);
            let Some(at) = at else { continue };
            let entry = &mut bucket.entries[at];
            entry.failures = entry.failures.saturating_add(1);
            if entry.failures < limits::FAILURES {
                return;
            }
            if let Some(heir) = bucket.replacements.pop_back() {
                bucket.entries[at] = heir;
            } else if bucket.entries[at].failures >= limits::FAILURES_ALONE {
                bucket.entries.swap_remove(at);
            }
            return;
        }
    }

    /// A node lies: it is dropped at once.
    pub fn drop_node(&mut self, address: SocketAddr) {
        for bucket in &mut self.buckets {
            bucket.entries.retain(|it| it.contact.address != address);
            bucket
                .replacements
                .retain(|it| it.contact.address != address);
        }
    }

    /// The nodes closest to a name that owe no answer, the closest first.
    pub fn closest(&self, target: NodeId, most: usize) -> Vec<Contact> {
        // First stands the bucket that the target itself would be in, then all that share
        // more with us, then one after the other those that share less.
        let at = self.own.distance(target).shared_bits();
        let (farther, rest) = self.buckets.split_at(at);
        let nearest = [rest.get(..1), rest.get(1..)].into_iter().flatten();
        let mut found = Vec::new();
        for buckets in nearest.chain(farther.chunks(1).rev()) {
            let known = found.len();
            let wanted = most.saturating_sub(known);
            if wanted == 0 {
                break;
            }
            found.extend(sound(buckets));
            let news = &mut found[known..];
            let distance = |it: &Contact| target.distance(it.id);
            if news.len() > wanted {
                news.select_nth_unstable_by_key(wanted, distance);
            }
            found.truncate(most);
            found[known..].sort_unstable_by_key(distance);
        }
        found
    }

    /// All nodes that owe no answer, those closest to us last.
    pub fn sound(&self) -> impl Iterator<Item = Contact> + '_ {
        sound(&self.buckets)
    }

    /// The node that was not heard of for longest, if it is questionable; it is not
    /// named again before it could have answered.
    pub fn next_questionable(&mut self, now: Moment) -> Option<Contact> {
        let entries = self.buckets.iter_mut().flat_map(|it| &mut it.entries);
        let due = entries.filter(|it| {
            let wait = match it.failures {
                0 => limits::FRESH,
                _ => limits::LOST_AFTER * 2,
            };
            now.since(it.heard_at.max(it.pinged_at)) >= wait
        });
        let oldest = due.min_by_key(|it| it.heard_at.max(it.pinged_at))?;
        oldest.pinged_at = now;
        Some(oldest.contact)
    }

    /// A name to look for, in a bucket that was not touched for long; the bucket
    /// counts as touched.
    pub fn next_refresh(&mut self, now: Moment, rng: &mut impl Rng) -> Option<NodeId> {
        // Beyond the closest node that we know every bucket is empty.
        let deepest = self.buckets.iter().rposition(|it| !it.entries.is_empty())?;
        let stale = (0..=deepest).filter(|index| {
            let bucket = &self.buckets[*index];
            now.since(bucket.touched_at) >= limits::FRESH
        });
        let index = stale.choose(rng)?;
        self.buckets[index].touched_at = now;
        Some(self.own.random_at(index, rng))
    }

    fn entry(&mut self, contact: Contact) -> Option<&mut Entry> {
        let index = self.index(contact.id)?;
        let mut entries = self.buckets[index].entries.iter_mut();
        entries.find(|it| it.contact == contact)
    }

    /// None for our own name.
    fn index(&self, id: NodeId) -> Option<usize> {
        let bits = self.own.distance(id).shared_bits();
        (bits < BUCKETS).then_some(bits)
    }
}

impl Bucket {
    fn keep(&mut self, entry: Entry) {
        if self.replacements.len() >= limits::REPLACEMENTS {
            self.replacements.pop_front();
        }
        self.replacements.push_back(entry);
    }
}

fn sound(buckets: &[Bucket]) -> impl Iterator<Item = Contact> + '_ {
    let entries = buckets.iter().flat_map(|it| &it.entries);
    entries.filter(|it| it.failures == 0).map(|it| it.contact)
}

/// Nodes that a bucket holds.
fn room(index: usize) -> usize {
    limits::FAR_BUCKETS.get(index).copied().unwrap_or(limits::K)
}
