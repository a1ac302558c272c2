//! Nodes that lie, each in its own way.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use bta::protocol::dht::krpc::{self, Answer, Body, Query};
use bta::protocol::dht::{Contact, NodeId};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// How a node lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It bears another name close to whatever is asked for each time, and so it names
    /// its fellows, honest nodes and nobody.
    Crowds,
    /// The same, but whoever of its fellows is asked tells the same names, and these are
    /// as close as honest ones could be.
    Conspires,
    /// It names nobody as closest.
    Garbage,
    /// It knows no nodes, but peers that are none.
    Invents,
    /// It does not answer to a search for peers.
    Silent,
    /// It answers other questions than those that were asked.
    Mumbles,
}

impl Lie {
    pub(crate) const ALL: [Lie; 6] = [
        Lie::Crowds,
        Lie::Conspires,
        Lie::Garbage,
        Lie::Invents,
        Lie::Silent,
        Lie::Mumbles,
    ];
}

/// A node that lies.
pub(crate) struct Liar {
    pub lie: Lie,
    /// Where it is, and the name that honest tables know it by.
    pub own: Contact,
}

/// Whom liars name.
pub(crate) struct Crowd<'a> {
    pub fellows: &'a [SocketAddr],
    pub honest: &'a [SocketAddr],
    /// Draws an address where nobody is.
    pub nobody: fn(&mut SmallRng, bool) -> SocketAddr,
    pub is_local: bool,
}

impl Liar {
    /// What it answers to a datagram.
    pub(crate) fn answer(
        &self,
        from: SocketAddr,
        bytes: &[u8],
        crowd: &Crowd<'_>,
        rng: &mut SmallRng,
    ) -> Option<Vec<u8>> {
        let message = krpc::read(bytes).ok()?;
        let Body::Query(_, query) = message.body else {
            return None;
        };
        let (target, for_peers) = match query {
            Query::FindNode(target, ..) => (target, false),
            Query::GetPeers(info_hash, ..) => (info_hash.into(), true),
            _ => (self.own.id, false),
        };
        let mut nobodies = |count: usize| -> Vec<SocketAddr> {
            let all = 0..count;
            all.map(|_| (crowd.nobody)(rng, crowd.is_local)).collect()
        };
        let invented = nobodies(5);
        let (named, peers) = match self.lie {
            Lie::Silent if for_peers => return None,
            Lie::Silent | Lie::Mumbles => (Vec::new(), Vec::new()),
            Lie::Invents => (Vec::new(), invented),
            Lie::Garbage => (nobodies(8), Vec::new()),
            Lie::Crowds | Lie::Conspires => {
                let mut named = nobodies(1);
                named.extend(crowd.fellows.choose_multiple(rng, 5));
                named.extend(crowd.honest.choose_multiple(rng, 2));
                (named, invented)
            }
        };
        let named = named.into_iter().map(|address| Contact {
            id: self.name(address, target, rng),
            address,
        });
        let answer = Answer {
            nodes: Some(named.collect()),
            peers,
            token: for_peers.then(|| vec![6; 4]),
            ..Answer::default()
        };
        let id = match self.lie {
            Lie::Crowds | Lie::Conspires => self.name(self.own.address, target, rng),
            _ => self.own.id,
        };
        let mut transaction = message.transaction;
        if self.lie == Lie::Mumbles {
            transaction.iter_mut().for_each(|it| *it = !*it);
        }
        Some(krpc::write_answer(&transaction, id, from, &answer))
    }

    /// How it calls a node, to whom asks for this target.
    fn name(&self, address: SocketAddr, target: NodeId, rng: &mut SmallRng) -> NodeId {
        if self.lie == Lie::Conspires {
            let mut hasher = DefaultHasher::new();
            (address, target).hash(&mut hasher);
            let mut agreed = SmallRng::seed_from_u64(hasher.finish());
            return target.random_at(agreed.random_range(8..16), &mut agreed);
        }
        target.random_at(rng.random_range(12..60), rng)
    }
}
