//! The name of a torrent of version 2.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::{InfoHash, InvalidInfoHash, from_hex};

/// The SHA-256 of the info dictionary's exact bytes.
///
/// Source: BEP 52, "infohash".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHashV2(pub [u8; 32]);

impl InfoHashV2 {
    /// Hashes an info dictionary as it stands in the file, never re-encoded.
    pub fn of_info(info: &[u8]) -> Self {
        InfoHashV2(Sha256::digest(info).into())
    }

    /// The first 20 bytes: what handshakes, trackers and the DHT have room for.
    pub fn wire(self) -> InfoHash {
        let mut cut = [0; 20];
        cut.copy_from_slice(&self.0[..20]);
        InfoHash(cut)
    }

    /// Reads a multihash in hexadecimal: 0x12 (SHA-256), 0x20 (its length), 32 bytes.
    ///
    /// # Errors
    /// Another length or another hash function.
    ///
    /// Source: BEP 9, "magnet URI format" (`btmh`).
    pub fn from_multihash(digits: &str) -> Result<Self, InvalidInfoHash> {
        let digits = digits.strip_prefix("1220").ok_or(InvalidInfoHash)?;
        digits.parse()
    }
}

/// Lower-case hexadecimal, 64 digits.
impl fmt::Display for InfoHashV2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHashV2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InfoHashV2 {
    type Err = InvalidInfoHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = from_hex(text.as_bytes());
        hash.map(InfoHashV2).ok_or(InvalidInfoHash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of "de", computed by sha256sum.
    const OF_DE: &str = "959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578";

    #[test]
    fn reads_what_it_prints() {
        let hash = InfoHashV2::of_info(b"de");
        assert_eq!(hash.to_string(), OF_DE);
        assert_eq!(OF_DE.parse(), Ok(hash));
        assert_eq!(hash.wire().to_string(), OF_DE[..40]);
    }

    #[test]
    fn reads_multihashes_of_sha_256_alone() {
        let read = |head: &str| InfoHashV2::from_multihash(&format!("{head}{OF_DE}"));
        assert_eq!(read("1220"), Ok(InfoHashV2::of_info(b"de")));
        assert_eq!(read("1120"), Err(InvalidInfoHash));
        assert_eq!(read(""), Err(InvalidInfoHash));
        assert_eq!(read("122000"), Err(InvalidInfoHash));
    }
}
