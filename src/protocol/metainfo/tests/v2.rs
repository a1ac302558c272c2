//! Version 2 and hybrids.

use sha2::{Digest, Sha256};

use super::*;

/// Made by libtorrent, see the folder's README.
const V2_ONLY: &[u8] = include_bytes!("../../../../tests/data/v2-only.torrent");

fn sha256(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    Sha256::digest([left, right].concat()).into()
}

/// A byte string.
fn text(bytes: &[u8]) -> Vec<u8> {
    [format!("{}:", bytes.len()).as_bytes(), bytes].concat()
}

/// A file in a tree: its length, and its root if it has one.
fn file(name: &str, len: u64, root: Option<[u8; 32]>) -> Vec<u8> {
    let mut bytes = text(name.as_bytes());
    bytes.extend(format!("d0:d6:lengthi{len}e").bytes());
    if let Some(root) = root {
        bytes.extend([text(b"pieces root"), text(&root)].concat());
    }
    bytes.extend(b"ee");
    bytes
}

/// A document with a tree of these entries, more in the info dictionary behind the
/// piece length, and these layers.
fn document(
    entries: &[Vec<u8>],
    piece: u64,
    more: &str,
    layers: &[([u8; 32], Vec<u8>)],
) -> Vec<u8> {
    let mut bytes = b"d4:infod9:file treed".to_vec();
    bytes.extend(entries.concat());
    bytes.extend(format!("e12:meta versioni2e4:name1:x12:piece lengthi{piece}e{more}e").bytes());
    bytes.extend(b"12:piece layersd");
    for (root, hashes) in layers {
        bytes.extend([text(root), text(hashes)].concat());
    }
    bytes.extend(b"ee");
    bytes
}

const A: [u8; 32] = [0xaa; 32];
const B: [u8; 32] = [0xbb; 32];
const C: [u8; 32] = [0xcc; 32];
const OUT_OF_RANGE: MetainfoError = MetainfoError::OutOfRange { key: "file tree" };

#[test]
fn each_file_begins_a_piece() {
    let two = sha256(A, B);
    let files = [
        file("a", 1, Some(A)),
        file("b", 16_385, Some(two)),
        file("c", 0, None),
        file("d", 16_384, Some(B)),
    ];
    let bytes = document(&files, 16_384, "", &[(two, [A, B].concat())]);
    let metainfo = Metainfo::parse(&bytes).unwrap();
    assert_eq!((metainfo.pieces, metainfo.files), (1 + 2 + 1, 4));
    assert_eq!(metainfo.total_len_bytes, 1 + 16_385 + 16_384);
    let info = &bytes[7..bytes
        .windows(15)
        .position(|it| it == b"12:piece layers")
        .unwrap()];
    assert_eq!(metainfo.info_hash_v2, Some(InfoHashV2::of_info(info)));
    assert_eq!(metainfo.name, "x");
}

#[test]
fn what_peers_give_has_no_layers() {
    let whole = V2_ONLY;
    let start = whole.windows(6).position(|it| it == b"4:info").unwrap() + 6;
    let end = whole
        .windows(15)
        .position(|it| it == b"12:piece layers")
        .unwrap();
    let metadata = Metainfo::file_of(&whole[start..end]);
    let (given, read) = (Metainfo::parse(&metadata), Metainfo::parse(whole));
    let (given, read) = (given.unwrap(), read.unwrap());
    assert_eq!(given.hashes(), read.hashes());
    assert_eq!(given.pieces, read.pieces);
}

#[test]
fn layers_lead_to_their_roots() {
    // Pieces of two blocks: a missing one has the root of two zeros.
    let three = sha256(sha256(A, B), sha256(C, sha256([0; 32], [0; 32])));
    let parse = |layers: &[([u8; 32], Vec<u8>)]| {
        // Two files of the same content have one layer.
        let files = [
            file("a", 70_000, Some(three)),
            file("b", 70_001, Some(three)),
        ];
        Metainfo::parse(&document(&files, 32_768, "", layers)).map(|it| it.pieces)
    };
    assert_eq!(parse(&[(three, [A, B, C].concat())]), Ok(6));
    for wrong in [
        vec![],
        vec![(A, [A, B, C].concat())],
        vec![(three, [A, C, B].concat())],
        vec![(three, [A, B].concat())],
        vec![(three, vec![0xaa; 95])],
    ] {
        assert_eq!(parse(&wrong), Err(MetainfoError::PieceLayers), "{wrong:x?}");
    }
}

#[test]
fn refuses_trees_that_make_no_sense() {
    let parse = |entries: &[Vec<u8>], piece| Metainfo::parse(&document(entries, piece, "", &[]));
    let one = [file("a", 1, Some(A))];
    assert!(parse(&one, 16_384).is_ok());
    let out_of_range = |key| Err(MetainfoError::OutOfRange { key });
    for piece in [8_192, 16_385, 24_576, 1 << 31] {
        assert_eq!(parse(&one, piece), out_of_range("piece length"), "{piece}");
    }
    assert_eq!(parse(&[], 16_384), Err(MetainfoError::NoPieces));
    assert_eq!(
        parse(&[file("a", 0, None)], 16_384),
        Err(MetainfoError::NoPieces)
    );
    let key = "pieces root";
    assert_eq!(
        parse(&[file("a", 1, None)], 16_384),
        Err(MetainfoError::Missing { key })
    );
    let short = b"1:ad0:d6:lengthi1e11:pieces root1:xee".to_vec();
    assert_eq!(parse(&[short], 16_384), out_of_range(key));
    let negative = b"1:ad0:d6:lengthi-1eee".to_vec();
    assert_eq!(parse(&[negative], 16_384), out_of_range("length"));
    let huge = [
        file("a", i64::MAX as u64, Some(A)),
        file("b", i64::MAX as u64, Some(A)),
        file("c", 2, Some(A)),
    ];
    assert_eq!(parse(&huge, 16_384), out_of_range("length"));
    assert_eq!(
        parse(&[file("a", 1 << 50, Some(A))], 16_384),
        Err(MetainfoError::PieceLayers)
    );
    for odd in [
        "1:ai1e",
        "0:d6:lengthi1ee",
        "1:ad0:d6:lengthi0ee1:bd0:d6:lengthi0eeee",
    ] {
        assert_eq!(
            parse(&[odd.as_bytes().to_vec()], 16_384),
            Err(OUT_OF_RANGE),
            "{odd}"
        );
    }
    let deep = [b"1:ad".repeat(40), file("a", 1, Some(A)), b"e".repeat(40)].concat();
    let deep = parse(&[deep], 16_384);
    assert!(matches!(deep, Err(MetainfoError::Bencode(_))));
}

/// Who gains a thousand of them in a second is no liar, and no disk check either.
#[test]
fn small_files_make_small_pieces() {
    let small: Vec<_> = (0..1_000)
        .map(|it| file(&format!("{it:04}"), 1_000, Some(A)))
        .collect();
    let many = Metainfo::parse(&document(&small, 1 << 22, "", &[])).unwrap();
    assert_eq!((many.pieces, many.mean_piece_bytes()), (1_000, 1_000));
    let one = [file("a", 2 << 14, Some(sha256(A, B)))];
    let layers = [(sha256(A, B), [A, B].concat())];
    let one = Metainfo::parse(&document(&one, 1 << 14, "", &layers)).unwrap();
    assert_eq!(one.mean_piece_bytes(), one.piece_length);
}

#[test]
fn the_halves_of_a_hybrid_agree() {
    let parse = |len: u64, pieces: usize| {
        let files = [file("a", 16_385, Some(sha256(A, B)))];
        let hashes = "h".repeat(20 * pieces);
        let v1 = format!("6:lengthi{len}e6:pieces{}:{hashes}", hashes.len());
        let layers = [(sha256(A, B), [A, B].concat())];
        Metainfo::parse(&document(&files, 16_384, &v1, &layers))
    };
    let hybrid = parse(16_385, 2).unwrap();
    assert_eq!(hybrid.pieces, 2);
    assert_eq!(hybrid.hashes().iter().count(), 2);
    let differ = |what, v1, v2| Err(MetainfoError::HalvesDiffer { what, v1, v2 });
    assert_eq!(parse(40_000, 3), differ("pieces", 3, 2));
    assert_eq!(parse(16_386, 2), differ("bytes", 16_386, 16_385));
}

proptest! {
    #[test]
    fn never_panics_on_a_changed_byte_of_version_2(at in 0..1000usize, byte: u8) {
        let mut bytes = V2_ONLY.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Metainfo::parse(&bytes);
    }
}
