//! Peer messages out of a stream and into one.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use bta::protocol::peer::extended::{ExtensionIds, our_ids};
use bta::protocol::peer::frame::{FrameReader, Verdict};
use bta::protocol::peer::message::Message;
use bta::protocol::peer::pex::PexFlags;
use bta::protocol::peer::{ExtendedHello, PeerExchange};
use librqbit_bencode::ByteBuf;
use librqbit_peer_protocol as librqbit;
use librqbit_peer_protocol::extended::handshake::ExtendedHandshake;
use librqbit_peer_protocol::extended::ut_pex::UtPex;
use librqbit_peer_protocol::extended::{ExtendedMessage, PeerExtendedMessageIds};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use torrent_core::peer as core;

use crate::SEED;
use crate::common::Table;
use crate::contest::Contest;

const BTA: &str = "bta";
const LIBRQBIT: &str = "librqbit-peer-protocol";
const CORE: &str = "torrent-core";

/// What one read of a socket brings at saturation.
const READ_BYTES: usize = 16 << 10;

/// As libtorrent 2.0 sends it.
const HELLO: &[u8] = b"d12:complete_agoi1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e\
    12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei352e4:reqqi500e\
    11:upload_onlyi1e1:v18:libtorrent/2.0.8.06:yourip4:\x7f\x00\x00\x01e";

pub(crate) fn hold(table: &mut Table) {
    let mut rng = SmallRng::seed_from_u64(SEED);
    haves(table, &mut rng);
    for pieces in [1_000, 10_000] {
        bitfield(table, pieces, &mut rng);
    }
    hello(table);
    exchange(table, &mut rng);
    written(table, &mut rng);
}

fn haves(table: &mut Table, rng: &mut SmallRng) {
    let mut stream = Vec::new();
    let count = READ_BYTES / 9;
    (0..count).for_each(|_| Message::Have(rng.random()).encode(&mut stream));
    Contest::new("peer: HAVE out of a stream", count, stream.len())
        .enter(BTA, || haves_by_bta(&stream), |it| it)
        .enter(LIBRQBIT, || haves_by_librqbit(&stream), |it| it)
        .enter(CORE, || haves_by_core(&stream), |it| it)
        .hold(table);
}

fn haves_by_bta(mut input: &[u8]) -> u64 {
    let (mut reader, mut sum) = (FrameReader::default(), 0);
    while let Some(body) = next(&mut reader, &mut input)
        && let Ok(Message::Have(piece)) = Message::decode(body)
    {
        sum += u64::from(piece);
    }
    sum
}

fn haves_by_librqbit(mut input: &[u8]) -> u64 {
    let mut sum = 0;
    while let Ok((librqbit::Message::Have(piece), length)) =
        librqbit::Message::deserialize(input, &[])
    {
        sum += u64::from(piece);
        input = &input[length..];
    }
    sum
}

fn haves_by_core(mut input: &[u8]) -> u64 {
    let mut sum = 0;
    // It leaves cutting to its caller.
    while let Some((length, _)) = input.split_first_chunk() {
        let length = 4 + u32::from_be_bytes(*length) as usize;
        let Ok(core::PeerMessage::Have(piece)) = core::decode(input) else {
            break;
        };
        sum += u64::from(piece);
        input = input.get(length..).unwrap_or_default();
    }
    sum
}

fn bitfield(table: &mut Table, pieces: usize, rng: &mut SmallRng) {
    let mut bits = vec![0; pieces / 8];
    rng.fill(&mut bits[..]);
    let stream = frame(Message::Bitfield(&bits));
    let name = format!("peer: BITFIELD of {pieces} pieces out of a stream");
    Contest::new(&name, 1, stream.len())
        .enter(
            BTA,
            || {
                first(&stream, |it| match it {
                    Message::Bitfield(bits) => (bits.len(), bits[7]),
                    _ => (0, 0),
                })
            },
            |it| it,
        )
        .enter(
            LIBRQBIT,
            || match librqbit::Message::deserialize(&stream, &[]) {
                Ok((librqbit::Message::Bitfield(bits), _)) => {
                    (bits.as_ref().len(), bits.as_ref()[7])
                }
                _ => (0, 0),
            },
            |it| it,
        )
        .enter(
            CORE,
            || match core::decode(&stream) {
                Ok(core::PeerMessage::Bitfield(bits)) => (bits.len(), bits[7]),
                _ => (0, 0),
            },
            |it| it,
        )
        .hold(table);
}

fn hello(table: &mut Table) {
    let stream = frame(Message::Extended {
        id: 0,
        payload: HELLO,
    });
    Contest::new("peer: extension handshake of libtorrent", 1, stream.len())
        .enter(
            BTA,
            || {
                first(&stream, |it| match it {
                    Message::Extended { id: 0, payload } => ExtendedHello::decode(payload).unwrap(),
                    _ => ExtendedHello::default(),
                })
            },
            |it| {
                (
                    it.v.unwrap(),
                    it.reqq,
                    it.metadata_size,
                    it.ids.ut_pex,
                    it.ids.ut_metadata,
                )
            },
        )
        .enter(
            LIBRQBIT,
            || match librqbit::Message::deserialize(&stream, &[]) {
                Ok((librqbit::Message::Extended(ExtendedMessage::Handshake(it)), _)) => {
                    let name = String::from_utf8_lossy(it.v.unwrap().0).into_owned();
                    (
                        name,
                        it.reqq,
                        it.metadata_size,
                        it.m.ut_pex,
                        it.m.ut_metadata,
                    )
                }
                _ => Default::default(),
            },
            |it| it,
        )
        .hold(table);
}

fn exchange(table: &mut Table, rng: &mut SmallRng) {
    let said = said(rng);
    let payload = said.encode();
    let id = our_ids::PEX;
    let stream = frame(Message::Extended {
        id,
        payload: &payload,
    });
    Contest::new("peer: exchange, 50 added, 20 dropped", 1, stream.len())
        .enter(
            BTA,
            || {
                first(&stream, |it| match it {
                    Message::Extended { payload, .. } => PeerExchange::decode(payload).unwrap(),
                    _ => PeerExchange::default(),
                })
            },
            |it| it,
        )
        .enter(
            LIBRQBIT,
            || match librqbit::Message::deserialize(&stream, &[]) {
                Ok((librqbit::Message::Extended(ExtendedMessage::UtPex(it)), _)) => {
                    let added = it.added_peers().map(|it| (it.addr, PexFlags(it.flags)));
                    let dropped = it.dropped_peers().map(|it| it.addr);
                    PeerExchange {
                        added: added.collect(),
                        dropped: dropped.collect(),
                    }
                }
                _ => PeerExchange::default(),
            },
            |it| it,
        )
        .hold(table);
}

fn written(table: &mut Table, rng: &mut SmallRng) {
    let ids = PeerExtendedMessageIds::my;
    let pieces: Vec<u32> = (0..READ_BYTES / 9).map(|_| rng.random()).collect();
    Contest::new("peer: HAVE into a stream", pieces.len(), 9 * pieces.len())
        .enter(
            BTA,
            || {
                let mut out = Vec::with_capacity(READ_BYTES);
                pieces
                    .iter()
                    .for_each(|it| Message::Have(*it).encode(&mut out));
                out
            },
            |it| it,
        )
        .enter(
            LIBRQBIT,
            || {
                let (mut out, mut at) = (vec![0; READ_BYTES], 0);
                for piece in &pieces {
                    let message = librqbit::Message::Have(*piece);
                    at += message.serialize(&mut out[at..], &ids).unwrap();
                }
                out.truncate(at);
                out
            },
            |it| it,
        )
        .hold(table);
    let (ours, theirs) = hellos();
    let length = frame(Message::Extended {
        id: 0,
        payload: &ours.encode(),
    })
    .len();
    Contest::new("peer: extension handshake written", 1, length)
        .enter(
            BTA,
            || {
                frame(Message::Extended {
                    id: 0,
                    payload: &ours.encode(),
                })
            },
            |it| it,
        )
        .enter(
            LIBRQBIT,
            || {
                let mut out = vec![0; 512];
                let length = theirs.serialize(&mut out, &ids).unwrap();
                out.truncate(length);
                out
            },
            |it| it,
        )
        .hold(table);
    let said = PeerExchange {
        // Theirs writes no flags.
        added: Vec::new(),
        dropped: said(rng).added.into_iter().map(|it| it.0).collect(),
    };
    let id = our_ids::PEX;
    let length = frame(Message::Extended {
        id,
        payload: &said.encode(),
    })
    .len();
    Contest::new("peer: exchange written, 50 dropped", 1, length)
        .enter(
            BTA,
            || {
                frame(Message::Extended {
                    id,
                    payload: &said.encode(),
                })
            },
            |it| it,
        )
        .enter(
            LIBRQBIT,
            || {
                let list = UtPex::from_addrs(std::iter::empty(), said.dropped.iter().copied());
                let message = ExtendedMessage::UtPex(list.as_borrowed());
                let mut out = vec![0; 512];
                let message = librqbit::Message::Extended(message);
                let length = message.serialize(&mut out, &ids).unwrap();
                out.truncate(length);
                out
            },
            |it| it,
        )
        .hold(table);
}

/// The same of both.
fn hellos() -> (ExtendedHello, librqbit::Message<'static>) {
    let ours = ExtendedHello {
        v: Some("bta 0.1.0".to_owned()),
        p: Some(6881),
        reqq: Some(250),
        ids: ExtensionIds {
            ut_pex: Some(librqbit::MY_EXTENDED_UT_PEX),
            ut_metadata: Some(librqbit::MY_EXTENDED_UT_METADATA),
            ..ExtensionIds::default()
        },
        yourip: None,
        ..ExtendedHello::default()
    };
    let theirs = ExtendedHandshake {
        v: Some(ByteBuf(b"bta 0.1.0")),
        p: Some(6881),
        reqq: Some(250),
        ..ExtendedHandshake::new()
    };
    let theirs = librqbit::Message::Extended(ExtendedMessage::Handshake(theirs));
    (ours, theirs)
}

fn said(rng: &mut SmallRng) -> PeerExchange {
    let mut address = || {
        let ip = Ipv4Addr::from(rng.random::<[u8; 4]>());
        SocketAddr::from((ip, rng.random()))
    };
    let dropped = (0..20).map(|_| address()).collect();
    let added = (0..50).map(|it| (address(), PexFlags(it % 32)));
    PeerExchange {
        added: added.collect(),
        dropped,
    }
}

fn frame(message: Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}

/// What is read of the stream's first message.
fn first<T>(mut stream: &[u8], read: impl Fn(Message<'_>) -> T) -> T {
    let mut reader = FrameReader::default();
    let body = next(&mut reader, &mut stream).unwrap();
    read(Message::decode(body).unwrap())
}

fn next<'s, 'i: 's>(reader: &'s mut FrameReader, input: &mut &'i [u8]) -> Option<&'s [u8]> {
    let body = reader.next(input, |_| Ok::<_, Infallible>(Verdict::Keep));
    body.unwrap_or_else(|never| match never {})
}
