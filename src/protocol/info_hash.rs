//! The name of a swarm.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// 20 bytes that name a swarm: the SHA-1 of the info dictionary's exact bytes.
///
/// Source: BEP 3, "info_hash".
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
        let digits = text.as_bytes();
        if digits.len() != 40 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidInfoHash);
        }
        let mut hash = [0; 20];
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidInfoHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidInfoHash)?;
        }
        Ok(InfoHash(hash))
    }
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
    fn refuses_other_lengths_and_digits() {
        for text in ["", "00", "zz", "+0000000000000000000000000000000000000000"] {
            assert_eq!(text.parse::<InfoHash>(), Err(InvalidInfoHash));
        }
        let sign = "+f".repeat(20);
        assert_eq!(sign.parse::<InfoHash>(), Err(InvalidInfoHash));
    }
}
