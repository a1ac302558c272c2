//! What a magnet link says.

use std::net::SocketAddr;

use super::bencode;
use super::info_hash::{InfoHash, InfoHashV2, InfoHashes, InvalidInfoHash};
use super::limits;

/// What a magnet link says, as far as a crawler needs it. Which files are wanted
/// (`so`, BEP 53) and where content lies in the web (`ws`, `xs`, `as`) is nothing to
/// a crawler.
///
/// Source: BEP 9, "magnet URI format"; BEP 52 (`btmh`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magnet {
    /// The swarm: the v1 info-hash, if the link names that.
    pub info_hash: InfoHash,
    /// SHA-256 of the info dictionary, if the link names that.
    pub info_hash_v2: Option<InfoHashV2>,
    /// The suggested name, printable; the info-hash where there is none.
    pub name: String,
    /// Announce URLs, each once, as they stand in the link.
    pub trackers: Vec<String>,
    /// Peers to begin with; those named by a host name are left out.
    pub peers: Vec<SocketAddr>,
}

/// Why a magnet link is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MagnetError {
    /// It does not begin with `magnet:?`.
    #[error("not a magnet link")]
    NotAMagnet,
    /// More bytes than any link has.
    #[error("a magnet link of {len} bytes where at most {max} are taken", max = limits::MAGNET_BYTES)]
    TooLong {
        /// Its bytes.
        len: usize,
    },
    /// It names no torrent.
    #[error("a magnet link without `xt=urn:btih:` or `xt=urn:btmh:` and an info-hash")]
    NoInfoHash,
    /// What it names is neither hexadecimal nor Base32.
    #[error("the info-hash in a magnet link is neither 40 hexadecimal nor 32 Base32 digits")]
    InvalidInfoHash,
    /// What it names is no SHA-256.
    #[error("the v2 info-hash in a magnet link is not `1220` and 64 hexadecimal digits")]
    InvalidInfoHashV2,
    /// It names two torrents.
    #[error("a magnet link with two info-hashes, {0} and {1}")]
    TwoInfoHashes(InfoHash, InfoHash),
    /// It names two torrents of version 2.
    #[error("a magnet link with two v2 info-hashes, {0} and {1}")]
    TwoInfoHashesV2(InfoHashV2, InfoHashV2),
}

impl MagnetError {
    /// The stable name in logs and counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotAMagnet => "not_a_magnet",
            Self::TooLong { .. } => "too_long",
            Self::NoInfoHash => "no_info_hash",
            Self::InvalidInfoHash => "invalid_info_hash",
            Self::InvalidInfoHashV2 => "invalid_info_hash_v2",
            Self::TwoInfoHashes(..) => "two_info_hashes",
            Self::TwoInfoHashesV2(..) => "two_info_hashes_v2",
        }
    }
}

impl Magnet {
    /// Whether this is meant for a magnet link, of use or not.
    pub fn is_meant(text: &[u8]) -> bool {
        scheme(text).is_some()
    }

    /// Reads a magnet link.
    ///
    /// # Errors
    /// It names no torrent, or two.
    pub fn parse(text: &str) -> Result<Magnet, MagnetError> {
        let rest = scheme(text.as_bytes()).and_then(|it| it.strip_prefix(b"?"));
        let rest = rest.ok_or(MagnetError::NotAMagnet)?;
        let len = text.len();
        if len > limits::MAGNET_BYTES {
            return Err(MagnetError::TooLong { len });
        }
        let mut link = Found::default();
        for parameter in rest.split(|byte| *byte == b'&') {
            let mut parts = parameter.splitn(2, |byte| *byte == b'=');
            if let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                link.take(key, value)?;
            }
        }
        link.finish()
    }

    /// All names of the swarm that the link has.
    pub fn hashes(&self) -> InfoHashes {
        InfoHashes {
            first: self.info_hash,
            v2: self.info_hash_v2,
        }
    }

    /// A link that names the torrent and tells nothing more.
    pub fn nameless(hashes: InfoHashes) -> String {
        let v1 = format!("xt=urn:btih:{}", hashes.first);
        match hashes.v2 {
            Some(v2) if v2.wire() == hashes.first => format!("magnet:?xt=urn:btmh:1220{v2}"),
            Some(v2) => format!("magnet:?{v1}&xt=urn:btmh:1220{v2}"),
            None => format!("magnet:?{v1}"),
        }
    }

    /// A link that names nothing but a torrent.
    pub fn bare(hashes: impl Into<InfoHashes>) -> Magnet {
        let hashes = hashes.into();
        Magnet {
            info_hash: hashes.first,
            info_hash_v2: hashes.v2,
            name: hashes.first.to_string(),
            trackers: Vec::new(),
            peers: Vec::new(),
        }
    }
}

/// What has been found in a link so far.
#[derive(Default)]
struct Found {
    v1: Option<InfoHash>,
    v2: Option<InfoHashV2>,
    name: Option<String>,
    trackers: Vec<String>,
    peers: Vec<SocketAddr>,
}

impl Found {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), MagnetError> {
        match stem(&key.to_ascii_lowercase()) {
            b"xt" => return self.topic(&unescaped(value, false)),
            b"dn" if self.name.is_none() => {
                let name = bencode::printable(&unescaped(value, true), limits::NAME_BYTES);
                self.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            }
            b"tr" => self.tracker(unescaped(value, false)),
            b"x.pe" => self.peer(&unescaped(value, false)),
            _ => {}
        }
        Ok(())
    }

    /// Topics of other networks are passed over.
    fn topic(&mut self, topic: &[u8]) -> Result<(), MagnetError> {
        if let Some(digits) = after(topic, b"urn:btih:") {
            let digits = std::str::from_utf8(digits).map_err(|_| MagnetError::InvalidInfoHash)?;
            let hash = InfoHash::from_digits(digits);
            let hash = hash.map_err(|InvalidInfoHash| MagnetError::InvalidInfoHash)?;
            match self.v1.replace(hash) {
                Some(first) if first != hash => Err(MagnetError::TwoInfoHashes(first, hash)),
                _ => Ok(()),
            }
        } else if let Some(digits) = after(topic, b"urn:btmh:") {
            let invalid = MagnetError::InvalidInfoHashV2;
            let digits = std::str::from_utf8(digits).map_err(|_| invalid.clone())?;
            let hash = InfoHashV2::from_multihash(digits);
            let hash = hash.map_err(|InvalidInfoHash| invalid)?;
            match self.v2.replace(hash) {
                Some(first) if first != hash => Err(MagnetError::TwoInfoHashesV2(first, hash)),
                _ => Ok(()),
            }
        } else {
            Ok(())
        }
    }

    fn tracker(&mut self, url: Vec<u8>) {
        let fits = self.trackers.len() < limits::TRACKERS && url.len() <= limits::URL_BYTES;
        if let Ok(url) = String::from_utf8(url)
            && fits
            && !url.is_empty()
            && !self.trackers.contains(&url)
        {
            self.trackers.push(url);
        }
    }

    fn peer(&mut self, address: &[u8]) {
        let address = std::str::from_utf8(address).ok();
        if let Some(address) = address.and_then(|it| it.parse().ok())
            && self.peers.len() < limits::MAGNET_PEERS
            && !self.peers.contains(&address)
        {
            self.peers.push(address);
        }
    }

    fn finish(self) -> Result<Magnet, MagnetError> {
        let first = self.v1.or(self.v2.map(InfoHashV2::wire));
        let info_hash = first.ok_or(MagnetError::NoInfoHash)?;
        Ok(Magnet {
            info_hash,
            info_hash_v2: self.v2,
            name: self.name.unwrap_or_else(|| info_hash.to_string()),
            trackers: self.trackers,
            peers: self.peers,
        })
    }
}

/// What follows `magnet:`.
fn scheme(text: &[u8]) -> Option<&[u8]> {
    after(text, b"magnet:")
}

/// What follows a head that is written in any case.
fn after<'a>(text: &'a [u8], head: &[u8]) -> Option<&'a [u8]> {
    let (begin, rest) = text.split_at_checked(head.len())?;
    begin.eq_ignore_ascii_case(head).then_some(rest)
}

/// A key without its number: `tr.1` is a tracker as `tr` is.
fn stem(key: &[u8]) -> &[u8] {
    let digits = key.iter().rev().take_while(|it| it.is_ascii_digit());
    let digits = digits.count();
    let stem = &key[..key.len() - digits];
    match stem.strip_suffix(b".") {
        Some(stem) if digits > 0 => stem,
        _ => key,
    }
}

/// Without percent signs; in names a plus is a blank.
fn unescaped(text: &[u8], plus_is_blank: bool) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut rest = text;
    let mut out = Vec::with_capacity(text.len());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let escaped = match (byte, tail) {
            (b'%', [high, low, behind @ ..]) => hex(*high).zip(hex(*low)).map(|it| (it, behind)),
            _ => None,
        };
        match (escaped, byte) {
            (Some(((high, low), behind)), _) => {
                out.push((high * 16 + low) as u8);
                rest = behind;
            }
            (None, b'+') if plus_is_blank => out.push(b' '),
            (None, byte) => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests;
