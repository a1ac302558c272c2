//! Hole punching: a peer that two others are connected to introduces them to each other,
//! so that both open a uTP connection at once, and each lets the other's in.

use std::net::{IpAddr, SocketAddr};

use crate::protocol::address::{canonical, compact_v4, compact_v6, write_compact};

const RENDEZVOUS: u8 = 0;
const CONNECT: u8 = 1;
const ERROR: u8 = 2;

const IPV4: u8 = 0;
const IPV6: u8 = 1;

/// One message of `ut_holepunch`: its kind (1 byte), the family of the address (1 byte),
/// address and port (6 or 18 bytes), what went wrong (4 bytes, 0 where nothing did).
///
/// Source: BEP 55.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holepunch {
    /// To a relay: introduce me to the peer that you know at this address.
    Rendezvous(SocketAddr),
    /// From a relay: the peer at this address and you are to open a connection to each
    /// other now.
    Connect(SocketAddr),
    /// From a relay: I cannot introduce you.
    Error(SocketAddr, Refusal),
}

/// Why a relay introduces nobody.
///
/// Source: BEP 55, "error codes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The address is none.
    NoSuchPeer,
    /// The relay is not connected to who is there.
    NotConnected,
    /// Who is there does not know the extension.
    NoSupport,
    /// The address is the relay's own.
    NoSelf,
    /// A code that BEP 55 does not name.
    Other(u32),
}

impl Refusal {
    /// As it travels.
    const fn code(self) -> u32 {
        match self {
            Refusal::NoSuchPeer => 1,
            Refusal::NotConnected => 2,
            Refusal::NoSupport => 3,
            Refusal::NoSelf => 4,
            Refusal::Other(code) => code,
        }
    }

    const fn from_code(code: u32) -> Self {
        match code {
            1 => Refusal::NoSuchPeer,
            2 => Refusal::NotConnected,
            3 => Refusal::NoSupport,
            4 => Refusal::NoSelf,
            code => Refusal::Other(code),
        }
    }
}

/// Why a payload is no message of hole punching: to be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolepunchError {
    /// The payload ends too soon.
    #[error("{received} bytes are too few")]
    Truncated {
        /// Bytes that came.
        received: usize,
    },
    /// A message that BEP 55 does not name.
    #[error("unknown message type {0}")]
    UnknownMessage(u8),
    /// An address of neither family.
    #[error("unknown address type {0}")]
    UnknownAddress(u8),
}

impl HolepunchError {
    /// The stable name in counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::UnknownMessage(_) => "unknown_message",
            Self::UnknownAddress(_) => "unknown_address",
        }
    }
}

impl Holepunch {
    /// Reads the payload of a `ut_holepunch` message. Only an error needs its code:
    /// libtorrent leaves it out elsewhere. Bytes behind the message are passed over.
    ///
    /// # Errors
    /// What BEP 55 does not know, or the payload is too short for it.
    pub fn decode(payload: &[u8]) -> Result<Holepunch, HolepunchError> {
        let truncated = HolepunchError::Truncated {
            received: payload.len(),
        };
        let (&[kind, family], rest) = payload.split_first_chunk().ok_or(truncated)?;
        let (address, len_bytes) = match family {
            IPV4 => (compact_v4(rest).next(), 6),
            IPV6 => (compact_v6(rest).next(), 18),
            other => return Err(HolepunchError::UnknownAddress(other)),
        };
        let address = address.ok_or(truncated)?;
        match kind {
            RENDEZVOUS => Ok(Holepunch::Rendezvous(address)),
            CONNECT => Ok(Holepunch::Connect(address)),
            ERROR => {
                let (code, _) = rest[len_bytes..].split_first_chunk().ok_or(truncated)?;
                let refusal = Refusal::from_code(u32::from_be_bytes(*code));
                Ok(Holepunch::Error(address, refusal))
            }
            other => Err(HolepunchError::UnknownMessage(other)),
        }
    }

    /// As the payload of a `ut_holepunch` message.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, address, code) = match *self {
            Holepunch::Rendezvous(address) => (RENDEZVOUS, address, 0),
            Holepunch::Connect(address) => (CONNECT, address, 0),
            Holepunch::Error(address, refusal) => (ERROR, address, refusal.code()),
        };
        let address = canonical(address);
        let family = match address.ip() {
            IpAddr::V4(_) => IPV4,
            IpAddr::V6(_) => IPV6,
        };
        let mut out = vec![kind, family];
        write_compact(address, &mut out);
        out.extend(code.to_be_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[test]
    fn says_what_bep_55_shows() {
        let asked = Holepunch::Rendezvous(at("1.2.3.4:6881"));
        assert_eq!(asked.encode(), b"\0\0\x01\x02\x03\x04\x1a\xe1\0\0\0\0");
        let told = Holepunch::Connect(at("[2001::1]:6881"));
        let expected = b"\x01\x01\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1\0\0\0\0";
        assert_eq!(told.encode(), expected);
        let refused = Holepunch::Error(at("1.2.3.4:6881"), Refusal::NotConnected);
        let expected = b"\x02\0\x01\x02\x03\x04\x1a\xe1\0\0\0\x02";
        assert_eq!(refused.encode(), expected);
    }

    #[test]
    fn takes_an_introduction_without_a_code_as_libtorrent_sends_it() {
        let read = Holepunch::decode(b"\x01\0\x01\x02\x03\x04\x1a\xe1");
        assert_eq!(read, Ok(Holepunch::Connect(at("1.2.3.4:6881"))));
        let read = Holepunch::decode(b"\0\0\x01\x02\x03\x04\x1a\xe1\0\0\0\0JUNK");
        assert_eq!(read, Ok(Holepunch::Rendezvous(at("1.2.3.4:6881"))));
        // An error says which.
        let read = Holepunch::decode(b"\x02\0\x01\x02\x03\x04\x1a\xe1\0\0\0");
        assert_eq!(read, Err(HolepunchError::Truncated { received: 11 }));
    }

    #[test]
    fn takes_a_mapped_address_for_what_it_is() {
        let mut mapped = b"\x01\x01\0\0\0\0\0\0\0\0\0\0\xff\xff".to_vec();
        mapped.extend(b"\x01\x02\x03\x04\x1a\xe1");
        let read = Holepunch::decode(&mapped);
        assert_eq!(read, Ok(Holepunch::Connect(at("1.2.3.4:6881"))));
    }

    #[test]
    fn names_what_is_no_message() {
        let label = |payload: &[u8]| Holepunch::decode(payload).map_err(|it| it.label());
        for payload in [&b""[..], b"\0", b"\0\0\x01\x02\x03\x04\x1a", b"\x01\x01abc"] {
            assert_eq!(label(payload), Err("truncated"));
        }
        let unknown = label(b"\x03\0\x01\x02\x03\x04\x1a\xe1\0\0\0\0");
        assert_eq!(unknown, Err("unknown_message"));
        let unknown = label(b"\0\x02\x01\x02\x03\x04\x1a\xe1\0\0\0\0");
        assert_eq!(unknown, Err("unknown_address"));
        let other = Holepunch::decode(b"\x02\0\x01\x02\x03\x04\x1a\xe1\0\0\0\x09");
        let expected = Holepunch::Error(at("1.2.3.4:6881"), Refusal::Other(9));
        assert_eq!(other, Ok(expected));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(ip in any::<IpAddr>(), port: u16, kind in 0..3, code: u32) {
            let address = canonical((ip, port).into());
            let message = match kind {
                0 => Holepunch::Rendezvous(address),
                1 => Holepunch::Connect(address),
                _ => Holepunch::Error(address, Refusal::from_code(code)),
            };
            prop_assert_eq!(Holepunch::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn never_panics(bytes in vec(any::<u8>(), 0..=255), kind in 0..4u8, family in 0..3u8) {
            let _ = Holepunch::decode(&bytes);
            let _ = Holepunch::decode(&[&[kind, family], &bytes[..]].concat());
        }
    }
}
