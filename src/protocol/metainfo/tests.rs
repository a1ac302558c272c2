mod v2;

use proptest::prelude::*;

use super::*;

/// Files made by mktorrent, transmission-create and libtorrent from the same
/// folder. Their info-hashes are as `transmission-show`, `aria2c -S` and
/// libtorrent print them.
macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/data/", $name, ".torrent"))
    };
}

/// The v2 info-hash of `v2-only`, as libtorrent prints it.
const V2_ONLY: &str = "ce75651a71a8b80145cee4452845bfd6c8c5ef096987f0c78589a6c55a8c3bcd";

fn tiers(metainfo: &Metainfo) -> Vec<Vec<&str>> {
    let tiers = metainfo.trackers.iter();
    tiers
        .map(|it| it.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn reads_a_single_file() {
    let metainfo = Metainfo::parse(file!("single")).unwrap();
    assert_eq!(
        metainfo.info_hash.to_string(),
        "c601781d0fce12b7d51ec010a9fab4ba695237d4"
    );
    assert_eq!(metainfo.info_hash_v2, None);
    assert_eq!(metainfo.name, "single.bin");
    assert_eq!((metainfo.pieces, metainfo.piece_length), (4, 32768));
    assert_eq!(
        (metainfo.total_len_bytes, metainfo.content_len_bytes),
        (100_000, 100_000)
    );
    assert_eq!((metainfo.files, metainfo.private), (1, false));
    let expected: Vec<Vec<&str>> = vec![
        vec![
            "http://tracker.example/announce",
            "udp://tracker.example:80",
        ],
        vec!["http://b.example/announce"],
    ];
    assert_eq!(tiers(&metainfo), expected);
}

#[test]
fn reads_many_files() {
    let metainfo = Metainfo::parse(file!("multi")).unwrap();
    assert_eq!(
        metainfo.info_hash.to_string(),
        "809d6013ce1401e25f174d78811723a5ef777d6d"
    );
    assert_eq!(metainfo.name, "album");
    assert_eq!((metainfo.pieces, metainfo.files), (4, 3));
    // transmission-create leaves the empty file out.
    assert_eq!(metainfo.total_len_bytes, 103_339);
}

#[test]
fn reads_both_halves_of_a_hybrid() {
    let metainfo = Metainfo::parse(file!("hybrid")).unwrap();
    assert_eq!(
        metainfo.info_hash.to_string(),
        "21435bb7f1fe6b175225bcb14ec51d60b5edd82a"
    );
    assert_eq!(
        metainfo.info_hash_v2.unwrap().to_string(),
        "f4625ae7328e7f3d618616a61eb045b24c7d2844ee89ed0ff900f852872f0df0"
    );
    // Padding belongs to the pieces, not to the content.
    assert_eq!((metainfo.pieces, metainfo.files), (9, 4));
    assert_eq!(
        (metainfo.total_len_bytes, metainfo.content_len_bytes),
        (147_456, 103_339)
    );
}

#[test]
fn reads_a_torrent_of_version_2_only() {
    let metainfo = Metainfo::parse(file!("v2-only")).unwrap();
    let v2 = metainfo.info_hash_v2.unwrap();
    assert_eq!(v2.to_string(), V2_ONLY);
    assert_eq!(metainfo.info_hash, v2.wire());
    // Files of 70,000, 33,333, 6 and 0 bytes, each from a piece's beginning.
    assert_eq!((metainfo.pieces, metainfo.files), (9, 4));
    assert_eq!(metainfo.piece_length, 16_384);
    assert_eq!(
        (metainfo.total_len_bytes, metainfo.content_len_bytes),
        (103_339, 103_339)
    );
}

#[test]
fn reads_padding_and_nodes() {
    let metainfo = Metainfo::parse(file!("padded")).unwrap();
    assert_eq!(
        metainfo.info_hash.to_string(),
        "7e266bfdc490201c81eed5383a72a69c79763976"
    );
    assert_eq!((metainfo.pieces, metainfo.files), (9, 4));
    assert_eq!(metainfo.content_len_bytes, 103_339);
    assert_eq!(metainfo.nodes, [("router.example".to_owned(), 6881)]);
}

#[test]
fn reads_a_private_torrent() {
    let metainfo = Metainfo::parse(file!("private")).unwrap();
    assert_eq!(
        metainfo.info_hash.to_string(),
        "449993612216cfb24d9df5c04c3efd000f269458"
    );
    assert!(metainfo.private);
}

/// An info dictionary of two pieces, with something more in it and beside it.
fn torrent(beside: &str, within: &str) -> Vec<u8> {
    let head = format!("d{beside}4:infod6:lengthi30e4:name1:x12:piece lengthi16e");
    let mut bytes = head.into_bytes();
    bytes.extend(b"6:pieces40:");
    bytes.extend([0x80; 40]);
    bytes.extend(within.bytes());
    bytes.extend(b"ee");
    bytes
}

#[test]
fn hashes_the_bytes_as_they_stand() {
    // Keys out of order: re-encoding would hash something else.
    let bytes = torrent("", "1:ai1e");
    let start = bytes.windows(6).position(|it| it == b"4:info").unwrap() + 6;
    let info = &bytes[start..bytes.len() - 1];
    assert_eq!(
        Metainfo::parse(&bytes).unwrap().info_hash,
        InfoHash::of_info(info)
    );
}

#[test]
fn takes_every_tracker_once() {
    let list = "8:announce3:u:113:announce-listll3:u:23:u:2el3:u:3e3:u:4i5elee";
    let metainfo = Metainfo::parse(&torrent(list, "")).unwrap();
    assert_eq!(
        tiers(&metainfo),
        [vec!["u:2"], vec!["u:3"], vec!["u:4"], vec!["u:1"]]
    );
    let listed = "8:announce3:u:213:announce-listll3:u:2ee";
    assert_eq!(
        tiers(&Metainfo::parse(&torrent(listed, "")).unwrap()),
        [["u:2"]]
    );
}

#[test]
fn bounds_trackers() {
    let many: String = (0..1000).map(|it| format!("l6:u:{it:04}e")).collect();
    let long = format!(
        "l{}:{}e",
        limits::URL_BYTES + 1,
        "u".repeat(limits::URL_BYTES + 1)
    );
    let metainfo = Metainfo::parse(&torrent(&format!("13:announce-listl{long}{many}e"), ""));
    let trackers = metainfo.unwrap().trackers.concat();
    assert_eq!(trackers.len(), limits::TRACKERS);
    assert_eq!(trackers[0], "u:0000");
}

#[test]
fn private_torrents_have_no_nodes() {
    let nodes = "5:nodesll1:hi6881eel1:hi0eel1:hee";
    let open = Metainfo::parse(&torrent(nodes, "")).unwrap();
    assert_eq!(open.nodes, [("h".to_owned(), 6881)]);
    let private = Metainfo::parse(&torrent(nodes, "7:privatei1e")).unwrap();
    assert_eq!((private.private, private.nodes.len()), (true, 0));
}

#[test]
fn cleans_the_name() {
    let rename = |name: &str| {
        let bytes = torrent("", &format!("10:name.utf-8{}:{name}", name.len()));
        Metainfo::parse(&bytes).unwrap()
    };
    assert_eq!(rename("a\u{1b}[2Jb\n").name, "a[2Jb");
    let nameless = rename("\r\n");
    assert_eq!(nameless.name, nameless.info_hash.to_string());
    assert!(rename(&"ä".repeat(999)).name.len() <= limits::NAME_BYTES);
}

#[test]
fn refuses_what_does_not_add_up() {
    let parse = |info: &str| Metainfo::parse(format!("d4:info{info}e").as_bytes());
    let hash = "h".repeat(20);
    let single = |length: &str, piece: &str, pieces: &str| {
        parse(&format!(
            "d6:lengthi{length}e12:piece lengthi{piece}e6:pieces{}:{pieces}e",
            pieces.len()
        ))
    };
    assert!(single("16", "16", &hash).is_ok());
    let out_of_range = |key| Err(MetainfoError::OutOfRange { key });
    assert_eq!(single("-1", "16", &hash), out_of_range("length"));
    assert_eq!(single("16", "0", &hash), out_of_range("piece length"));
    assert_eq!(single("16", "-16", &hash), out_of_range("piece length"));
    assert_eq!(single("16", "16", &hash[1..]), out_of_range("pieces"));
    assert_eq!(single("0", "16", ""), Err(MetainfoError::NoPieces));
    let counts = |expected, received| Err(MetainfoError::PieceCount { expected, received });
    assert_eq!(single("17", "16", &hash), counts(2, 1));
    assert_eq!(
        single("9223372036854775807", "1", &hash),
        counts(i64::MAX as u64, 1)
    );
    let missing = |key| Err(MetainfoError::Missing { key });
    assert_eq!(parse("de"), missing("pieces"));
    assert_eq!(parse("d6:pieces0:e"), missing("piece length"));
    assert_eq!(parse("d12:piece lengthi1e6:pieces0:e"), missing("length"));
    assert_eq!(parse("le"), missing("info"));
    let files = "d5:filesld6:lengthi9223372036854775807eed6:lengthi9223372036854775807eed6:lengthi2eee12:piece lengthi1e6:pieces0:e";
    assert_eq!(parse(files), out_of_range("length"));
}

#[test]
fn counts_links_and_old_padding() {
    let files = "d5:filesl\
        d6:lengthi10e4:pathl1:aee\
        d4:attr1:l4:pathl1:bee\
        d6:lengthi6e4:pathl20:_____padding_file_0_ee\
        e12:piece lengthi16e6:pieces20:hhhhhhhhhhhhhhhhhhhhe";
    let metainfo = Metainfo::parse(format!("d4:info{files}e").as_bytes()).unwrap();
    assert_eq!(
        (metainfo.total_len_bytes, metainfo.content_len_bytes),
        (16, 10)
    );
    assert_eq!(metainfo.files, 2);
}

#[test]
fn refuses_a_file_beyond_the_cap_unread() {
    let bytes = vec![b'l'; limits::TORRENT_FILE_BYTES + 1];
    let error = Metainfo::parse(&bytes).unwrap_err();
    assert!(matches!(
        error,
        MetainfoError::Bencode(bencode::BencodeError::TooLong { .. })
    ));
}

#[test]
fn never_panics_on_a_damaged_file() {
    let whole = file!("hybrid");
    for len in 0..whole.len() {
        assert!(Metainfo::parse(&whole[..len]).is_err(), "{len}");
    }
}

proptest! {
    #[test]
    fn never_panics_on_a_changed_byte(at in 0..1412usize, byte: u8) {
        let mut bytes = file!("hybrid").to_vec();
        bytes[at] = byte;
        let _ = Metainfo::parse(&bytes);
    }
}
