//! Torrents without content: only their metainfo is real.

use std::io;
use std::path::{Path, PathBuf};

use rand::Rng;

use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;

/// An invented torrent.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// Its name.
    pub name: String,
    /// Its info-hash.
    pub info_hash: InfoHash,
    /// Number of pieces.
    pub pieces: u32,
    /// Length of a piece in bytes.
    pub piece_length: u64,
    /// From how many pieces on a peer counts as one that has it.
    pub threshold: u32,
    /// Announce URLs, one tier each.
    pub trackers: Vec<String>,
    /// Whether a crawler is given a magnet link of it, and no file.
    pub linked: bool,
    /// From when on its peers give its metadata.
    pub metadata_from: Moment,
    info: Vec<u8>,
}

impl Torrent {
    /// Invents one with random piece hashes. `threshold_permille` is the share
    /// of pieces that bta takes for a download.
    pub fn invent(
        name: &str,
        pieces: u32,
        piece_length: u64,
        threshold_permille: u16,
        rng: &mut impl Rng,
    ) -> Self {
        let mut hashes = vec![0; pieces as usize * 20];
        rng.fill(&mut hashes[..]);
        let len_bytes = u64::from(pieces) * piece_length;
        let mut info = format!(
            "d6:lengthi{len_bytes}e4:name{}:{name}12:piece lengthi{piece_length}e6:pieces{}:",
            name.len(),
            hashes.len(),
        )
        .into_bytes();
        info.extend(hashes);
        info.push(b'e');
        let share = u64::from(pieces) * u64::from(threshold_permille);
        Torrent {
            name: name.to_owned(),
            info_hash: InfoHash::of_info(&info),
            pieces,
            piece_length,
            threshold: share.div_ceil(1000) as u32,
            trackers: Vec::new(),
            linked: false,
            metadata_from: Moment::EPOCH,
            info,
        }
    }

    /// Its content's length in bytes.
    pub fn len_bytes(&self) -> u64 {
        u64::from(self.pieces) * self.piece_length
    }

    /// The info dictionary's length in bytes.
    pub fn info_len_bytes(&self) -> usize {
        self.info.len()
    }

    /// A piece of the info dictionary (BEP 9), if it is given now.
    pub fn info_piece(&self, now: Moment, piece: u32) -> Option<&[u8]> {
        if now < self.metadata_from {
            return None;
        }
        let pieces = self.info.chunks(limits::METADATA_PIECE_BYTES as usize);
        pieces.into_iter().nth(piece as usize)
    }

    /// The metainfo (BEP 3; BEP 12 for the list of trackers).
    pub fn metainfo(&self) -> Vec<u8> {
        let text = |url: &String| format!("{}:{url}", url.len());
        let mut out = b"d".to_vec();
        if let Some(first) = self.trackers.first() {
            out.extend(format!("8:announce{}", text(first)).bytes());
            let tiers = self.trackers.iter().map(|url| format!("l{}e", text(url)));
            let tiers: String = tiers.collect();
            out.extend(format!("13:announce-listl{tiers}e").bytes());
        }
        out.extend(b"4:info");
        out.extend(&self.info);
        out.push(b'e');
        out
    }

    /// A link with its name and its trackers (BEP 9, "magnet URI format").
    pub fn magnet(&self) -> String {
        let escaped = |text: &str| -> String {
            let bytes = text.bytes().map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            });
            bytes.collect()
        };
        let mut link = format!(
            "magnet:?xt=urn:btih:{}&dn={}",
            self.info_hash,
            escaped(&self.name)
        );
        for url in &self.trackers {
            link.extend(["&tr=", &escaped(url)]);
        }
        link
    }

    /// Writes `<name>.torrent` into a directory that exists.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, dir: &Path) -> io::Result<PathBuf> {
        let path = dir.join(&self.name).with_extension("torrent");
        std::fs::write(&path, self.metainfo())?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;
    use crate::protocol::magnet::Magnet;

    #[test]
    fn its_link_names_it_and_its_trackers() {
        let rng = &mut SmallRng::seed_from_u64(1);
        let mut torrent = Torrent::invent("lab & more", 4, 1 << 14, 980, rng);
        torrent.trackers = vec!["http://127.0.0.1:1/announce?a=b&c".to_owned()];
        let read = Magnet::parse(&torrent.magnet()).unwrap();
        assert_eq!(
            (read.info_hash, read.name.as_str()),
            (torrent.info_hash, "lab & more")
        );
        assert_eq!(read.trackers, torrent.trackers);
    }
}
