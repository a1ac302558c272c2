//! Behaviour of reading magnet links.

use proptest::prelude::*;

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef01234567";
/// The same 20 bytes in Base32, by Python's `base64.b32encode`.
const BASE32: &str = "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH";
const V2: &str = "1220aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899";

fn parse(query: &str) -> Result<Magnet, MagnetError> {
    Magnet::parse(&format!("magnet:?{query}"))
}

#[test]
fn reads_all_that_a_link_may_say() {
    let link = format!(
        "xt=urn:btih:{HEX}&dn=a+free%20%C3%A4%20film&tr=http%3A%2F%2Fa.example%2Fannounce%3Fkey%3D1%2B2\
         &tr.2=udp://b.example:80&tr=udp://b.example:80&x.pe=192.0.2.1:6881&x.pe=%5B2001:db8::1%5D:1\
         &x.pe=host.example:6881&so=0-2&ws=http://c.example/&xl=9&nothing"
    );
    let magnet = parse(&link).unwrap();
    assert_eq!(magnet.info_hash.to_string(), HEX);
    assert_eq!(magnet.name, "a free ä film");
    let trackers = ["http://a.example/announce?key=1+2", "udp://b.example:80"];
    assert_eq!(magnet.trackers, trackers);
    let peers: Vec<SocketAddr> = ["192.0.2.1:6881", "[2001:db8::1]:1"]
        .map(|it| it.parse().unwrap())
        .into();
    assert_eq!(magnet.peers, peers);
    assert_eq!(magnet.info_hash_v2, None);
}

#[test]
fn an_info_hash_may_be_written_in_many_ways() {
    let lower = BASE32.to_ascii_lowercase();
    for link in [
        format!("xt=urn:btih:{HEX}"),
        format!("xt=urn:btih:{}", HEX.to_ascii_uppercase()),
        format!("xt=urn:btih:{BASE32}"),
        format!("xt=urn:btih:{lower}"),
        format!("XT=URN:BTIH:{HEX}"),
        format!("xt.1=urn%3Abtih%3A{HEX}"),
        format!("dn=x&&=&xt=urn:sha1:x&xt=urn:btih:{HEX}"),
        // Twice the same is one.
        format!("xt=urn:btih:{HEX}&xt=urn:btih:{BASE32}"),
        format!("xt=urn:btmh:{V2}&xt=urn:btih:{HEX}"),
    ] {
        let magnet = parse(&link).unwrap();
        assert_eq!(magnet.info_hash.to_string(), HEX, "{link}");
        assert_eq!(magnet.info_hash_v2.is_some(), link.contains("btmh"));
    }
    assert!(Magnet::parse(&format!("MAGNET:?xt=urn:btih:{HEX}")).is_ok());
    let hash = HEX.parse::<InfoHash>().unwrap();
    let bare = parse(&format!("xt=urn:btih:{HEX}&dn=%20")).unwrap();
    assert_eq!(bare, Magnet::bare(hash));
}

#[test]
fn a_torrent_of_version_2_has_a_short_name() {
    let magnet = parse(&format!("xt=urn:btmh:{V2}")).unwrap();
    assert_eq!(magnet.info_hash.to_string(), V2[4..44]);
    assert_eq!(magnet.info_hash_v2.unwrap().to_string(), V2[4..]);
    assert_eq!(magnet.name, V2[4..44]);
    // Twice the same is one.
    assert!(parse(&format!("xt=urn:btmh:{V2}&xt.2=URN:BTMH:{V2}")).is_ok());
}

#[test]
fn a_link_without_names_and_secrets_says_the_same() {
    let (v1, v2) = (format!("xt=urn:btih:{HEX}"), format!("xt=urn:btmh:{V2}"));
    for link in [v1.clone(), v2.clone(), format!("{v1}&{v2}")] {
        let hashes = parse(&format!("{link}&tr=http://a.example/key")).unwrap();
        let written = Magnet::nameless(hashes.hashes());
        assert_eq!(written, format!("magnet:?{link}"));
    }
}

#[test]
fn says_what_is_wrong_with_a_link() {
    let other = "f".repeat(40);
    let hash = |hex: &str| hex.parse::<InfoHash>().unwrap();
    for (link, error) in [
        (String::new(), MagnetError::NoInfoHash),
        ("dn=x".into(), MagnetError::NoInfoHash),
        ("xt=urn:ed2k:1".into(), MagnetError::NoInfoHash),
        ("xt=urn:btih:".into(), MagnetError::InvalidInfoHash),
        (format!("xt=urn:btih:{HEX}0"), MagnetError::InvalidInfoHash),
        (
            format!("xt=urn:btih:{}1", &BASE32[..31]),
            MagnetError::InvalidInfoHash,
        ),
        ("xt=urn:btmh:1220aa".into(), MagnetError::InvalidInfoHashV2),
        (
            format!("xt=urn:btmh:1114{HEX}"),
            MagnetError::InvalidInfoHashV2,
        ),
        (
            format!("xt=urn:btmh:{V2}&xt=urn:btmh:1220{}", "ff".repeat(32)),
            MagnetError::TwoInfoHashesV2(
                InfoHashV2::from_multihash(V2).unwrap(),
                InfoHashV2([0xff; 32]),
            ),
        ),
        (
            format!("xt=urn:btih:{HEX}&xt=urn:btih:{other}"),
            MagnetError::TwoInfoHashes(hash(HEX), hash(&other)),
        ),
    ] {
        assert_eq!(parse(&link), Err(error), "{link}");
    }
    for text in [
        "",
        "magnet",
        "magnet:",
        "magnet:xt=urn:btih:x",
        "mágnet:?",
        HEX,
    ] {
        assert_eq!(Magnet::parse(text), Err(MagnetError::NotAMagnet), "{text}");
    }
    let long = format!("magnet:?dn={}", "x".repeat(limits::MAGNET_BYTES));
    assert!(matches!(
        Magnet::parse(&long),
        Err(MagnetError::TooLong { .. })
    ));
}

#[test]
fn takes_no_more_than_there_is_room_for() {
    let mut link = format!("xt=urn:btih:{HEX}&dn={}", "n".repeat(1_000));
    for number in 0..limits::TRACKERS + 9 {
        link += &format!("&tr=udp://t{number}&x.pe=192.0.2.1:{}", number + 1);
    }
    let magnet = parse(&link).unwrap();
    assert_eq!(magnet.name.len(), limits::NAME_BYTES);
    assert_eq!(magnet.trackers.len(), limits::TRACKERS);
    assert_eq!(magnet.peers.len(), limits::MAGNET_PEERS);
}

proptest! {
    #[test]
    fn never_panics(text in "(magnet:\\?)?(xt=urn:btih:|tr=|dn=|x\\.pe=|%|&|\\.1=|[0-9a-fA-Z]|\\PC){0,60}") {
        let _ = Magnet::parse(&text);
        let _ = Magnet::is_meant(text.as_bytes());
    }
}
