use proptest::prelude::*;

use super::*;

/// A peer id that begins so; the rest is no text.
fn id(text: &[u8]) -> PeerId {
    let mut id = [0xee; 20];
    id[..text.len()].copy_from_slice(text);
    PeerId(id)
}

fn from_hex(text: &str) -> PeerId {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..40).step_by(2).map(byte).collect();
    PeerId(bytes.try_into().unwrap())
}

#[test]
fn reads_every_style_that_identity_rests_on() {
    for (text, prefix, name) in [
        ("-TR3000-", "-TR3000-", "Transmission 3.00"),
        ("-TR2940-", "-TR2940-", "Transmission 2.94"),
        ("-TR4050-", "-TR4050-", "Transmission 4.0.5"),
        ("-qB4520-", "-qB4520-", "qBittorrent 4.5.2"),
        ("-LT20B0-", "-LT20B0-", "libtorrent 2.0.11"),
        ("-lt0D80-", "-lt0D80-", "rTorrent (libTorrent) 0.13.8"),
        ("-UT355W-", "-UT355W-", "µTorrent 3.5.5"),
        ("-AZ5770-", "-AZ5770-", "Vuze 5.7.7"),
        ("-XX1234-", "-XX1234-", "XTorrent 1.2.3.4"),
        ("-ZZ1234-", "-ZZ1234-", "-ZZ1234-"),
        ("A2-1-36-0-", "A2-1-36-0-", "aria2 1.36.0"),
        ("M7-10-5--", "M7-10-5-", "BitTorrent 7.10.5"),
        ("M7-9-2--", "M7-9-2-", "BitTorrent 7.9.2"),
        ("Q1-10-0-", "Q1-10-0-", "Queen Bee 1.10.0"),
        ("T03I-----", "T03I--", "BitTornado 0.3.18"),
        ("S587-----", "S587--", "Shadow's client 5.8.7"),
        ("S58B-----", "S58B--", "Shadow's client 5.8.11"),
    ] {
        let id = id(text.as_bytes());
        assert_eq!(client_prefix(&id), prefix, "{text}");
        assert_eq!(client_name(&id, None), name, "{text}");
    }
}

/// Source: the examples of BEP 20 and wiki.theory.org; the clients' own code, where
/// named.
#[test]
fn knows_how_each_program_writes_its_version() {
    for (text, name) in [
        // libtransmission/version.h.in of each release.
        ("-TR0006-", "Transmission 0.6"),
        ("-TR0072-", "Transmission 0.72"),
        ("-TR133Z-", "Transmission 1.33+"),
        ("-TR400B-", "Transmission 4.0.0beta"),
        ("-TR4060-", "Transmission 4.0.6"),
        ("-TR4110-", "Transmission 4.1.1"),
        // deluge/core/core.py: the last character is the kind of build.
        ("-DE13F0-", "Deluge 1.3.15"),
        ("-DE211s-", "Deluge 2.1.1"),
        // webtorrent/index.js, VERSION_STR.
        ("-WW0107-", "WebTorrent 1.7"),
        ("-WW0202-", "WebTorrent 2.2"),
        ("-WW1011-", "WebTorrent 10.11"),
        ("-WD0024-", "WebTorrent Desktop 0.24"),
        ("-BC0059-", "BitComet 0.59"),
        ("-BC0165-", "BitComet 1.65"),
        ("-KT33D1-", "KTorrent 3.3dev"),
        ("-KT11R1-", "KTorrent 1.1rc1"),
        ("-KT2140-", "KTorrent 2.1.4"),
        ("-CD0303-", "Enhanced CTorrent 3.3"),
        ("-BT7a5S-", "BitTorrent 7.10.5"),
        ("-UW1230-", "µTorrent Web 1.2.3"),
        ("-BW1000-", "BitTorrent Web 1.0"),
        ("-UM1850-", "µTorrent for Mac 1.8.5"),
        ("-LP0302-", "Lphant 3.2"),
        ("-LW0001-", "LimeWire"),
        ("-BOWA0C-", "Bits on Wheels 1.0.6"),
        ("-BOWP05-", "Bits on Wheels P05"),
        ("-AG2053-", "Ares 2.0.5"),
        ("-SD0100-", "Xunlei 0.1"),
        ("-rQ0910-", "rqbit 0.9.1"),
        ("-BI3500-", "BiglyBT 3.5"),
    ] {
        assert_eq!(client_name(&id(text.as_bytes()), None), name, "{text}");
    }
}

/// Peer ids as they were seen in swarms. Source: the tests of
/// <https://github.com/webtorrent/bittorrent-peerid/blob/master/test/basic.js>; the
/// versions follow wiki.theory.org.
#[test]
fn knows_the_odd_ones_that_were_seen() {
    for (hex, name) in [
        ("6578626300387A4463102D6E9AD6723B339F35A9", "BitComet 0.56"),
        ("6578626300384C4F52443200048ECED57BD71028", "BitLord 0.56"),
        ("000242539B7ED3E058A8384AA748485454504254", "BitSpirit 2"),
        ("000342530724889644C595308A5FF2CA55445030", "BitSpirit 3"),
        ("00455253416E6F6E796D6F757382BE4275024AE3", "Rufus 0.21"),
        (
            "444E413031303030DD01C9B2DA689E6E02803E91",
            "BitTorrent DNA 1.0",
        ),
        ("4150302E3730726333302D3E3EB87B31F241DBFE", "AllPeers 0.70"),
        ("4269744C657430319AEA4E02A09E318D70CCF47D", "BitLet"),
        ("417A75726575730000000000000000A076F0AEF7", "Vuze"),
        ("2D2D2D2D2D417A757265757354694E7A2A6454A7", "Vuze"),
        ("2D4733416E6F6E796D6F757370E8D9CB30250AD4", "G3 Torrent"),
        (
            "6172636C696768742E68652EA5860C157A5ADC35",
            "Hurricane Electric",
        ),
        ("2D55543137302D00AF8BC5ACCC4631481EB3EB60", "µTorrent 1.7"),
        ("2D55543334302D000971FDE48C3688D2023506FC", "µTorrent 3.4"),
        (
            "2D554D3135313130C964BE6F15CA71EF02AF2DD7",
            "µTorrent for Mac 1.5.1",
        ),
        ("2D46473031383075F80057821359D64BB3DFD265", "FlashGet 1.80"),
        ("2D4B543330302D006A7139727958377731756A4B", "KTorrent 3.0"),
        ("2D4C50303330322D003833363536393537373030", "Lphant 3.2"),
        (
            "2D535A323133322D000000000000000000000000",
            "Shareaza 2.1.3.2",
        ),
        ("2D464C3039C6F22D5F436863327A6D792E283867", "Folx 0.9"),
        // Nobody's.
        ("E7F163BB0E5FCD35005C09A11BC274C42385A1A0", ""),
        ("0000000000000000F106CE44F179A2498FAC614F", ""),
        ("000000DF05020020100020200008000000004028", ""),
    ] {
        let id = from_hex(hex);
        let name_of = client_name(&id, None);
        assert_eq!(name_of, name, "{hex}");
    }
    for (text, name) in [
        ("-ML2.7.2-kgjjfkd1234", "MLDonkey 2.7.2"),
        ("XBT054d-abcdefghijkl", "XBT Client 0.5.4"),
        ("OP7685f2c1495b1680bf", "Opera 7685"),
        ("O100634008270e29150a", "Opera 100634"),
        ("AZ2500BTeyuzyabAfo6U", "BitTyrant"),
        ("TIX0137-i6i6f0i5d5b7", "Tixati 1.37"),
        ("QVOD00541234567890AB", "QVOD 0.0.5.4"),
        ("Mbrst1-1-32e3c394b43", "Burst! 1.1.3"),
        ("S3-1-0-0--0123456789", "Amazon S3 1.0"),
        ("BTM21abcdefghijklmno", "BTuga Revolution 2.1"),
        ("-aria2-abcdefghijklm", "aria2"),
        ("346-----abcdefghijkl", "TorrentTopia"),
        ("Pando-6B511B691CAC2E", "Pando"),
        ("martiniabcdefghijklm", "Martini Man"),
    ] {
        assert_eq!(client_name(&id(text.as_bytes()), None), name, "{text}");
    }
}

#[test]
fn identity_rests_on_no_more_than_before() {
    for text in [
        &b"exbc\x00\x38LORD"[..],
        b"XBT054d-",
        b"OP7685",
        b"-ML2.7.2-",
        b"AZ2500BT",
        b"TIX0137-",
        b"-UT340-\x00",
        b"-FG0180u",
    ] {
        assert_eq!(client_prefix(&id(text)), "", "{text:?}");
    }
    // Nor do new families change whose peer id lasts.
    let keeps = |it: &&Program| it.family.keeps_peer_id();
    let codes: Vec<_> = AZUREUS.iter().filter(keeps).map(|it| it.code).collect();
    assert_eq!(codes, ["A2", "CD", "CT", "TR", "WD", "WW", "lt", "rQ"]);
    assert!(!UNFRAMED.iter().any(|it| it.family.keeps_peer_id()));
    assert!(ODD.iter().all(|it| !it.family.keeps_peer_id()));
}

#[test]
fn random_ids_have_no_prefix() {
    for text in [
        "xyzabcdefghijklmnopq",
        "-TR3000xabcdefghijkl",
        "-T\x01\x020000-bcdefghijkl",
        "Mabc",
    ] {
        assert_eq!(client_prefix(&id(text.as_bytes())), "", "{text}");
        assert_eq!(client_name(&id(text.as_bytes()), None), "");
    }
}

#[test]
fn the_prefix_is_the_same_whatever_follows() {
    for tail in [b"1234567890", b"----------", b"0-1-2-3-4-"] {
        let mut text = b"A2-1-36-0-".to_vec();
        text.extend(tail);
        assert_eq!(client_prefix(&id(&text)), "A2-1-36-0-");
    }
}

#[test]
fn its_own_words_are_its_name() {
    let engine = id(b"-LT2080-");
    let own = client_name(&engine, Some(" qBittorrent/4.5.2 "));
    assert_eq!(own, "qBittorrent/4.5.2");
    for nothing in ["  ", "?!", "\u{fffd}\u{fffd}"] {
        assert_eq!(client_name(&engine, Some(nothing)), "libtorrent 2.0.8");
    }
    let disguised = id(b"-TR3000-");
    assert_eq!(client_name(&disguised, Some("Tixati 2.58")), "Tixati 2.58");
}

#[test]
fn words_that_name_the_engine_alone_are_not_its_name() {
    let words = Some("libtorrent/1.2.19.0");
    assert_eq!(client_name(&id(b"-FW6880-"), words), "FrostWire 6.8.8");
    assert_eq!(client_name(&id(b"-LT12J0-"), words), "libtorrent/1.2.19.0");
    assert_eq!(client_name(&id(b"-ZZ1234-"), words), "libtorrent/1.2.19.0");
    // rTorrent's engine is nobody else's.
    let rakshasa = client_name(&id(b"-lt0D80-"), Some("libTorrent 0.13.8"));
    assert_eq!(program(&rakshasa).0, "rTorrent (libTorrent)");
}

#[test]
fn one_program_has_one_spelling() {
    for (client, name, version) in [
        ("qBittorrent/4.5.2", "qBittorrent", "4.5.2"),
        ("qBittorrent v4.5.2", "qBittorrent", "4.5.2"),
        ("libtorrent/2.0.8.0", "libtorrent", "2.0.8.0"),
        ("libTorrent 0.13.8", "rTorrent (libTorrent)", "0.13.8"),
        (
            "rTorrent (libTorrent) 0.13.8",
            "rTorrent (libTorrent)",
            "0.13.8",
        ),
        ("Deluge/2.1.1 libtorrent/2.0.8.0", "Deluge", "2.1.1"),
        ("Transmission 4.0.6", "Transmission", "4.0.6"),
        ("aria2/1.36.0", "aria2", "1.36.0"),
        ("µTorrent 3.5.5", "µTorrent", "3.5.5"),
        ("\u{3bc}Torrent 3.5.5", "µTorrent", "3.5.5"),
        ("uTorrent Web 1.4.0", "µTorrent Web", "1.4.0"),
        ("µTorrentMac 1.8", "µTorrentMac", "1.8"),
        ("Azureus 5.7.6.0", "Vuze", "5.7.6.0"),
        ("anacrolix/torrent v1.0", "anacrolix/torrent", "1.0"),
        ("Somebody's client 7", "Somebody's client", "7"),
        ("Client-4.0_beta", "Client", "4.0"),
        ("WebTorrent", "WebTorrent", ""),
        ("bta 0.1.0 (+https://example.org/bta)", "bta", "0.1.0"),
        ("-ZZ1234-", "-ZZ", "1234"),
        ("4.0", "4.0", ""),
        ("", "unknown", ""),
    ] {
        let (found, of) = program(client);
        assert_eq!((&*found, of), (name, version), "{client}");
    }
}

#[test]
fn each_name_of_the_tables_is_found_again() {
    let known = AZUREUS.iter().chain(UNFRAMED).map(|it| it.name);
    let known = known.chain(ODD.iter().map(|it| it.name));
    let known = known.chain(MAINLINE.iter().map(|it| it.1));
    for name in known.chain(SHADOW.iter().map(|it| it.1)) {
        let client = format!("{name} 1.2");
        assert_eq!(program(&client), (name.into(), "1.2"));
        assert_eq!(program(name), (name.into(), ""));
    }
}

#[test]
fn codes_are_unique() {
    for table in [AZUREUS, UNFRAMED] {
        for (index, it) in table.iter().enumerate() {
            let mut before = table[..index].iter();
            assert!(before.all(|other| other.code != it.code), "{}", it.code);
        }
    }
}

proptest! {
    #[test]
    fn never_panics(bytes: [u8; 20], v in proptest::option::of(".{0,40}")) {
        let id = PeerId(bytes);
        let _ = client_prefix(&id);
        let client = client_name(&id, v.as_deref());
        let _ = (program(&client), Family::of(&id, v.as_deref()));
    }

    #[test]
    fn reads_whatever_follows_a_known_beginning(
        which in 0..ODD.len() + UNFRAMED.len(),
        rest: [u8; 20],
    ) {
        let mut bytes = rest;
        match ODD.get(which) {
            Some(it) => bytes[it.at..it.at + it.word.len()].copy_from_slice(it.word),
            None => {
                bytes[0] = b'-';
                bytes[1..3].copy_from_slice(UNFRAMED[which - ODD.len()].code.as_bytes());
            }
        }
        let name = client_name(&PeerId(bytes), None);
        prop_assert!(name.len() < 64 && !name.chars().any(char::is_control), "{name:?}");
    }
}
