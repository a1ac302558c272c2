//! The extension protocol: the extension handshake ("hello"), and the two
//! extension messages that tell of progress.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bip_bencode::{BRefAccess, BencodeRef};

use crate::protocol::bencode::{self, BencodeError, Node, Tail};
use crate::protocol::limits;

/// Ids under which we ask for extension messages in our hello. They are those
/// of libtorrent, because some clients mistake the id that they were given for
/// the one that they give.
pub mod our_ids {
    /// "Wants nothing more": one byte, 0 or 1. Source: BEP 21 as libtorrent
    /// sends it on a change.
    pub const UPLOAD_ONLY: u8 = 3;
    /// "Has a piece no longer": four bytes, big-endian. Source: BEP 54.
    pub const DONT_HAVE: u8 = 7;
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
        let mut out = b"d1:m".to_vec();
        self.ids.write(&mut out);
        let mut int = |key: &str, value: Option<u64>| {
            if let Some(value) = value {
                out.extend(format!("{}:{key}i{value}e", key.len()).bytes());
            }
        };
        int("metadata_size", self.metadata_size.map(u64::from));
        int("p", self.p.map(u64::from));
        int("reqq", self.reqq.map(u64::from));
        int("upload_only", self.upload_only.map(u64::from));
        let mut text = |key: &str, value: &[u8]| {
            out.extend(format!("{}:{key}{}:", key.len(), value.len()).bytes());
            out.extend(value);
        };
        if let Some(v) = &self.v {
            text("v", v.as_bytes());
        }
        match self.yourip {
            Some(IpAddr::V4(ip)) => text("yourip", &ip.octets()),
            Some(IpAddr::V6(ip)) => text("yourip", &ip.octets()),
            None => {}
        }
        out.push(b'e');
        out
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

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'd');
        for (name, id) in [
            ("lt_donthave", self.lt_donthave),
            ("lt_tex", self.lt_tex),
            ("upload_only", self.upload_only),
            ("ut_holepunch", self.ut_holepunch),
            ("ut_metadata", self.ut_metadata),
            ("ut_pex", self.ut_pex),
        ] {
            if let Some(id) = id {
                out.extend(format!("{}:{name}i{id}e", name.len()).bytes());
            }
        }
        out.push(b'e');
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
