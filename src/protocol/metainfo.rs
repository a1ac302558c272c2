//! What a `.torrent` file says.

mod error;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use bip_bencode::{BRefAccess, BencodeRef};
use sha2::{Digest, Sha256};

pub use error::MetainfoError;

use super::bencode::{self, Node, Tail};
use super::info_hash::InfoHash;
use super::limits;

/// What a `.torrent` file says, as far as a crawler needs it.
///
/// Source: BEP 3 (single and multi file), BEP 5 (`nodes`), BEP 12 (tiers),
/// BEP 27 (private), BEP 47 (padding), BEP 52 (hybrid).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metainfo {
    /// SHA-1 of the info dictionary's exact bytes.
    pub info_hash: InfoHash,
    /// SHA-256 of the same bytes, if the torrent has a v2 half.
    pub info_hash_v2: Option<[u8; 32]>,
    /// The suggested name, printable; the info-hash where there is none.
    pub name: String,
    /// Length of a piece in bytes; the last one may be shorter.
    pub piece_length: u64,
    /// Number of pieces, at least 1.
    pub pieces: u32,
    /// Length of all that the pieces span, padding files included: what `left`
    /// is for a peer that has nothing.
    pub total_len_bytes: u64,
    /// Length of the content, without padding files.
    pub content_len_bytes: u64,
    /// Number of files, without padding files.
    pub files: u32,
    /// Whether peers may be looked for at its trackers only.
    pub private: bool,
    /// Announce URLs by tier, each once, as they stand in the file.
    pub trackers: Vec<Vec<String>>,
    /// DHT nodes to start from, host and port; none for a private torrent.
    pub nodes: Vec<(String, u16)>,
}

/// What the files add up to.
#[derive(Default)]
struct Layout {
    total_len_bytes: u64,
    content_len_bytes: u64,
    files: u32,
}

/// How BitComet named padding before BEP 47.
const OLD_PADDING: &[u8] = b"_____padding_file";

impl Metainfo {
    /// A torrent file that says nothing but its info dictionary.
    pub fn file_of(info: &[u8]) -> Vec<u8> {
        [b"d4:info", info, b"e"].concat()
    }

    /// Reads a `.torrent` file.
    ///
    /// # Errors
    /// Not bencode, a needed key is missing or out of range, the pieces do not
    /// cover the files, or there is no v1 half.
    pub fn parse(bytes: &[u8]) -> Result<Metainfo, MetainfoError> {
        let root = bencode::decode(bytes, limits::TORRENT_FILE_BYTES, Tail::Allowed)?;
        let info = root.field("info").filter(|info| info.is_dict());
        let info = info.ok_or(MetainfoError::Missing { key: "info" })?;
        let exact = info.buffer();
        let v2 = info.int_at("meta version") == Some(2);
        let Some(hashes) = info.bytes_at("pieces") else {
            return Err(match v2 {
                true => MetainfoError::OnlyV2,
                false => MetainfoError::Missing { key: "pieces" },
            });
        };
        let piece_length = info.int_at("piece length");
        let piece_length = piece_length.ok_or(MetainfoError::Missing {
            key: "piece length",
        })?;
        let piece_length = u64::try_from(piece_length)
            .ok()
            .filter(|len| (1..=limits::PIECE_BYTES).contains(len))
            .ok_or(MetainfoError::OutOfRange {
                key: "piece length",
            })?;
        let layout = Layout::read(info)?;
        let pieces = count_pieces(hashes, layout.total_len_bytes, piece_length)?;
        let info_hash = InfoHash::of_info(exact);
        let private = info.int_at("private") == Some(1);
        Ok(Metainfo {
            info_hash,
            info_hash_v2: v2.then(|| Sha256::digest(exact).into()),
            name: name(info).unwrap_or_else(|| info_hash.to_string()),
            piece_length,
            pieces,
            total_len_bytes: layout.total_len_bytes,
            content_len_bytes: layout.content_len_bytes,
            files: layout.files,
            private,
            trackers: trackers(&root),
            nodes: if private { Vec::new() } else { nodes(&root) },
        })
    }
}

impl Layout {
    fn read(info: &BencodeRef<'_>) -> Result<Layout, MetainfoError> {
        let mut layout = Layout::default();
        if info.field("files").is_none() {
            layout.add(info, false)?;
            return Ok(layout);
        }
        for (index, file) in info.items_at("files").enumerate() {
            if index == limits::FILES {
                return Err(MetainfoError::OutOfRange { key: "files" });
            }
            let attributes = file.bytes_at("attr").unwrap_or_default();
            let last = file.items_at("path").last().and_then(|it| it.bytes());
            let old = last.is_some_and(|name| name.starts_with(OLD_PADDING));
            layout.add(file, old || attributes.contains(&b'p'))?;
        }
        Ok(layout)
    }

    fn add(&mut self, file: &BencodeRef<'_>, padding: bool) -> Result<(), MetainfoError> {
        let out_of_range = MetainfoError::OutOfRange { key: "length" };
        let len = match file.int_at("length") {
            Some(len) => u64::try_from(len).map_err(|_| out_of_range.clone())?,
            // A symbolic link has no content (BEP 47).
            None if file.bytes_at("attr").is_some_and(|it| it.contains(&b'l')) => 0,
            None => return Err(MetainfoError::Missing { key: "length" }),
        };
        let total = self.total_len_bytes.checked_add(len);
        self.total_len_bytes = total.ok_or(out_of_range)?;
        if !padding {
            self.content_len_bytes += len;
            self.files += 1;
        }
        Ok(())
    }
}

/// The number of pieces, if the hashes are as many as the files need.
fn count_pieces(hashes: &[u8], total: u64, piece_length: u64) -> Result<u32, MetainfoError> {
    let (hashes, rest) = hashes.as_chunks::<20>();
    if !rest.is_empty() {
        return Err(MetainfoError::OutOfRange { key: "pieces" });
    }
    let (expected, received) = (total.div_ceil(piece_length), hashes.len() as u64);
    if expected != received {
        return Err(MetainfoError::PieceCount { expected, received });
    }
    match u32::try_from(received) {
        Ok(0) => Err(MetainfoError::NoPieces),
        Ok(pieces) if pieces <= limits::PIECES => Ok(pieces),
        _ => Err(MetainfoError::OutOfRange { key: "pieces" }),
    }
}

fn name(info: &BencodeRef<'_>) -> Option<String> {
    let name = info.bytes_at("name.utf-8").or(info.bytes_at("name"))?;
    let name = bencode::printable(name, limits::NAME_BYTES);
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// `announce-list`, and `announce` as a last tier if it is not in it: who
/// counts wants to hear them all. A tier may be a bare text.
fn trackers(root: &BencodeRef<'_>) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
    let mut take = |url: &BencodeRef<'_>| {
        let url = url.str()?.trim();
        let fits = !url.is_empty() && url.len() <= limits::URL_BYTES;
        let room = seen.len() < limits::TRACKERS;
        (fits && room && seen.insert(url.to_owned())).then(|| url.to_owned())
    };
    let mut tiers = Vec::new();
    for tier in root.items_at("announce-list") {
        let urls = tier.items().chain(tier.bytes().map(|_| tier));
        tiers.push(urls.filter_map(&mut take).collect());
    }
    tiers.push(root.field("announce").and_then(take).into_iter().collect());
    tiers.retain(|tier: &Vec<String>| !tier.is_empty());
    tiers
}

fn nodes(root: &BencodeRef<'_>) -> Vec<(String, u16)> {
    let node = |node: &BencodeRef<'_>| {
        let mut parts = node.items();
        let host = parts.next()?.str()?;
        let port = u16::try_from(parts.next()?.int()?).ok()?;
        let fits = !host.is_empty() && host.len() <= limits::HOST_BYTES && port != 0;
        fits.then(|| (host.to_owned(), port))
    };
    let found = root.items_at("nodes").filter_map(node);
    found.take(limits::NODES).collect()
}
