//! KRPC: the messages of the DHT, each one datagram.
//!
//! Source: BEP 5; BEP 32 (`want`, `nodes6`), BEP 33 (`scrape`, `seed`), BEP 42 (`ip`),
//! BEP 43 (`ro`), BEP 51.

#[cfg(test)]
mod tests;
mod write;

use std::net::SocketAddr;

use bip_bencode::{BRefAccess, BencodeRef};

use super::contact::{Contact, compact_nodes};
use super::filter::{Filter, Filters};
use super::limits;
use super::node_id::NodeId;
use crate::protocol::address::{IpFamily, compact_v4, compact_v6};
use crate::protocol::bencode::{self, Node, Tail};
use crate::protocol::info_hash::InfoHash;

pub use write::{Answer, write_answer, write_error, write_query};

/// Why a datagram is no message. None of them is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KrpcError {
    /// Not a bencoded dictionary of bearable length.
    #[error("not bencode")]
    NotBencode,
    /// No transaction id, or an immense one.
    #[error("no transaction id")]
    NoTransaction,
    /// Neither query nor answer nor error.
    #[error("of no kind")]
    NoKind,
    /// A query or an answer by nobody.
    #[error("no node id")]
    NoId,
}

impl KrpcError {
    /// The stable name in counters.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotBencode => "not_bencode",
            Self::NoTransaction => "no_transaction",
            Self::NoKind => "no_kind",
            Self::NoId => "no_id",
        }
    }
}

/// One datagram, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `t`, echoed by the answer.
    pub transaction: Vec<u8>,
    /// What it is.
    pub body: Body,
    /// `ro`: the sender answers no queries (BEP 43).
    pub read_only: bool,
    /// `ip`: our address as the sender sees it (BEP 42).
    pub our_address: Option<SocketAddr>,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Somebody asks.
    Query(NodeId, Query),
    /// Somebody answers.
    Answer(Box<Heard>),
    /// Somebody refuses, with this code.
    Error(i64),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Are you there?
    Ping,
    /// Who is closest to this name?
    FindNode(NodeId, Want),
    /// Who has this torrent, or else is closest to it?
    GetPeers(InfoHash, Want),
    /// How many peers of this torrent do you store? (BEP 33: `get_peers` with `scrape`)
    Scrape(InfoHash, Want),
    /// I have this torrent.
    AnnouncePeer {
        /// The torrent.
        info_hash: InfoHash,
        /// The port where it is had; `None`: that of the datagram (`implied_port`).
        port: Option<u16>,
        /// What the asked node gave with its answer to `get_peers`.
        token: Vec<u8>,
        /// I have all of it (BEP 33).
        seed: bool,
    },
    /// Which torrents do you store peers of? (BEP 51)
    Sample(NodeId, Want),
    /// A known question without what belongs to it.
    Malformed,
    /// A question that nobody knows.
    Unknown,
}

/// Of which families nodes are wanted (BEP 32); neither: of the datagram's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// `n4`.
    pub v4: bool,
    /// `n6`.
    pub v6: bool,
}

impl Want {
    /// Whether nodes of a family are wanted by a query that came over `own`.
    pub fn includes(self, family: IpFamily, own: IpFamily) -> bool {
        match (self.v4, self.v6) {
            (false, false) => family == own,
            (v4, v6) => match family {
                IpFamily::V4 => v4,
                IpFamily::V6 => v6,
            },
        }
    }
}

/// An answer as we hear it: all that any query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Who answers.
    pub id: NodeId,
    /// Nodes over IPv4.
    pub nodes: Vec<Contact>,
    /// Nodes over IPv6.
    pub nodes6: Vec<Contact>,
    /// Peers of the torrent.
    pub peers: Vec<SocketAddr>,
    /// What permits to announce.
    pub token: Option<Vec<u8>>,
    /// How many peers of the torrent it stores (BEP 33).
    pub filters: Option<Box<Filters>>,
}

/// Reads one datagram.
///
/// # Errors
/// It is no message, or nobody's.
pub fn read(bytes: &[u8]) -> Result<Message, KrpcError> {
    let root = bencode::decode(bytes, limits::DATAGRAM_BYTES, Tail::Allowed);
    let root = root.map_err(|_| KrpcError::NotBencode)?;
    let transaction = root.bytes_at("t");
    let transaction = transaction.filter(|it| it.len() <= limits::TRANSACTION_BYTES);
    let body = match root.bytes_at("y") {
        Some(b"q") => query(&root)?,
        Some(b"r") => Body::Answer(Box::new(heard(&root)?)),
        Some(b"e") => {
            let code = root.items_at("e").next().and_then(|it| it.int());
            Body::Error(code.unwrap_or_default())
        }
        _ => return Err(KrpcError::NoKind),
    };
    Ok(Message {
        transaction: transaction.ok_or(KrpcError::NoTransaction)?.to_vec(),
        body,
        read_only: root.int_at("ro") == Some(1),
        our_address: root.bytes_at("ip").and_then(one_address),
    })
}

fn query(root: &BencodeRef<'_>) -> Result<Body, KrpcError> {
    let arguments = root.field("a").ok_or(KrpcError::NoId)?;
    let id = id_at(arguments, "id").ok_or(KrpcError::NoId)?;
    let want = want(arguments);
    let target = || id_at(arguments, "target");
    let info_hash = || id_at(arguments, "info_hash").map(|it| InfoHash(it.0));
    let query = match root.bytes_at("q") {
        Some(b"ping") => Some(Query::Ping),
        Some(b"find_node") => target().map(|it| Query::FindNode(it, want)),
        Some(b"get_peers") => info_hash().map(|it| match arguments.int_at("scrape") {
            Some(1) => Query::Scrape(it, want),
            _ => Query::GetPeers(it, want),
        }),
        Some(b"announce_peer") => info_hash().and_then(|it| announce(arguments, it)),
        Some(b"sample_infohashes") => target().map(|it| Query::Sample(it, want)),
        _ => Some(Query::Unknown),
    };
    Ok(Body::Query(id, query.unwrap_or(Query::Malformed)))
}

fn announce(arguments: &BencodeRef<'_>, info_hash: InfoHash) -> Option<Query> {
    let implied = arguments.int_at("implied_port").unwrap_or_default() != 0;
    let port = arguments.int_at("port").unwrap_or_default();
    let port = u16::try_from(port).ok().filter(|port| *port != 0);
    let token = arguments.bytes_at("token")?;
    (implied || port.is_some()).then(|| Query::AnnouncePeer {
        info_hash,
        port: port.filter(|_| !implied),
        token: token.get(..limits::TOKEN_BYTES).unwrap_or(token).to_vec(),
        seed: arguments.int_at("seed") == Some(1),
    })
}

fn want(arguments: &BencodeRef<'_>) -> Want {
    let mut want = Want::default();
    for word in arguments.items_at("want") {
        match word.bytes() {
            Some(b"n4") => want.v4 = true,
            Some(b"n6") => want.v6 = true,
            _ => {}
        }
    }
    want
}

fn heard(root: &BencodeRef<'_>) -> Result<Heard, KrpcError> {
    let answer = root.field("r").ok_or(KrpcError::NoId)?;
    let nodes = |family: IpFamily| {
        let bytes = answer.bytes_at(family.nodes_key()).unwrap_or_default();
        let nodes = compact_nodes(bytes, family);
        nodes.take(limits::ANSWER_NODES).collect()
    };
    let token = answer.bytes_at("token");
    let peers = answer.items_at("values").take(limits::ANSWER_PEERS);
    Ok(Heard {
        id: id_at(answer, "id").ok_or(KrpcError::NoId)?,
        nodes: nodes(IpFamily::V4),
        nodes6: nodes(IpFamily::V6),
        peers: peers
            .filter_map(|it| it.bytes().and_then(one_address))
            .collect(),
        token: token
            .filter(|it| it.len() <= limits::TOKEN_BYTES)
            .map(<[u8]>::to_vec),
        filters: filters(answer).map(Box::new),
    })
}

fn filters(answer: &BencodeRef<'_>) -> Option<Filters> {
    Some(Filters {
        seeds: Filter::read(answer.bytes_at("BFsd")?)?,
        downloaders: Filter::read(answer.bytes_at("BFpe")?)?,
    })
}

fn id_at(node: &BencodeRef<'_>, key: &str) -> Option<NodeId> {
    node.bytes_at(key)?.try_into().map(NodeId).ok()
}

/// A compact address alone.
fn one_address(bytes: &[u8]) -> Option<SocketAddr> {
    match bytes.len() {
        6 => compact_v4(bytes).next(),
        18 => compact_v6(bytes).next(),
        _ => None,
    }
}
