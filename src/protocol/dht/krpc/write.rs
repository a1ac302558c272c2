//! Messages to bytes; keys stand in the order that bencoding asks for.

use std::net::SocketAddr;

use super::Query;
use crate::protocol::address::{IpFamily, write_compact};
use crate::protocol::bencode::Writer;
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
    let mut out = Writer::new(b"d1:ad2:id");
    out.bytes(&id.0);
    let method: &[u8] = match query {
        Query::Ping => b"ping",
        Query::FindNode(target, _) => {
            out.entry("target", &target.0);
            write_want(family, &mut out);
            b"find_node"
        }
        Query::GetPeers(info_hash, _) => {
            out.entry("info_hash", &info_hash.0);
            write_want(family, &mut out);
            b"get_peers"
        }
        Query::Scrape(info_hash, _) => {
            out.entry("info_hash", &info_hash.0);
            out.raw(b"6:scrapei1e");
            write_want(family, &mut out);
            b"get_peers"
        }
        Query::AnnouncePeer {
            info_hash,
            port,
            token,
            seed,
        } => {
            out.int_entry("implied_port", u64::from(port.is_none()));
            out.entry("info_hash", &info_hash.0);
            out.int_entry("port", u64::from(port.unwrap_or_default()));
            if *seed {
                out.raw(b"4:seedi1e");
            }
            out.entry("token", token);
            b"announce_peer"
        }
        Query::Sample(target, _) => {
            out.entry("target", &target.0);
            write_want(family, &mut out);
            b"sample_infohashes"
        }
        // Nobody asks them.
        Query::Malformed | Query::Unknown => b"",
    };
    out.raw(b"e");
    out.entry("q", method);
    if read_only {
        out.raw(b"2:roi1e");
    }
    close(out, transaction, b"q")
}

/// An answer to who sent from `to`.
pub fn write_answer(transaction: &[u8], id: NodeId, to: SocketAddr, answer: &Answer) -> Vec<u8> {
    let mut out = Writer::new(b"d2:ip");
    write_address(to, &mut out);
    out.raw(b"1:rd");
    if let Some(filters) = &answer.filters {
        out.entry("BFpe", filters.downloaders.as_wire());
        out.entry("BFsd", filters.seeds.as_wire());
    }
    out.entry("id", &id.0);
    if answer.samples.is_some() {
        out.int_entry("interval", limits::SAMPLE_INTERVAL.as_secs());
    }
    if let Some(nodes) = &answer.nodes {
        write_entries(IpFamily::V4, nodes, &mut out);
    }
    if let Some(nodes) = &answer.nodes6 {
        write_entries(IpFamily::V6, nodes, &mut out);
    }
    if let Some((samples, stored)) = &answer.samples {
        out.int_entry("num", *stored as u64);
        let samples: Vec<u8> = samples.iter().flat_map(|it| it.0).collect();
        out.entry("samples", &samples);
    }
    if let Some(token) = &answer.token {
        out.entry("token", token);
    }
    if !answer.peers.is_empty() {
        out.raw(b"6:valuesl");
        let peers = answer.peers.iter();
        peers.for_each(|it| write_address(*it, &mut out));
        out.raw(b"e");
    }
    out.raw(b"e");
    close(out, transaction, b"r")
}

/// A refusal: 203 for a malformed query or a bad token, 204 for an unknown one (BEP 5).
pub fn write_error(transaction: &[u8], code: u16, text: &str) -> Vec<u8> {
    let mut out = Writer::new(b"d1:el");
    out.int(code.into());
    out.bytes(text.as_bytes());
    out.raw(b"e");
    close(out, transaction, b"e")
}

fn write_address(address: SocketAddr, out: &mut Writer) {
    let len = IpFamily::of(address.ip()).address_bytes();
    write_compact(address, out.begin_bytes(len));
}

fn write_want(family: IpFamily, out: &mut Writer) {
    out.raw(b"4:wantl");
    out.bytes(family.want());
    out.raw(b"e");
}

fn write_entries(family: IpFamily, nodes: &[Contact], out: &mut Writer) {
    out.bytes(family.nodes_key().as_bytes());
    write_nodes(nodes, out.begin_bytes(nodes.len() * family.node_bytes()));
}

/// `t`, `v` and `y`, which every message ends with.
fn close(mut out: Writer, transaction: &[u8], kind: &[u8]) -> Vec<u8> {
    out.entry("t", transaction);
    out.entry("v", CLIENT);
    out.entry("y", kind);
    out.end(b"e")
}
