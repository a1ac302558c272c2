//! The names of a swarm.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

pub use v2::InfoHashV2;

mod v2;

/// 20 bytes that name a swarm on the wire: the SHA-1 of the info dictionary's exact
/// bytes, or what is left of their SHA-256 ([`InfoHashV2::wire`]).
///
/// Source: BEP 3, "info_hash"; BEP 52, "infohash".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash(pub [u8; 20]);

impl InfoHash {
    /// Hashes an info dictionary as it stands in the file, never re-encoded.
    pub fn of_info(info: &[u8]) -> Self {
        InfoHash(Sha1::digest(info).into())
    }

    /// Reads 40 hexadecimal digits, or 32 of Base32, in any case.
    ///
    /// # Errors
    /// Neither of them.
    ///
    /// Source: BEP 9, "magnet URI format".
    pub fn from_digits(digits: &str) -> Result<Self, InvalidInfoHash> {
        match digits.len() {
            32 => from_base32(digits.as_bytes()).ok_or(InvalidInfoHash),
            _ => digits.parse(),
        }
    }
}

/// All names of one swarm. A torrent of version 2 only has one on the wire, a hybrid
/// has two.
///
/// Source: BEP 52, "Upgrade Path".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoHashes {
    /// The SHA-1; of a torrent of version 2 only, or one of which no more is known, the
    /// SHA-256 cut short.
    pub first: InfoHash,
    /// The SHA-256, if the torrent has a v2 half and it is known.
    pub v2: Option<InfoHashV2>,
}

impl InfoHashes {
    /// As they stand on the wire, each once.
    pub fn iter(self) -> impl Iterator<Item = InfoHash> {
        let second = self.v2.map(InfoHashV2::wire);
        let second = second.filter(|it| *it != self.first);
        std::iter::once(self.first).chain(second)
    }

    /// Whether this is one of them.
    pub fn contains(self, hash: InfoHash) -> bool {
        self.iter().any(|it| it == hash)
    }

    /// The other one, if the torrent is a hybrid.
    pub fn other_than(self, hash: InfoHash) -> Option<InfoHash> {
        self.iter().find(|it| *it != hash)
    }

    /// These, and what others add to them that name the same swarm.
    #[must_use]
    pub fn joined(self, others: InfoHashes) -> Self {
        let v2 = self.v2.or(others.v2);
        let cut_short = v2.is_some_and(|it| it.wire() == self.first);
        let first = if cut_short { others.first } else { self.first };
        InfoHashes { first, v2 }
    }

    /// Whether they all are of this info dictionary.
    pub fn are_of(self, info: &[u8]) -> bool {
        let cut_short = self.v2.is_some_and(|it| it.wire() == self.first);
        let first = cut_short || InfoHash::of_info(info) == self.first;
        first && self.v2.is_none_or(|it| it == InfoHashV2::of_info(info))
    }
}

/// A swarm of which one name is known.
impl From<InfoHash> for InfoHashes {
    fn from(first: InfoHash) -> Self {
        InfoHashes { first, v2: None }
    }
}

/// A torrent of version 2 of which no more is known.
impl From<InfoHashV2> for InfoHashes {
    fn from(hash: InfoHashV2) -> Self {
        InfoHashes {
            first: hash.wire(),
            v2: Some(hash),
        }
    }
}

/// Each eight digits are five bytes (RFC 4648, section 6).
fn from_base32(digits: &[u8]) -> Option<InfoHash> {
    let (groups, _) = digits.as_chunks::<8>();
    let mut hash = [0; 20];
    for (group, bytes) in groups.iter().zip(hash.chunks_exact_mut(5)) {
        let mut bits = 0_u64;
        for digit in group {
            let value = match digit.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter - b'A',
                number @ b'2'..=b'7' => number - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        bytes.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(InfoHash(hash))
}

/// Lower-case hexadecimal, 40 digits.
impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an info-hash is 40 hexadecimal digits")]
pub struct InvalidInfoHash;

impl FromStr for InfoHash {
    type Err = InvalidInfoHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex(text.as_bytes())
            .map(InfoHash)
            .ok_or(InvalidInfoHash)
    }
}

/// Two digits a byte, in any case.
fn from_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut hash = [0; N];
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let digit = |it: u8| char::from(it).to_digit(16);
        *byte = (digit(*high)? * 16 + digit(*low)?) as u8;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let hash = InfoHash::of_info(b"de");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        // SHA-1 of "de", computed by sha1sum.
        assert_eq!(hash.to_string(), "600ccd1b71569232d01d110bc63e906beab04d8c");
    }

    #[test]
    fn a_hybrid_has_two_names() {
        let (v1, v2) = (InfoHash::of_info(b"de"), InfoHashV2::of_info(b"de"));
        let hybrid = InfoHashes {
            first: v1,
            v2: Some(v2),
        };
        assert!(hybrid.iter().eq([v1, v2.wire()]));
        assert!(hybrid.contains(v2.wire()) && hybrid.contains(v1));
        assert_eq!(hybrid.other_than(v1), Some(v2.wire()));
        assert_eq!(hybrid.other_than(v2.wire()), Some(v1));
        for single in [InfoHashes::from(v1), InfoHashes::from(v2)] {
            assert_eq!(single.iter().count(), 1);
            assert_eq!(single.other_than(single.first), None);
            assert_eq!(single.joined(hybrid), hybrid);
            assert_eq!(hybrid.joined(single), hybrid);
        }
    }

    #[test]
    fn each_name_must_be_of_the_dictionary() {
        let (v1, v2) = (InfoHash::of_info(b"de"), InfoHashV2::of_info(b"de"));
        let both = |first, hash| InfoHashes {
            first,
            v2: Some(hash),
        };
        assert!(InfoHashes::from(v1).are_of(b"de"));
        assert!(InfoHashes::from(v2).are_of(b"de"));
        assert!(both(v1, v2).are_of(b"de"));
        assert!(!InfoHashes::from(v1).are_of(b"le"));
        assert!(!InfoHashes::from(v2).are_of(b"le"));
        assert!(!both(v1, InfoHashV2::of_info(b"le")).are_of(b"de"));
        assert!(!both(InfoHash::of_info(b"le"), v2).are_of(b"de"));
    }

    #[test]
    fn refuses_other_lengths_and_digits() {
        for text in ["", "00", "zz", "+0000000000000000000000000000000000000000"] {
            assert_eq!(text.parse::<InfoHash>(), Err(InvalidInfoHash));
        }
        let sign = "+f".repeat(20);
        assert_eq!(sign.parse::<InfoHash>(), Err(InvalidInfoHash));
    }
}
