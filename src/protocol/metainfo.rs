//! What a `.torrent` file says.

mod error;
mod file_tree;
mod layout;
mod piece_layers;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use bip_bencode::{BRefAccess, BencodeRef};

pub use error::MetainfoError;

use self::layout::Layout;
use super::bencode::{self, Node, Tail};
use super::info_hash::{InfoHash, InfoHashV2, InfoHashes};
use super::limits;

/// What a `.torrent` file says, as far as a crawler needs it.
///
/// Source: BEP 3 (single and multi file), BEP 5 (`nodes`), BEP 12 (tiers),
/// BEP 27 (private), BEP 47 (padding), BEP 52 (version 2, hybrids).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metainfo {
    /// SHA-1 of the info dictionary's exact bytes; without a v1 half the SHA-256, cut
    /// short.
    pub info_hash: InfoHash,
    /// SHA-256 of the same bytes, if the torrent has a v2 half.
    pub info_hash_v2: Option<InfoHashV2>,
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

impl Metainfo {
    /// A torrent file that says nothing but its info dictionary.
    pub fn file_of(info: &[u8]) -> Vec<u8> {
        [b"d4:info", info, b"e"].concat()
    }

    /// Reads a `.torrent` file.
    ///
    /// # Errors
    /// Not bencode, a needed key is missing or out of range, the pieces do not
    /// cover the files, or the halves of a hybrid do not agree.
    pub fn parse(bytes: &[u8]) -> Result<Metainfo, MetainfoError> {
        let root = bencode::decode(bytes, limits::TORRENT_FILE_BYTES, Tail::Allowed)?;
        let info = root.field("info").filter(|info| info.is_dict());
        let info = info.ok_or(MetainfoError::Missing { key: "info" })?;
        let exact = info.buffer();
        let layout = Layout::read(&root, info)?;
        let v2 = layout.v2.then(|| InfoHashV2::of_info(exact));
        let cut_short = v2.filter(|_| !layout.v1).map(InfoHashV2::wire);
        let info_hash = cut_short.unwrap_or_else(|| InfoHash::of_info(exact));
        let private = info.int_at("private") == Some(1);
        Ok(Metainfo {
            info_hash,
            info_hash_v2: v2,
            name: name(info).unwrap_or_else(|| info_hash.to_string()),
            piece_length: layout.piece_length,
            pieces: layout.pieces,
            total_len_bytes: layout.total_len_bytes,
            content_len_bytes: layout.content_len_bytes,
            files: layout.files,
            private,
            trackers: trackers(&root),
            nodes: if private { Vec::new() } else { nodes(&root) },
        })
    }

    /// Bytes of content in a piece, on average: where each file begins a piece of its own
    /// (BEP 52) many are far from full.
    pub fn mean_piece_bytes(&self) -> u64 {
        let mean = self
            .content_len_bytes
            .div_ceil(u64::from(self.pieces.max(1)));
        mean.min(self.piece_length)
    }

    /// All names of the swarm.
    pub fn hashes(&self) -> InfoHashes {
        InfoHashes {
            first: self.info_hash,
            v2: self.info_hash_v2,
        }
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
