//! DHT messages read and written. `mainline` and librqbit keep theirs to themselves; both
//! let serde read what stands in a struct, and so does "serde" here.

use std::net::{Ipv4Addr, SocketAddr};

use bta::protocol::address::IpFamily;
use bta::protocol::dht::krpc::{self, Answer, Body, Query, Want};
use bta::protocol::dht::{Contact, NodeId};
use bta::protocol::info_hash::InfoHash;
use librqbit_bencode::bencode_serialize_to_writer;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use torrent_core::bencode::{Bencode, dict_get_bytes};
use torrent_core::dht::Node;
use torrent_core::dht::krpc::{self as core, KrpcMessage};

use crate::SEED;
use crate::common::Table;
use crate::contest::Contest;

const BTA: &str = "bta";
const SERDE: &str = "serde, librqbit-bencode";
const CORE: &str = "torrent-core";
const TRANSACTION: [u8; 2] = *b"aa";

#[derive(Serialize, Deserialize)]
struct Krpc<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    a: Option<Arguments<'a>>,
    #[serde(with = "raw_option", default, skip_serializing_if = "Option::is_none")]
    ip: Option<&'a [u8]>,
    #[serde(with = "raw_option", default, skip_serializing_if = "Option::is_none")]
    q: Option<&'a [u8]>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    r: Option<Response<'a>>,
    #[serde(with = "raw")]
    t: &'a [u8],
    #[serde(with = "raw_option", default)]
    v: Option<&'a [u8]>,
    #[serde(with = "raw")]
    y: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Arguments<'a> {
    #[serde(with = "raw")]
    id: &'a [u8],
    #[serde(with = "raw")]
    info_hash: &'a [u8],
    #[serde(borrow)]
    want: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct Response<'a> {
    #[serde(with = "raw")]
    id: &'a [u8],
    #[serde(with = "raw")]
    nodes: &'a [u8],
    #[serde(with = "raw")]
    token: &'a [u8],
}

/// Byte strings, which serde would write as lists.
mod raw {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<&'a [u8], D::Error> {
        Deserialize::deserialize(from)
    }
}

mod raw_option {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<&[u8]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes.unwrap_or_default())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(
        from: D,
    ) -> Result<Option<&'a [u8]>, D::Error> {
        Deserialize::deserialize(from).map(Some)
    }
}

pub(crate) fn hold(table: &mut Table) {
    let mut rng = SmallRng::seed_from_u64(SEED);
    let (id, info_hash) = (NodeId(rng.random()), InfoHash(rng.random()));
    query(table, id, info_hash);
    answer(table, id, &mut rng);
}

fn query(table: &mut Table, id: NodeId, info_hash: InfoHash) {
    let want = Want {
        v4: true,
        v6: false,
    };
    let query = Query::GetPeers(info_hash, want);
    let write = || krpc::write_query(&TRANSACTION, id, IpFamily::V4, &query, false);
    let bytes = write();
    let told = |bytes: &[u8]| krpc::read(bytes).unwrap().body;
    Contest::new("KRPC: get_peers read", 1, bytes.len())
        .enter(BTA, || told(&bytes), |it| it)
        .enter(SERDE, || query_by_serde(&bytes), |it| it)
        .enter(CORE, || query_by_core(&bytes), |it| it)
        .hold(table);
    Contest::new("KRPC: get_peers written", 1, bytes.len())
        .enter(BTA, write, |it| told(&it))
        .enter(
            SERDE,
            || write_query_by_serde(id, info_hash),
            |it| told(&it),
        )
        .enter(
            CORE,
            || core::build_get_peers(TRANSACTION, &id.0, &info_hash.0, Some(&["n4"])),
            |it| told(&it),
        )
        .hold(table);
}

fn query_by_serde(bytes: &[u8]) -> Body {
    let message: Krpc<'_> = librqbit_bencode::from_bytes(bytes).unwrap();
    let arguments = message.a.unwrap();
    assert!(message.y == b"q" && message.q == Some(b"get_peers"));
    let want = Want {
        v4: arguments.want.contains(&"n4"),
        v6: arguments.want.contains(&"n6"),
    };
    let info_hash = InfoHash(arguments.info_hash.try_into().unwrap());
    Body::Query(node_id(arguments.id), Query::GetPeers(info_hash, want))
}

fn query_by_core(bytes: &[u8]) -> Body {
    let Ok(KrpcMessage::Query { method, args, .. }) = KrpcMessage::from_bytes(bytes) else {
        panic!("no query");
    };
    assert_eq!(method, "get_peers");
    let Some(Bencode::List(wanted)) = torrent_core::bencode::dict_get(&args, b"want") else {
        panic!("nothing wanted");
    };
    let wants = |word: &[u8]| {
        wanted
            .iter()
            .any(|it| matches!(it, Bencode::Bytes(it) if it == word))
    };
    let want = Want {
        v4: wants(b"n4"),
        v6: wants(b"n6"),
    };
    let field = |key: &[u8]| dict_get_bytes(&args, key).unwrap().as_ref();
    let info_hash = InfoHash(field(b"info_hash").try_into().unwrap());
    Body::Query(node_id(field(b"id")), Query::GetPeers(info_hash, want))
}

fn write_query_by_serde(id: NodeId, info_hash: InfoHash) -> Vec<u8> {
    let arguments = Arguments {
        id: &id.0,
        info_hash: &info_hash.0,
        want: vec!["n4"],
    };
    written(&Krpc {
        a: Some(arguments),
        ip: None,
        q: Some(b"get_peers"),
        r: None,
        t: &TRANSACTION,
        v: Some(b"BA\x01\x00"),
        y: b"q",
    })
}

fn answer(table: &mut Table, id: NodeId, rng: &mut SmallRng) {
    let mut node = || {
        let ip = Ipv4Addr::from(rng.random::<[u8; 4]>());
        Contact {
            id: NodeId(rng.random()),
            address: SocketAddr::from((ip, rng.random())),
        }
    };
    let nodes: Vec<_> = (0..8).map(|_| node()).collect();
    let to = node().address;
    let theirs = nodes.iter().map(|it| Node {
        id: it.id.0,
        addr: it.address,
    });
    let theirs: Vec<_> = theirs.collect();
    let token = b"aoeusnth";
    let answer = Answer {
        nodes: Some(nodes.clone()),
        token: Some(token.to_vec()),
        ..Answer::default()
    };
    let write = || krpc::write_answer(&TRANSACTION, id, to, &answer);
    let bytes = write();
    let told = |bytes: &[u8]| match krpc::read(bytes).unwrap().body {
        Body::Answer(heard) => (heard.id, heard.nodes),
        other => panic!("{other:?}"),
    };
    Contest::new("KRPC: answer with 8 nodes read", 1, bytes.len())
        .enter(BTA, || told(&bytes), |it| it)
        .enter(SERDE, || answer_by_serde(&bytes), |it| it)
        .enter(CORE, || answer_by_core(&bytes), |it| it)
        .hold(table);
    Contest::new("KRPC: answer with 8 nodes written", 1, bytes.len())
        .enter(BTA, write, |it| told(&it))
        .enter(
            SERDE,
            || write_answer_by_serde(id, &nodes, token),
            |it| told(&it),
        )
        .enter(
            CORE,
            || core::build_get_peers_response_nodes(TRANSACTION, &id.0, token, &theirs),
            |it| told(&it),
        )
        .hold(table);
}

fn answer_by_serde(bytes: &[u8]) -> (NodeId, Vec<Contact>) {
    let message: Krpc<'_> = librqbit_bencode::from_bytes(bytes).unwrap();
    assert!(message.y == b"r");
    let response = message.r.unwrap();
    let nodes = response.nodes.chunks_exact(26).map(|it| {
        let [a, b, c, d, high, low] = it[20..].try_into().unwrap();
        Contact {
            id: node_id(&it[..20]),
            address: SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low]))),
        }
    });
    (node_id(response.id), nodes.collect())
}

fn answer_by_core(bytes: &[u8]) -> (NodeId, Vec<Contact>) {
    let message = KrpcMessage::from_bytes(bytes).unwrap();
    let id = core::parse_ping_response(&message).unwrap();
    let Ok(core::GetPeersResult::Nodes(nodes)) = core::parse_get_peers_response(&message) else {
        panic!("no nodes");
    };
    let nodes = nodes.into_iter().map(|it| Contact {
        id: NodeId(it.id),
        address: it.addr,
    });
    (NodeId(id), nodes.collect())
}

fn write_answer_by_serde(id: NodeId, nodes: &[Contact], token: &[u8]) -> Vec<u8> {
    let mut compact = Vec::with_capacity(26 * nodes.len());
    for node in nodes {
        compact.extend(node.id.0);
        if let SocketAddr::V4(address) = node.address {
            compact.extend(address.ip().octets());
            compact.extend(address.port().to_be_bytes());
        }
    }
    written(&Krpc {
        a: None,
        ip: Some(&[9, 9, 9, 9, 0, 80]),
        q: None,
        r: Some(Response {
            id: &id.0,
            nodes: &compact,
            token,
        }),
        t: &TRANSACTION,
        v: Some(b"BA\x01\x00"),
        y: b"r",
    })
}

fn written(message: &Krpc<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    bencode_serialize_to_writer(message, &mut out).unwrap();
    out
}

fn node_id(bytes: &[u8]) -> NodeId {
    NodeId(bytes.try_into().unwrap())
}
