//! Whole documents, checked and read out.

use std::net::Ipv4Addr;

use bendy::decoding::{Decoder, DictDecoder, ListDecoder, Object};
use bip_bencode::BRefAccess;
use bta::protocol::bencode::{self, Node, Tail};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use torrent_core::bencode::{self as core, Bencode};

use crate::SEED;
use crate::common::Table;
use crate::contest::Contest;

pub(crate) fn hold(table: &mut Table) {
    let torrent = torrent();
    Contest::new(
        "bencode: .torrent, 100 files, 1,000 pieces",
        1,
        torrent.len(),
    )
    .enter("bta (bip_bencode)", || torrent_by_bta(&torrent), |it| it)
    .enter(
        "librqbit-bencode",
        || torrent_by_librqbit(&torrent),
        |it| it,
    )
    .enter("bendy", || torrent_by_bendy(&torrent), |it| it)
    .enter("torrent-core", || torrent_by_core(&torrent), |it| it)
    .hold(table);
    let answer = answer();
    Contest::new(
        "bencode: tracker's answer, 50 peers as dictionaries",
        1,
        answer.len(),
    )
    .enter("bta (bip_bencode)", || answer_by_bta(&answer), |it| it)
    .enter("librqbit-bencode", || answer_by_librqbit(&answer), |it| it)
    .enter("bendy", || answer_by_bendy(&answer), |it| it)
    .enter("torrent-core", || answer_by_core(&answer), |it| it)
    .hold(table);
}

fn entry(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    text(out, key.as_bytes());
    text(out, value);
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(format!("{}:", bytes.len()).bytes());
    out.extend(bytes);
}

fn torrent() -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    let mut out = b"d".to_vec();
    entry(&mut out, "announce", b"http://tracker.example/announce");
    out.extend(b"13:creation datei1795405441e4:infod5:filesl");
    for number in 0..100 {
        let length = rng.random_range(1..1_u64 << 30);
        out.extend(format!("d6:lengthi{length}e4:pathl").bytes());
        text(&mut out, b"a folder");
        text(&mut out, format!("file {number}.bin").as_bytes());
        out.extend(b"ee");
    }
    out.extend(b"e");
    entry(&mut out, "name", b"what it is called");
    out.extend(b"12:piece lengthi4194304e");
    let mut pieces = vec![0; 20_000];
    rng.fill(&mut pieces[..]);
    entry(&mut out, "pieces", &pieces);
    out.extend(b"ee");
    out
}

fn answer() -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    let mut out = b"d8:completei12e10:incompletei38e8:intervali1800e5:peersl".to_vec();
    for _ in 0..50 {
        out.extend(b"d");
        entry(
            &mut out,
            "ip",
            Ipv4Addr::from(rng.random::<[u8; 4]>())
                .to_string()
                .as_bytes(),
        );
        entry(&mut out, "peer id", &rng.random::<[u8; 20]>());
        out.extend(format!("4:porti{}ee", rng.random::<u16>()).bytes());
    }
    out.extend(b"ee");
    out
}

/// Sum of the files' lengths, number of names in their paths, piece length, length of `pieces`.
type TorrentRead = (i64, usize, i64, usize);

fn torrent_by_bta(bytes: &[u8]) -> TorrentRead {
    let root = bencode::decode(bytes, bytes.len(), Tail::Refused).unwrap();
    let info = root.field("info").unwrap();
    let (mut length, mut names) = (0, 0);
    for file in info.items_at("files") {
        length += file.int_at("length").unwrap();
        names += file.items_at("path").filter_map(|it| it.bytes()).count();
    }
    let pieces = info.bytes_at("pieces").unwrap().len();
    (length, names, info.int_at("piece length").unwrap(), pieces)
}

fn torrent_by_librqbit(bytes: &[u8]) -> TorrentRead {
    #[derive(Deserialize)]
    struct Torrent<'a> {
        #[serde(borrow)]
        info: Info<'a>,
    }
    #[derive(Deserialize)]
    struct Info<'a> {
        #[serde(borrow)]
        files: Vec<File<'a>>,
        #[serde(rename = "piece length")]
        piece_length: i64,
        pieces: &'a [u8],
    }
    #[derive(Deserialize)]
    struct File<'a> {
        length: i64,
        #[serde(borrow)]
        path: Vec<&'a [u8]>,
    }
    let root: Torrent<'_> = librqbit_bencode::from_bytes(bytes).unwrap();
    let info = root.info;
    let length = info.files.iter().map(|it| it.length).sum();
    let names = info.files.iter().map(|it| it.path.len()).sum();
    (length, names, info.piece_length, info.pieces.len())
}

fn torrent_by_bendy(bytes: &[u8]) -> TorrentRead {
    let mut read = TorrentRead::default();
    pairs(root(&mut Decoder::new(bytes)), |key, value| {
        if key == b"info" {
            info_by_bendy(value.try_into_dictionary().unwrap(), &mut read);
        }
    });
    read
}

fn info_by_bendy(info: DictDecoder<'_, '_>, read: &mut TorrentRead) {
    pairs(info, |key, value| match key {
        b"files" => items(value.try_into_list().unwrap(), |file| {
            let file = file.try_into_dictionary().unwrap();
            pairs(file, |key, value| match key {
                b"length" => read.0 += number(value),
                b"path" => items(value.try_into_list().unwrap(), |it| {
                    read.1 += usize::from(it.try_into_bytes().is_ok());
                }),
                _ => {}
            });
        }),
        b"piece length" => read.2 = number(value),
        b"pieces" => read.3 = value.try_into_bytes().unwrap().len(),
        _ => {}
    });
}

fn torrent_by_core(bytes: &[u8]) -> TorrentRead {
    let (root, _) = core::decode(bytes).unwrap();
    let info = core::dict_get(&root, b"info").unwrap();
    let (mut length, mut names) = (0, 0);
    for file in list(core::dict_get(info, b"files")) {
        length += core::dict_get_int(file, b"length").unwrap();
        names += list(core::dict_get(file, b"path")).len();
    }
    let pieces = core::dict_get_bytes(info, b"pieces").unwrap().len();
    let piece_length = core::dict_get_int(info, b"piece length").unwrap();
    (length, names, piece_length, pieces)
}

/// The interval, and the sums of the ports and of the lengths of addresses and ids.
type AnswerRead = (i64, i64, usize);

fn answer_by_bta(bytes: &[u8]) -> AnswerRead {
    let root = bencode::decode(bytes, bytes.len(), Tail::Refused).unwrap();
    let mut read = (root.int_at("interval").unwrap(), 0, 0);
    for peer in root.items_at("peers") {
        read.1 += peer.int_at("port").unwrap();
        read.2 += peer.bytes_at("ip").unwrap().len() + peer.bytes_at("peer id").unwrap().len();
    }
    read
}

fn answer_by_librqbit(bytes: &[u8]) -> AnswerRead {
    #[derive(Deserialize)]
    struct Answer<'a> {
        interval: i64,
        #[serde(borrow)]
        peers: Vec<Peer<'a>>,
    }
    #[derive(Deserialize)]
    struct Peer<'a> {
        ip: &'a [u8],
        #[serde(rename = "peer id")]
        id: &'a [u8],
        port: i64,
    }
    let root: Answer<'_> = librqbit_bencode::from_bytes(bytes).unwrap();
    let ports = root.peers.iter().map(|it| it.port).sum();
    let lengths = root.peers.iter().map(|it| it.ip.len() + it.id.len()).sum();
    (root.interval, ports, lengths)
}

fn answer_by_bendy(bytes: &[u8]) -> AnswerRead {
    let mut read = AnswerRead::default();
    pairs(root(&mut Decoder::new(bytes)), |key, value| match key {
        b"interval" => read.0 = number(value),
        b"peers" => items(value.try_into_list().unwrap(), |peer| {
            pairs(
                peer.try_into_dictionary().unwrap(),
                |key, value| match key {
                    b"port" => read.1 += number(value),
                    b"ip" | b"peer id" => read.2 += value.try_into_bytes().unwrap().len(),
                    _ => {}
                },
            );
        }),
        _ => {}
    });
    read
}

fn answer_by_core(bytes: &[u8]) -> AnswerRead {
    let (root, _) = core::decode(bytes).unwrap();
    let mut read = (core::dict_get_int(&root, b"interval").unwrap(), 0, 0);
    for peer in list(core::dict_get(&root, b"peers")) {
        read.1 += core::dict_get_int(peer, b"port").unwrap();
        let text = |key: &[u8]| core::dict_get_bytes(peer, key).unwrap().len();
        read.2 += text(b"ip") + text(b"peer id");
    }
    read
}

fn list(value: Option<&Bencode>) -> &[Bencode] {
    match value {
        Some(Bencode::List(items)) => items,
        _ => &[],
    }
}

fn root<'o, 'b>(decoder: &'o mut Decoder<'b>) -> DictDecoder<'o, 'b> {
    let root = decoder.next_object().unwrap().unwrap();
    root.try_into_dictionary().unwrap()
}

fn pairs<'b>(mut dict: DictDecoder<'_, 'b>, mut each: impl FnMut(&[u8], Object<'_, 'b>)) {
    while let Some((key, value)) = dict.next_pair().unwrap() {
        each(key, value);
    }
}

fn items<'b>(mut list: ListDecoder<'_, 'b>, mut each: impl FnMut(Object<'_, 'b>)) {
    while let Some(value) = list.next_object().unwrap() {
        each(value);
    }
}

fn number(value: Object<'_, '_>) -> i64 {
    value.try_into_integer().unwrap().parse().unwrap()
}
