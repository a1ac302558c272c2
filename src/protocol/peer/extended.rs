//! The extension protocol: the extension handshake ("hello"), and the ids of the
//! extension messages that we take.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bip_bencode::{BRefAccess, BencodeRef};

use crate::protocol::bencode::{self, BencodeError, Node, Tail, Writer};
use crate::protocol::limits;

/// Ids under which we ask for extension messages in our hello. They are those
/// of libtorrent, because some clients mistake the id that they were given for
/// the one that they give.
pub mod our_ids {
    /// Peer exchange. Source: BEP 11.
    pub const PEX: u8 = 1;
    /// Metadata exchange. Source: BEP 9.
    pub const METADATA: u8 = 2;
    /// "Wants nothing more": one byte, 0 or 1. Source: BEP 21 as libtorrent
    /// sends it on a change.
    pub const UPLOAD_ONLY: u8 = 3;
    /// Hole punching. Source: BEP 55.
    pub const HOLEPUNCH: u8 = 4;
    /// "Has a piece no longer": four bytes, big-endian. Source: BEP 54.
    pub const DONT_HAVE: u8 = 7;
    /// Tracker exchange. Source: BEP 28.
    pub const TRACKERS: u8 = 19;
}

/// What a peer says of itself when both sides have the extension protocol.
/// Whatever is missing, of another kind or out of range is `None`.
///
/// Source: BEP 10, "handshake message"; BEP 9 (`metadata_size`); BEP 21
/// (`upload_only`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedHello {
    /// Name and version of the client, printable, at most
    /// [`limits::CLIENT_BYTES`].
    pub v: Option<String>,
    /// The port on which it listens; never 0.
    pub p: Option<u16>,
    /// How many requests it queues.
    pub reqq: Option<u32>,
    /// Whether it wants nothing more: a seed, or a partial one.
    pub upload_only: Option<bool>,
    /// Our address as it sees it.
    pub yourip: Option<IpAddr>,
    /// Length of the info dictionary, in bytes.
    pub metadata_size: Option<u32>,
    /// Ids for messages to it.
    pub ids: ExtensionIds,
}

/// The ids under which a peer takes extension messages; `None` where it knows
/// not the extension, or has switched it off by an id of 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// Peer exchange (BEP 11).
    pub ut_pex: Option<u8>,
    /// Metadata exchange (BEP 9).
    pub ut_metadata: Option<u8>,
    /// "Has a piece no longer" (BEP 54).
    pub lt_donthave: Option<u8>,
    /// "Wants nothing more" (libtorrent).
    pub upload_only: Option<u8>,
    /// Hole punching (BEP 55).
    pub ut_holepunch: Option<u8>,
    /// Tracker exchange (BEP 28).
    pub lt_tex: Option<u8>,
}

impl ExtendedHello {
    /// Reads the payload of the extension message with id 0. Bytes behind the
    /// dictionary are passed over.
    ///
    /// # Errors
    /// The payload is longer than [`limits::HELLO_BYTES`], or not bencode.
    pub fn decode(payload: &[u8]) -> Result<ExtendedHello, BencodeError> {
        let max = limits::HELLO_BYTES as usize;
        let root = bencode::decode(payload, max, Tail::Allowed)?;
        Ok(ExtendedHello {
            v: root.bytes_at("v").and_then(client_text),
            p: number(&root, "p").filter(|port| *port != 0),
            reqq: number(&root, "reqq"),
            upload_only: root.int_at("upload_only").map(|flag| flag != 0),
            yourip: root.bytes_at("yourip").and_then(compact_ip),
            metadata_size: number(&root, "metadata_size"),
            ids: root.field("m").map(ExtensionIds::read).unwrap_or_default(),
        })
    }

    /// As the payload of the extension message with id 0; keys sorted.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(b"d1:m");
        self.ids.write(&mut out);
        let mut int = |key, value: Option<u64>| {
            if let Some(value) = value {
                out.int_entry(key, value);
            }
        };
        int("metadata_size", self.metadata_size.map(u64::from));
        int("p", self.p.map(u64::from));
        int("reqq", self.reqq.map(u64::from));
        int("upload_only", self.upload_only.map(u64::from));
        if let Some(v) = &self.v {
            out.entry("v", v.as_bytes());
        }
        match self.yourip {
            Some(IpAddr::V4(ip)) => out.entry("yourip", &ip.octets()),
            Some(IpAddr::V6(ip)) => out.entry("yourip", &ip.octets()),
            None => {}
        }
        out.end(b"e")
    }

    /// Takes in a later hello: what it says replaces what was said before.
    ///
    /// Source: BEP 10, "this message can be sent at any time".
    pub fn update(&mut self, later: ExtendedHello) {
        let earlier = std::mem::take(self);
        *self = ExtendedHello {
            v: later.v.or(earlier.v),
            p: later.p.or(earlier.p),
            reqq: later.reqq.or(earlier.reqq),
            upload_only: later.upload_only.or(earlier.upload_only),
            yourip: later.yourip.or(earlier.yourip),
            metadata_size: later.metadata_size.or(earlier.metadata_size),
            ids: later.ids,
        };
    }
}

impl ExtensionIds {
    fn read(m: &BencodeRef<'_>) -> ExtensionIds {
        let id = |name| number(m, name).filter(|id| *id != 0);
        ExtensionIds {
            ut_pex: id("ut_pex"),
            ut_metadata: id("ut_metadata"),
            lt_donthave: id("lt_donthave"),
            upload_only: id("upload_only"),
            ut_holepunch: id("ut_holepunch"),
            lt_tex: id("lt_tex"),
        }
    }

    fn write(&self, out: &mut Writer) {
        out.raw(b"d");
        for (name, id) in [
            ("lt_donthave", self.lt_donthave),
            ("lt_tex", self.lt_tex),
            ("upload_only", self.upload_only),
            ("ut_holepunch", self.ut_holepunch),
            ("ut_metadata", self.ut_metadata),
            ("ut_pex", self.ut_pex),
        ] {
            if let Some(id) = id {
                out.int_entry(name, id.into());
            }
        }
        out.raw(b"e");
    }
}

fn number<T: TryFrom<i64>>(dict: &BencodeRef<'_>, key: &str) -> Option<T> {
    dict.field(key)?.int().and_then(|it| T::try_from(it).ok())
}

/// A client's name as it may be shown; `None` if nothing printable is left.
fn client_text(bytes: &[u8]) -> Option<String> {
    let text = bencode::printable(bytes, limits::CLIENT_BYTES);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn compact_ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let octets = <[u8; 16]>::try_from(bytes).ok()?;
    Some(IpAddr::from(Ipv6Addr::from(octets)).to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_libtorrent_says() {
        let payload = b"d12:complete_agoi1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e\
            12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei352e4:reqqi500e\
            11:upload_onlyi1e1:v18:libtorrent/2.0.8.06:yourip4:\x7f\x00\x00\x01e";
        let hello = ExtendedHello::decode(payload).unwrap();
        assert_eq!(hello.v.as_deref(), Some("libtorrent/2.0.8.0"));
        assert_eq!((hello.p, hello.reqq), (None, Some(500)));
        assert_eq!(hello.upload_only, Some(true));
        assert_eq!(hello.yourip, Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(hello.metadata_size, Some(352));
        let ids = ExtensionIds {
            ut_pex: Some(1),
            ut_metadata: Some(2),
            upload_only: Some(3),
            ut_holepunch: Some(4),
            lt_donthave: Some(7),
            lt_tex: None,
        };
        assert_eq!(hello.ids, ids);
    }

    #[test]
    fn says_what_bep_10_shows() {
        let hello = ExtendedHello {
            v: Some("bta 0.1".to_owned()),
            p: Some(6881),
            reqq: Some(250),
            ids: ExtensionIds {
                lt_donthave: Some(our_ids::DONT_HAVE),
                upload_only: Some(our_ids::UPLOAD_ONLY),
                ..ExtensionIds::default()
            },
            ..ExtendedHello::default()
        };
        let expected = b"d1:md11:lt_donthavei7e11:upload_onlyi3ee1:pi6881e4:reqqi250e1:v7:bta 0.1e";
        assert_eq!(hello.encode(), expected);
    }

    #[test]
    fn passes_over_what_makes_no_sense() {
        let payload = b"d1:m3:abc1:pi70000e4:reqqi-1e11:upload_only1:x1:v3:\x1b\n 6:yourip3:abce";
        assert_eq!(ExtendedHello::decode(payload), Ok(ExtendedHello::default()));
        let off = ExtendedHello::decode(b"d1:md6:ut_pexi0e11:ut_metadatai256eee");
        assert_eq!(off.unwrap().ids, ExtensionIds::default());
        let port = |payload: &[u8]| ExtendedHello::decode(payload).unwrap().p;
        assert_eq!((port(b"d1:pi0ee"), port(b"d1:pi1ee")), (None, Some(1)));
        // Bytes behind the dictionary do no harm.
        assert_eq!(port(b"d1:pi6881eeJUNK"), Some(6881));
    }

    #[test]
    fn bounds_the_client_name() {
        let name = "é".repeat(100);
        let payload = format!("d1:v{}:{name}e", name.len());
        let v = ExtendedHello::decode(payload.as_bytes())
            .unwrap()
            .v
            .unwrap();
        assert_eq!(v, "é".repeat(limits::CLIENT_BYTES / 2));
        let long = vec![b'l'; limits::HELLO_BYTES as usize + 1];
        assert!(matches!(
            ExtendedHello::decode(&long),
            Err(BencodeError::TooLong { .. })
        ));
    }

    #[test]
    fn takes_in_a_later_hello() {
        let mut hello = ExtendedHello::decode(b"d1:md6:ut_pexi1ee1:v1:ae").unwrap();
        hello.update(ExtendedHello::decode(b"d1:md6:ut_pexi0ee11:upload_onlyi1ee").unwrap());
        assert_eq!(
            (hello.v.as_deref(), hello.upload_only),
            (Some("a"), Some(true))
        );
        assert_eq!(hello.ids.ut_pex, None);
    }

    fn option<T: std::fmt::Debug>(
        inner: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        proptest::option::of(inner)
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(
            v in option("[a-zA-Z0-9µ/][a-zA-Z0-9./ ]{0,20}[a-z]"),
            numbers in (option(1..=u16::MAX), option(any::<u32>()), option(any::<u32>())),
            upload_only in option(any::<bool>()),
            yourip in option(any::<[u8; 4]>()),
            ids in [option(1..=u8::MAX), option(1..=u8::MAX), option(1..=u8::MAX)],
        ) {
            let hello = ExtendedHello {
                v,
                p: numbers.0,
                reqq: numbers.1,
                metadata_size: numbers.2,
                upload_only,
                yourip: yourip.map(IpAddr::from),
                ids: ExtensionIds {
                    ut_pex: ids[0], ut_metadata: ids[1], lt_donthave: ids[2],
                    upload_only: ids[0], ut_holepunch: ids[1], lt_tex: ids[2],
                },
            };
            prop_assert_eq!(ExtendedHello::decode(&hello.encode()), Ok(hello));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            let _ = ExtendedHello::decode(&bytes);
        }
    }
}
