//! Honest nodes as simple as can be, and the tables that such nodes would have after a
//! long time together: for a DHT of thousands that is there at once.

use std::collections::HashMap;
use std::net::SocketAddr;

use bta::protocol::dht::krpc::{self, Answer, Body, Query};
use bta::protocol::dht::{Contact, NodeId, limits};
use bta::protocol::info_hash::InfoHash;
use rand::Rng;
use rand::seq::IndexedRandom;

/// It answers everybody by what it was given; it asks and learns nothing.
pub(crate) struct Citizen {
    pub id: NodeId,
    pub known: Vec<Contact>,
    pub peers: HashMap<InfoHash, Vec<SocketAddr>>,
}

impl Citizen {
    /// One that stores nothing yet.
    pub(crate) fn new(id: NodeId, known: Vec<Contact>) -> Self {
        Citizen {
            id,
            known,
            peers: HashMap::new(),
        }
    }

    /// What it answers to a datagram, if that is a question.
    pub(crate) fn answer(&self, from: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
        let message = krpc::read(bytes).ok()?;
        let Body::Query(_, query) = message.body else {
            return None;
        };
        let answer = match query {
            Query::FindNode(target, ..) => Answer {
                nodes: Some(self.closest(target)),
                ..Answer::default()
            },
            Query::GetPeers(info_hash, ..) => Answer {
                nodes: Some(self.closest(info_hash.into())),
                peers: self.peers.get(&info_hash).cloned().unwrap_or_default(),
                token: Some(self.id.0[..4].to_vec()),
                ..Answer::default()
            },
            _ => Answer::default(),
        };
        Some(krpc::write_answer(
            &message.transaction,
            self.id,
            from,
            &answer,
        ))
    }

    fn closest(&self, target: NodeId) -> Vec<Contact> {
        let mut known = self.known.clone();
        known.sort_by_cached_key(|it| target.distance(it.id));
        known.truncate(limits::K);
        known
    }
}

/// The table of each of these nodes, in their order: of every bucket up to K nodes by
/// chance, so of the closest all. They must be sorted by name.
pub(crate) fn tables(nodes: &[Contact], rng: &mut impl Rng) -> Vec<Vec<Contact>> {
    let table = |own: &Contact| {
        let mut known = Vec::new();
        // Who shares at least so many bits with it stands side by side with it.
        let mut around = nodes;
        for bits in 1..=160 {
            let shared = |it: &Contact| own.id.distance(it.id).shared_bits() >= bits;
            let begin = around.partition_point(|it| it.id < own.id && !shared(it));
            let end = around.partition_point(|it| it.id <= own.id || shared(it));
            let (before, rest) = around.split_at(begin);
            let (within, after) = rest.split_at(end - begin);
            let bucket: Vec<_> = before.iter().chain(after).copied().collect();
            known.extend(bucket.choose_multiple(rng, limits::K));
            around = within;
            if around.len() < 2 {
                break;
            }
        }
        known
    };
    nodes.iter().map(table).collect()
}
