//! What clients call themselves: by the conventions of the peer id, and in `v`.
//!
//! Sources: BEP 20 for the Azureus, Shadow and Mainline styles and most codes;
//! the clients' own sources for the others.

use super::family::Family;
use super::handshake::PeerId;

/// Two letters of an Azureus-style peer id, the program's name, its family.
const AZUREUS: &[(&str, &str, Family)] = &[
    ("7T", "aTorrent", Family::Other),
    ("A2", "aria2", Family::Aria2),
    ("AG", "Ares", Family::Other),
    ("AZ", "Vuze", Family::Azureus),
    ("BC", "BitComet", Family::BitComet),
    ("BI", "BiglyBT", Family::BiglyBt),
    ("BT", "BitTorrent", Family::Mainline),
    ("BW", "BitTorrent Web", Family::Mainline),
    ("CD", "Enhanced CTorrent", Family::Ctorrent),
    ("CT", "CTorrent", Family::Ctorrent),
    ("DE", "Deluge", Family::Deluge),
    ("FD", "Free Download Manager", Family::Libtorrent),
    ("FL", "Flud", Family::Libtorrent),
    ("FW", "FrostWire", Family::Libtorrent),
    ("FX", "Folx", Family::Other),
    ("GT", "anacrolix/torrent", Family::Anacrolix),
    ("HL", "Halite", Family::Libtorrent),
    ("KG", "KGet", Family::Ktorrent),
    ("KT", "KTorrent", Family::Ktorrent),
    ("LT", "libtorrent", Family::Libtorrent),
    ("LW", "LimeWire", Family::Other),
    ("MG", "MediaGet", Family::Libtorrent),
    ("PI", "PicoTorrent", Family::Libtorrent),
    ("SD", "Xunlei", Family::Xunlei),
    ("SZ", "Shareaza", Family::Other),
    ("TR", "Transmission", Family::Transmission),
    ("TX", "Tixati", Family::Tixati),
    ("UE", "µTorrent Embedded", Family::Utorrent),
    ("UM", "µTorrent for Mac", Family::Utorrent),
    ("UT", "µTorrent", Family::Utorrent),
    ("UW", "µTorrent Web", Family::Utorrent),
    ("WD", "WebTorrent Desktop", Family::WebTorrent),
    ("WW", "WebTorrent", Family::WebTorrent),
    ("XL", "Xunlei", Family::Xunlei),
    ("ZO", "Zona", Family::Libtorrent),
    ("lt", "rTorrent", Family::Rtorrent),
    ("qB", "qBittorrent", Family::Qbittorrent),
    ("rQ", "rqbit", Family::Rqbit),
];

/// How a Mainline-style peer id (`M7-10-5--`) begins, before its version.
const MAINLINE: &[(&str, &str, Family)] = &[
    ("A2-", "aria2", Family::Aria2),
    ("M", "BitTorrent", Family::Mainline),
    ("Q", "Queen Bee", Family::Other),
];

/// First letter of a Shadow-style peer id (`S58B-----`).
const SHADOW: &[(u8, &str)] = &[
    (b'A', "ABC"),
    (b'O', "Osprey Permaseed"),
    (b'Q', "BTQueue"),
    (b'R', "Tribler"),
    (b'S', "Shadow's client"),
    (b'T', "BitTornado"),
    (b'U', "UPnP NAT BitTorrent"),
];

/// How `v` begins, in lower case.
const WORDS: &[(&str, Family)] = &[
    ("qbittorrent", Family::Qbittorrent),
    ("deluge", Family::Deluge),
    ("libtorrent 0.1", Family::Rtorrent),
    ("libtorrent", Family::Libtorrent),
    ("transmission", Family::Transmission),
    ("aria2", Family::Aria2),
    ("rtorrent", Family::Rtorrent),
    ("webtorrent", Family::WebTorrent),
    ("enhanced ctorrent", Family::Ctorrent),
    ("ctorrent", Family::Ctorrent),
    ("rqbit", Family::Rqbit),
    ("biglybt", Family::BiglyBt),
    ("azureus", Family::Azureus),
    ("vuze", Family::Azureus),
    ("µtorrent", Family::Utorrent),
    ("\u{3bc}torrent", Family::Utorrent),
    ("utorrent", Family::Utorrent),
    ("bittorrent", Family::Mainline),
    ("anacrolix", Family::Anacrolix),
    ("bitcomet", Family::BitComet),
    ("xunlei", Family::Xunlei),
    ("tixati", Family::Tixati),
    ("ktorrent", Family::Ktorrent),
];

/// The part of a peer id that names program and version: `-TR3000-`,
/// `M7-10-5--`, `S58B--`. Empty if the peer id follows no known convention;
/// random characters never show up in it.
pub fn client_prefix(peer_id: &PeerId) -> String {
    let id = &peer_id.0;
    let len = azureus_len(id)
        .or_else(|| mainline_len(id))
        .or_else(|| shadow_len(id))
        .unwrap_or(0);
    String::from_utf8_lossy(&id[..len]).into_owned()
}

/// What to call the client in a report: its own words if it has any, else what
/// its peer id says ("Transmission 3.00"), else nothing.
pub fn client_name(peer_id: &PeerId, v: Option<&str>) -> String {
    match v.map(str::trim).filter(|v| !v.is_empty()) {
        Some(v) => v.to_owned(),
        None => name_of_id(peer_id).unwrap_or_else(|| client_prefix(peer_id)),
    }
}

pub(super) fn family_of_id(peer_id: &PeerId) -> Option<Family> {
    let id = &peer_id.0;
    if azureus_len(id).is_some() {
        return azureus(id).map(|(_, family)| family);
    }
    mainline_len(id)?;
    mainline(id).map(|(.., family)| *family)
}

pub(super) fn family_of_name(v: &str) -> Option<Family> {
    let v = v.to_lowercase();
    let found = WORDS.iter().find(|(word, _)| v.starts_with(word));
    found.map(|(_, family)| *family)
}

fn name_of_id(peer_id: &PeerId) -> Option<String> {
    let id = &peer_id.0;
    if azureus_len(id).is_some() {
        let (name, family) = azureus(id)?;
        return Some(format!("{name} {}", azureus_version(&id[3..7], family)));
    }
    if let Some(len) = mainline_len(id) {
        let (start, name, _) = mainline(id)?;
        let version = String::from_utf8_lossy(&id[start.len()..len]).replace('-', ".");
        return Some(format!("{name} {}", version.trim_end_matches('.')));
    }
    let len = shadow_len(id)?;
    let (_, name) = SHADOW.iter().find(|(letter, _)| *letter == id[0])?;
    let version: Vec<String> = shadow_digits(&id[1..len])
        .map(|it| it.to_string())
        .collect();
    Some(format!("{name} {}", version.join(".")))
}

fn azureus(id: &[u8; 20]) -> Option<(&'static str, Family)> {
    let code = std::str::from_utf8(&id[1..3]).ok()?;
    let found = AZUREUS.iter().find(|(it, ..)| *it == code)?;
    Some((found.1, found.2))
}

fn mainline(id: &[u8; 20]) -> Option<&'static (&'static str, &'static str, Family)> {
    MAINLINE
        .iter()
        .find(|(start, ..)| id.starts_with(start.as_bytes()))
}

/// `-TR3000-`: two letters of the program, four of the version.
fn azureus_len(id: &[u8; 20]) -> Option<usize> {
    let framed = id[0] == b'-' && id[7] == b'-';
    let inner = id[1..7]
        .iter()
        .all(|it| it.is_ascii_alphanumeric() || *it == b'.');
    (framed && inner).then_some(8)
}

/// `M7-10-5--`, `A2-1-36-0-`: a letter, then three or four numbers, each with a
/// dash behind it.
fn mainline_len(id: &[u8; 20]) -> Option<usize> {
    if !id[0].is_ascii_uppercase() {
        return None;
    }
    let (mut at, mut numbers) = (1, 0);
    while numbers < 4 {
        let digits = id[at..].iter().take_while(|it| it.is_ascii_digit()).count();
        if digits == 0 || digits > 3 || id.get(at + digits) != Some(&b'-') {
            break;
        }
        at += digits + 1;
        numbers += 1;
    }
    (numbers >= 3).then_some(at)
}

/// `S58B-----`: a letter, five of the version, padded with dashes, then three
/// dashes.
fn shadow_len(id: &[u8; 20]) -> Option<usize> {
    let known = SHADOW.iter().any(|(letter, _)| *letter == id[0]);
    let digits = shadow_digits(&id[1..6]).count();
    let padded = id[1 + digits..6].iter().all(|it| *it == b'-');
    (known && digits > 0 && padded && id[6..9] == *b"---").then_some(6)
}

/// A Shadow-style version: one number a character, in base 64.
fn shadow_digits(version: &[u8]) -> impl Iterator<Item = u8> + '_ {
    version.iter().map_while(|it| match it {
        b'0'..=b'9' => Some(it - b'0'),
        b'A'..=b'Z' => Some(it - b'A' + 10),
        b'a'..=b'z' => Some(it - b'a' + 36),
        b'.' => Some(62),
        _ => None,
    })
}

/// Four characters of a version as their program means them.
fn azureus_version(version: &[u8], family: Family) -> String {
    let text = String::from_utf8_lossy(version);
    // Before 4.0 Transmission counted 2.94, 3.00; its last character tells a
    // nightly build.
    if family == Family::Transmission && version[0] < b'4' {
        return format!("{}.{}", &text[..1], &text[1..3]);
    }
    let digits = version.iter().filter(|it| **it != b'.');
    let digits = digits.map(|it| match it {
        b'A'..=b'Z' => it - b'A' + 10,
        b'a'..=b'z' => it - b'a' + 10,
        digit => digit.wrapping_sub(b'0'),
    });
    let mut digits: Vec<String> = digits.map(|it| it.to_string()).collect();
    // µTorrent's fourth character is the kind of build.
    let keep = if matches!(family, Family::Utorrent | Family::Mainline) {
        3
    } else {
        4
    };
    digits.truncate(keep);
    while digits.len() > 2 && digits.last().is_some_and(|it| it == "0") {
        digits.pop();
    }
    digits.join(".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &[u8]) -> PeerId {
        let mut id = [0xee; 20];
        id[..text.len()].copy_from_slice(text);
        PeerId(id)
    }

    #[test]
    fn reads_every_style() {
        for (text, prefix, name) in [
            ("-TR3000-", "-TR3000-", "Transmission 3.00"),
            ("-TR2940-", "-TR2940-", "Transmission 2.94"),
            ("-TR4050-", "-TR4050-", "Transmission 4.0.5"),
            ("-qB4520-", "-qB4520-", "qBittorrent 4.5.2"),
            ("-LT20B0-", "-LT20B0-", "libtorrent 2.0.11"),
            ("-lt0D80-", "-lt0D80-", "rTorrent 0.13.8"),
            ("-UT355W-", "-UT355W-", "µTorrent 3.5.5"),
            ("-AZ5770-", "-AZ5770-", "Vuze 5.7.7"),
            ("-XX1234-", "-XX1234-", "-XX1234-"),
            ("A2-1-36-0-", "A2-1-36-0-", "aria2 1.36.0"),
            ("M7-10-5--", "M7-10-5-", "BitTorrent 7.10.5"),
            ("T03I-----", "T03I--", "BitTornado 0.3.18"),
            ("S587-----", "S587--", "Shadow's client 5.8.7"),
        ] {
            let id = id(text.as_bytes());
            assert_eq!(client_prefix(&id), prefix, "{text}");
            assert_eq!(client_name(&id, None), name, "{text}");
        }
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
        let id = id(b"-LT2080-");
        assert_eq!(
            client_name(&id, Some(" qBittorrent/4.5.2 ")),
            "qBittorrent/4.5.2"
        );
        assert_eq!(client_name(&id, Some("  ")), "libtorrent 2.0.8");
    }

    #[test]
    fn codes_are_unique() {
        for (index, (code, ..)) in AZUREUS.iter().enumerate() {
            assert!(
                AZUREUS[..index].iter().all(|(other, ..)| other != code),
                "{code}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes: [u8; 20], v in proptest::option::of(".{0,40}")) {
            let id = PeerId(bytes);
            let _ = (client_prefix(&id), client_name(&id, v.as_deref()));
            let _ = Family::of(&id, v.as_deref());
        }
    }
}
