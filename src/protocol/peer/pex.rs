//! Peer exchange: who a peer says is in the swarm with it.

use std::net::SocketAddr;

use bip_bencode::BencodeRef;

use crate::protocol::address::{compact_v4, compact_v6, write_compact};
use crate::protocol::bencode::{self, BencodeError, Node, Tail, Writer};
use crate::protocol::limits;

/// What a peer says of another one: hearsay.
///
/// Source: BEP 11, "added.f".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PexFlags(pub u8);

impl PexFlags {
    /// It prefers encryption.
    pub const ENCRYPTION: PexFlags = PexFlags(0x01);
    /// It is a seed, or wants nothing more.
    pub const SEED: PexFlags = PexFlags(0x02);
    /// It speaks uTP.
    pub const UTP: PexFlags = PexFlags(0x04);
    /// It can help to punch holes (BEP 55).
    pub const HOLEPUNCH: PexFlags = PexFlags(0x08);
    /// Who says so has dialled it: it can be reached.
    pub const REACHABLE: PexFlags = PexFlags(0x10);

    /// All that have a meaning.
    const KNOWN: u8 = 0x1f;

    /// Those that have a meaning.
    #[must_use]
    pub const fn known(self) -> PexFlags {
        PexFlags(self.0 & Self::KNOWN)
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, flags: PexFlags) -> PexFlags {
        PexFlags(self.0 | flags.0)
    }

    /// Whether all of these are set.
    pub const fn has(self, flags: PexFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// One message of peer exchange: what changed among a peer's connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerExchange {
    /// Those that it is connected to since its last message.
    pub added: Vec<(SocketAddr, PexFlags)>,
    /// Those that it was connected to until then.
    pub dropped: Vec<SocketAddr>,
}

/// No message of peer exchange: to be passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PexError {
    /// Not bencode, or too long.
    #[error(transparent)]
    Bencode(#[from] BencodeError),
    /// Bencode of another kind.
    #[error("no dictionary")]
    NoDictionary,
}

impl PexError {
    /// The stable name in counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Bencode(_) => "bad_bencode",
            Self::NoDictionary => "no_dictionary",
        }
    }
}

impl PeerExchange {
    /// Reads the payload of a `ut_pex` message: a dictionary of byte strings,
    /// `added` and `dropped` with 6 bytes for each IPv4 address and port, `added6`
    /// and `dropped6` with 18 for IPv6, `added.f` and `added6.f` with one byte of
    /// flags for each address added. What is missing or of another kind is empty,
    /// a flag that is missing 0. At most [`limits::PEX_ENTRIES`] of those added and
    /// as many of those dropped are taken.
    ///
    /// # Errors
    /// The payload is longer than [`limits::PEX_BYTES`], not bencode, or no
    /// dictionary.
    ///
    /// Source: BEP 11.
    pub fn decode(payload: &[u8]) -> Result<PeerExchange, PexError> {
        let root = bencode::decode(payload, limits::PEX_BYTES as usize, Tail::Allowed)?;
        if !root.is_dict() {
            return Err(PexError::NoDictionary);
        }
        let v4 = flagged(compact_v4(bytes(&root, "added")), bytes(&root, "added.f"));
        let v6 = flagged(compact_v6(bytes(&root, "added6")), bytes(&root, "added6.f"));
        let dropped =
            compact_v4(bytes(&root, "dropped")).chain(compact_v6(bytes(&root, "dropped6")));
        Ok(PeerExchange {
            added: v4.chain(v6).take(limits::PEX_ENTRIES).collect(),
            dropped: dropped.take(limits::PEX_ENTRIES).collect(),
        })
    }

    /// As the payload of a `ut_pex` message; keys sorted, empty lists left out.
    ///
    /// Source: BEP 11.
    pub fn encode(&self) -> Vec<u8> {
        let compact = |all: &mut dyn Iterator<Item = SocketAddr>| {
            let mut out = Vec::new();
            all.for_each(|it| write_compact(it, &mut out));
            out
        };
        let mut out = Writer::new(b"d");
        let mut list = |key: &str, bytes: Vec<u8>| {
            if !bytes.is_empty() {
                out.entry(key, &bytes);
            }
        };
        for (family, key) in [(true, "added"), (false, "added6")] {
            let added = self.added.iter();
            let added: Vec<_> = added.filter(|it| it.0.is_ipv4() == family).collect();
            list(key, compact(&mut added.iter().map(|it| it.0)));
            list(&format!("{key}.f"), added.iter().map(|it| it.1.0).collect());
        }
        for (family, key) in [(true, "dropped"), (false, "dropped6")] {
            let dropped = self.dropped.iter().copied();
            list(
                key,
                compact(&mut dropped.filter(|it| it.is_ipv4() == family)),
            );
        }
        out.end(b"e")
    }
}

fn bytes<'a>(root: &BencodeRef<'a>, key: &str) -> &'a [u8] {
    root.bytes_at(key).unwrap_or_default()
}

fn flagged(
    addresses: impl Iterator<Item = SocketAddr>,
    flags: &[u8],
) -> impl Iterator<Item = (SocketAddr, PexFlags)> {
    let flags = flags.iter().copied().chain(std::iter::repeat(0));
    addresses.zip(flags.map(PexFlags))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::address::canonical;

    fn entry(address: &str, flags: u8) -> (SocketAddr, PexFlags) {
        (address.parse().unwrap(), PexFlags(flags))
    }

    #[test]
    fn reads_all_six_lists() {
        let mut payload =
            b"d5:added12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\xc8\xd57:added.f2:\x02\x10"
                .to_vec();
        payload.extend(b"6:added618:\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1");
        payload.extend(b"8:added6.f1:\x057:dropped6:\x09\x09\x09\x09\0\x50");
        payload.extend(b"8:dropped618:\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\x01e");
        let said = PeerExchange::decode(&payload).unwrap();
        let expected = [
            entry("1.2.3.4:6881", 0x02),
            entry("5.6.7.8:51413", 0x10),
            entry("[2001::1]:6881", 0x05),
        ];
        assert_eq!(said.added, expected);
        let dropped = ["9.9.9.9:80", "[2001::2]:1"].map(|it| it.parse().unwrap());
        assert_eq!(said.dropped, dropped);
        assert!(expected[0].1.has(PexFlags::SEED) && !expected[0].1.has(PexFlags::UTP));
        assert!(expected[2].1.has(PexFlags::UTP) && expected[2].1.has(PexFlags::ENCRYPTION));
    }

    #[test]
    fn writes_only_lists_that_hold_something() {
        let said = PeerExchange {
            added: vec![entry("1.2.3.4:6881", 0x12)],
            dropped: vec![entry("5.6.7.8:80", 0).0],
        };
        let expected =
            b"d5:added6:\x01\x02\x03\x04\x1a\xe17:added.f1:\x127:dropped6:\x05\x06\x07\x08\0\x50e";
        assert_eq!(said.encode(), expected);
        assert_eq!(PeerExchange::default().encode(), b"de");
    }

    #[test]
    fn takes_missing_flags_as_none_and_passes_over_a_ragged_end() {
        let payload =
            b"d5:added14:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\xc8\xd5xx7:added.f1:\x02e";
        let said = PeerExchange::decode(payload).unwrap();
        let expected = [entry("1.2.3.4:6881", 2), entry("5.6.7.8:51413", 0)];
        assert_eq!(said.added, expected);
        let said = PeerExchange::decode(b"d5:addedi7e7:droppedlee").unwrap();
        assert_eq!(said, PeerExchange::default());
    }

    #[test]
    fn takes_no_more_than_the_bound() {
        let many = limits::PEX_ENTRIES + 1;
        let said = PeerExchange {
            added: vec![entry("1.2.3.4:6881", 1); many],
            dropped: vec![entry("[2001::2]:1", 0).0; many],
        };
        let read = PeerExchange::decode(&said.encode()).unwrap();
        let lens = (read.added.len(), read.dropped.len());
        assert_eq!(lens, (limits::PEX_ENTRIES, limits::PEX_ENTRIES));
    }

    #[test]
    fn names_what_is_no_exchange() {
        let label = |payload: &[u8]| PeerExchange::decode(payload).map_err(|it| it.label());
        assert_eq!(label(b"le"), Err("no_dictionary"));
        assert_eq!(label(b"garbage"), Err("bad_bencode"));
        let long = vec![b'd'; limits::PEX_BYTES as usize + 1];
        assert_eq!(label(&long), Err("bad_bencode"));
        assert_eq!(label(b"de"), Ok(PeerExchange::default()));
    }

    proptest! {
        #[test]
        fn reads_what_a_peer_writes(
            v4 in vec(any::<([u8; 4], u16, u8)>(), 0..20),
            v6 in vec(any::<([u8; 16], u16, u8)>(), 0..20),
        ) {
            let v4 = v4.into_iter().map(|(ip, port, flags)| (IpAddr::from(ip), port, flags));
            let v6 = v6.into_iter().map(|(ip, port, flags)| (IpAddr::from(ip), port, flags));
            let added: Vec<_> = v4
                .chain(v6.filter(|it| it.0 == it.0.to_canonical()))
                .map(|(ip, port, flags)| (canonical((ip, port).into()), PexFlags(flags)))
                .collect();
            let dropped = added.iter().map(|it| it.0).collect();
            let said = PeerExchange { added, dropped };
            prop_assert_eq!(PeerExchange::decode(&said.encode()), Ok(said));
        }

        #[test]
        fn never_panics(bytes in vec(any::<u8>(), 0..=255), list in vec(any::<u8>(), 0..=255)) {
            let _ = PeerExchange::decode(&bytes);
            let mut payload = format!("d5:added{}:", list.len()).into_bytes();
            payload.extend(&list);
            payload.push(b'e');
            let said = PeerExchange::decode(&payload).unwrap();
            prop_assert_eq!(said.added.len(), list.len() / 6);
        }
    }
}
