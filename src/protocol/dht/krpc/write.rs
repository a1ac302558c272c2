//! Messages to bytes; keys stand in the order that bencoding asks for.

use std::net::SocketAddr;

use super::Query;
use crate::protocol::address::{IpFamily, write_compact};
use crate::protocol::dht::contact::{Contact, write_nodes};
use crate::protocol::dht::filter::Filters;
use crate::protocol::dht::limits;
use crate::protocol::dht::node_id::NodeId;
use crate::protocol::info_hash::InfoHash;

/// Who we are, in `v`: as our peer id, and a version.
const CLIENT: &[u8; 4] = b"BA\x01\x00";

/// What we answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Nodes over IPv4, if they are told.
    pub nodes: Option<Vec<Contact>>,
    /// Nodes over IPv6, if they are told.
    pub nodes6: Option<Vec<Contact>>,
    /// Peers of the torrent.
    pub peers: Vec<SocketAddr>,
    /// What permits to announce.
    pub token: Option<Vec<u8>>,
    /// Torrents that we store peers of, and how many they are (BEP 51).
    pub samples: Option<(Vec<InfoHash>, usize)>,
    /// How many peers of the torrent we store (BEP 33).
    pub filters: Option<Box<Filters>>,
}

/// A query of ours; it wants nodes of its own family.
pub fn write_query(
    transaction: &[u8],
    id: NodeId,
    family: IpFamily,
    query: &Query,
    read_only: bool,
) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(b"d1:ad2:id");
    out.bytes(&id.0);
    let method: &[u8] = match query {
        Query::Ping => b"ping",
        Query::FindNode(target, _) => {
            out.entry(b"target", &target.0);
            out.want(family);
            b"find_node"
        }
        Query::GetPeers(info_hash, _) => {
            out.entry(b"info_hash", &info_hash.0);
            out.want(family);
            b"get_peers"
        }
        Query::Scrape(info_hash, _) => {
            out.entry(b"info_hash", &info_hash.0);
            out.raw(b"6:scrapei1e");
            out.want(family);
            b"get_peers"
        }
        Query::AnnouncePeer {
            info_hash,
            port,
            token,
            seed,
        } => {
            out.bytes(b"implied_port");
            out.number(usize::from(port.is_none()));
            out.entry(b"info_hash", &info_hash.0);
            out.bytes(b"port");
            out.number(usize::from(port.unwrap_or_default()));
            if *seed {
                out.raw(b"4:seedi1e");
            }
            out.entry(b"token", token);
            b"announce_peer"
        }
        Query::Sample(target, _) => {
            out.entry(b"target", &target.0);
            out.want(family);
            b"sample_infohashes"
        }
        // Nobody asks them.
        Query::Malformed | Query::Unknown => b"",
    };
    out.raw(b"e");
    out.entry(b"q", method);
    if read_only {
        out.raw(b"2:roi1e");
    }
    out.close(transaction, b"q")
}

/// An answer to who sent from `to`.
pub fn write_answer(transaction: &[u8], id: NodeId, to: SocketAddr, answer: &Answer) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(b"d2:ip");
    out.address(to);
    out.raw(b"1:rd");
    if let Some(filters) = &answer.filters {
        out.entry(b"BFpe", filters.downloaders.as_wire());
        out.entry(b"BFsd", filters.seeds.as_wire());
    }
    out.entry(b"id", &id.0);
    if answer.samples.is_some() {
        out.raw(b"8:interval");
        out.number(limits::SAMPLE_INTERVAL.as_secs() as usize);
    }
    if let Some(nodes) = &answer.nodes {
        out.nodes(b"nodes", nodes);
    }
    if let Some(nodes) = &answer.nodes6 {
        out.nodes(b"nodes6", nodes);
    }
    if let Some((samples, stored)) = &answer.samples {
        out.raw(b"3:num");
        out.number(*stored);
        let samples: Vec<u8> = samples.iter().flat_map(|it| it.0).collect();
        out.entry(b"samples", &samples);
    }
    if let Some(token) = &answer.token {
        out.entry(b"token", token);
    }
    if !answer.peers.is_empty() {
        out.raw(b"6:valuesl");
        answer.peers.iter().for_each(|it| out.address(*it));
        out.raw(b"e");
    }
    out.raw(b"e");
    out.close(transaction, b"r")
}

/// A refusal: 203 for a malformed query or a bad token, 204 for an unknown one (BEP 5).
pub fn write_error(transaction: &[u8], code: u16, text: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(b"d1:el");
    out.number(code.into());
    out.bytes(text.as_bytes());
    out.raw(b"e");
    out.close(transaction, b"e")
}

/// Bencode, piece by piece.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.raw(bytes.len().to_string().as_bytes());
        self.raw(b":");
        self.raw(bytes);
    }

    fn number(&mut self, number: usize) {
        self.raw(format!("i{number}e").as_bytes());
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) {
        self.bytes(key);
        self.bytes(value);
    }

    fn address(&mut self, address: SocketAddr) {
        let mut compact = Vec::with_capacity(18);
        write_compact(address, &mut compact);
        self.bytes(&compact);
    }

    fn nodes(&mut self, key: &[u8], nodes: &[Contact]) {
        let mut compact = Vec::new();
        write_nodes(nodes, &mut compact);
        self.entry(key, &compact);
    }

    fn want(&mut self, family: IpFamily) {
        self.raw(b"4:wantl");
        self.bytes(family.want());
        self.raw(b"e");
    }

    /// `t`, `v` and `y`, which every message ends with.
    fn close(mut self, transaction: &[u8], kind: &[u8]) -> Vec<u8> {
        self.entry(b"t", transaction);
        self.entry(b"v", CLIENT);
        self.entry(b"y", kind);
        self.raw(b"e");
        self.0
    }
}
