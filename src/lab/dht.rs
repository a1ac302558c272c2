//! A small DHT: a dozen nodes that all know each other, and one of them lies.
//!
//! Peers of the lab announce to it without a socket, as they do to its trackers;
//! guests ask it over real ones. Source: BEP 5.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::Rng;

use super::block::Block;
use super::peer::life::World;
use crate::net::{Datagrams, Network};
use crate::protocol::dht::krpc::{self, Answer, Body, Query};
use crate::protocol::dht::{Contact, NodeId};
use crate::protocol::info_hash::InfoHash;

/// Nodes that store a torrent's peers, and that an answer names (BEP 5: K).
const CLOSEST: usize = 8;
/// Peers in an answer: more do not fit a datagram.
const ANSWER_PEERS: usize = 100;
/// Peers that the liar names; there are none at their addresses.
const INVENTED_PEERS: u8 = 3;
/// The last byte of its nodes' addresses, and that of what the liar invents.
const NODES: u8 = 254;
const NOBODY: u8 = 253;
/// What BEP 5 has for a bad token.
const PROTOCOL_ERROR: u16 = 203;
/// After an error of the socket.
const PAUSE: Duration = Duration::from_millis(100);

/// Peers by address: the number of each in the lab, none of a guest.
type Stored = BTreeMap<SocketAddr, Option<usize>>;

/// The nodes, and what they store.
#[derive(Debug)]
pub struct Dht {
    /// The first one lies.
    nodes: Vec<Contact>,
    block: Block,
    key: u64,
    stored: Mutex<HashMap<InfoHash, Stored>>,
}

/// What a node answers.
struct Reply {
    bytes: Vec<u8>,
    /// The lab's own peers that it names.
    named: Vec<usize>,
}

impl Dht {
    /// Opens so many sockets; each is to be served.
    pub(super) async fn open(
        network: &Network,
        block: Block,
        nodes: u8,
        rng: &mut impl Rng,
    ) -> io::Result<(Dht, Vec<Datagrams>)> {
        let mut dht = Dht {
            nodes: Vec::new(),
            block,
            key: rng.random(),
            stored: Mutex::default(),
        };
        let mut sockets = Vec::new();
        for low in 1..=nodes {
            let at = SocketAddr::from((block.host(NODES, low), 0));
            let socket = network.datagrams(at).await?;
            dht.nodes.push(Contact {
                id: NodeId::random(rng),
                address: socket.local_addr()?,
            });
            sockets.push(socket);
        }
        Ok((dht, sockets))
    }

    /// Where its nodes are.
    pub fn nodes(&self) -> impl Iterator<Item = SocketAddr> {
        self.nodes.iter().map(|it| it.address)
    }

    /// Where guests said that they can be reached.
    pub fn guests(&self, info_hash: &InfoHash) -> Vec<SocketAddr> {
        let stored = self.lock();
        let peers = stored.get(info_hash).into_iter().flatten();
        let guests = peers.filter(|(_, number)| number.is_none());
        guests.map(|(address, _)| *address).collect()
    }

    /// A peer of the lab announces itself.
    pub(super) fn announce(&self, info_hash: InfoHash, address: SocketAddr, number: usize) {
        let mut stored = self.lock();
        let peers = stored.entry(info_hash).or_default();
        peers.insert(address, Some(number));
    }

    /// Answers for one of the nodes, for as long as it is polled.
    pub(super) async fn serve(world: Arc<World>, node: usize, socket: Datagrams) {
        let mut buffer = vec![0; 2048];
        loop {
            let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            if let Some(reply) = world.dht.answer(node, from, &buffer[..len]) {
                let now = world.clock.now();
                let named = reply.named.iter();
                named.for_each(|number| world.witness.announced(*number, now));
                // A datagram may get lost; so may one that cannot be sent.
                let _ = socket.send_to(&reply.bytes, from).await;
            }
        }
    }

    fn answer(&self, node: usize, from: SocketAddr, datagram: &[u8]) -> Option<Reply> {
        let message = krpc::read(datagram).ok()?;
        let Body::Query(_, query) = message.body else {
            return None;
        };
        let id = self.nodes.get(node)?.id;
        let mut named = Vec::new();
        let answer = match query {
            Query::FindNode(target, ..) => self.closest(target),
            Query::GetPeers(info_hash, ..) => {
                let (peers, numbers) = self.peers(node, info_hash);
                named = numbers;
                Answer {
                    peers,
                    token: Some(self.token(from.ip())),
                    ..self.closest(info_hash.into())
                }
            }
            Query::AnnouncePeer { token, .. } if token != self.token(from.ip()) => {
                let bytes = krpc::write_error(&message.transaction, PROTOCOL_ERROR, "bad token");
                return Some(Reply { bytes, named });
            }
            Query::AnnouncePeer {
                info_hash, port, ..
            } => {
                let guest = SocketAddr::new(from.ip(), port.unwrap_or(from.port()));
                self.lock()
                    .entry(info_hash)
                    .or_default()
                    .insert(guest, None);
                Answer::default()
            }
            _ => Answer::default(),
        };
        let bytes = krpc::write_answer(&message.transaction, id, from, &answer);
        Some(Reply { bytes, named })
    }

    fn closest(&self, target: NodeId) -> Answer {
        let mut nodes = self.nodes.clone();
        nodes.sort_by_key(|it| it.id.distance(target));
        nodes.truncate(CLOSEST);
        Answer {
            nodes: Some(nodes),
            ..Answer::default()
        }
    }

    /// What a node has of a torrent, and the numbers of those that are real.
    fn peers(&self, node: usize, info_hash: InfoHash) -> (Vec<SocketAddr>, Vec<usize>) {
        if node == 0 {
            let nobody = (1..=INVENTED_PEERS).map(|it| (self.block.host(NOBODY, it), 6881));
            return (nobody.map(SocketAddr::from).collect(), Vec::new());
        }
        let id = self.nodes.get(node).map(|it| it.id);
        let keepers = self.closest(info_hash.into()).nodes.unwrap_or_default();
        let stored = self.lock();
        let peers = stored.get(&info_hash);
        let peers = peers.filter(|_| keepers.iter().any(|it| Some(it.id) == id));
        let told = peers.into_iter().flatten().take(ANSWER_PEERS);
        let numbers = told.clone().filter_map(|it| *it.1).collect();
        (told.map(|it| *it.0).collect(), numbers)
    }

    /// What permits a guest to announce itself.
    fn token(&self, ip: IpAddr) -> Vec<u8> {
        let mut hasher = DefaultHasher::new();
        (self.key, ip).hash(&mut hasher);
        hasher.finish().to_be_bytes().into()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InfoHash, Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;
    use crate::clock::Clock;
    use crate::net::MemoryNet;
    use crate::protocol::address::IpFamily;
    use crate::protocol::dht::krpc::{Heard, Want};

    const HASH: InfoHash = InfoHash([7; 20]);

    async fn dht() -> Dht {
        let network = Network::Memory(MemoryNet::new(Clock::start(), 1));
        let rng = &mut SmallRng::seed_from_u64(3);
        let opened = Dht::open(&network, Block::default(), 13, rng).await;
        opened.unwrap().0
    }

    fn ask(dht: &Dht, node: usize, query: &Query) -> Option<Heard> {
        let from = SocketAddr::from(([127, 0, 0, 1], 6881));
        let bytes = krpc::write_query(b"aa", NodeId([1; 20]), IpFamily::V4, query, false);
        let reply = dht.answer(node, from, &bytes)?;
        match krpc::read(&reply.bytes).unwrap().body {
            Body::Answer(heard) => Some(*heard),
            _ => None,
        }
    }

    #[tokio::test]
    async fn the_closest_nodes_tell_who_announced_and_one_invents() {
        let dht = dht().await;
        let peer = SocketAddr::from(([127, 64, 0, 1], 6881));
        dht.announce(HASH, peer, 5);
        let query = Query::GetPeers(HASH, Want::default());
        let told = (1..13).map(|node| ask(&dht, node, &query).unwrap());
        let told: Vec<_> = told.filter(|it| !it.peers.is_empty()).collect();
        assert!(told.len() >= CLOSEST - 1, "{}", told.len());
        assert!(
            told.iter()
                .all(|it| it.peers == [peer] && it.nodes.len() == CLOSEST)
        );
        let lies = ask(&dht, 0, &query).unwrap();
        assert!(!lies.peers.is_empty() && !lies.peers.contains(&peer));
    }

    #[tokio::test]
    async fn a_guest_announces_itself_with_a_token_alone() {
        let dht = dht().await;
        let token = ask(&dht, 2, &Query::GetPeers(HASH, Want::default()));
        let announce = |token: Vec<u8>| Query::AnnouncePeer {
            info_hash: HASH,
            port: Some(7_000),
            token,
            seed: false,
        };
        assert_eq!(ask(&dht, 2, &announce(b"guess".to_vec())), None);
        assert_eq!(dht.guests(&HASH), []);
        let token = token.and_then(|it| it.token).unwrap();
        assert!(ask(&dht, 2, &announce(token)).is_some());
        assert_eq!(
            dht.guests(&HASH),
            [SocketAddr::from(([127, 0, 0, 1], 7_000))]
        );
    }
}
