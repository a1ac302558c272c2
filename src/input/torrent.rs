//! One torrent to crawl, as it was named.

use super::Origin;
use crate::protocol::info_hash::{InfoHash, InfoHashes};
use crate::protocol::magnet::Magnet;
use crate::protocol::metainfo::Metainfo;

/// One torrent to crawl.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// What is known of it.
    pub named: Named,
    /// Where it was named first.
    pub origin: Origin,
}

/// How a torrent was named.
#[derive(Clone, Debug)]
pub enum Named {
    /// By its file: everything is known of it.
    Metainfo(Metainfo),
    /// By a link: what it is is to be asked of its peers.
    Magnet(Magnet),
}

impl Torrent {
    /// The swarm.
    pub fn info_hash(&self) -> InfoHash {
        self.named.info_hash()
    }

    /// All names of the swarm that are known.
    pub fn hashes(&self) -> InfoHashes {
        self.named.hashes()
    }

    /// The suggested name; the info-hash where there is none.
    pub fn name(&self) -> &str {
        match &self.named {
            Named::Metainfo(metainfo) => &metainfo.name,
            Named::Magnet(magnet) => &magnet.name,
        }
    }

    /// What its file says, if there was one.
    pub fn metainfo(&self) -> Option<&Metainfo> {
        match &self.named {
            Named::Metainfo(metainfo) => Some(metainfo),
            Named::Magnet(_) => None,
        }
    }

    /// Announce URLs, all tiers in their order.
    pub fn trackers(&self) -> Vec<&str> {
        let urls: Vec<_> = match &self.named {
            Named::Metainfo(metainfo) => metainfo.trackers.iter().flatten().collect(),
            Named::Magnet(magnet) => magnet.trackers.iter().collect(),
        };
        urls.into_iter().map(String::as_str).collect()
    }
}

impl Named {
    /// The swarm.
    pub fn info_hash(&self) -> InfoHash {
        self.hashes().first
    }

    /// All names of the swarm that are known.
    pub fn hashes(&self) -> InfoHashes {
        match self {
            Named::Metainfo(metainfo) => metainfo.hashes(),
            Named::Magnet(magnet) => magnet.hashes(),
        }
    }

    /// The same torrent was named once more: a file tells more than a link, and its
    /// trackers stand before the link's. Another link's are added to the first one's,
    /// as is its name for the swarm.
    pub(super) fn join(&mut self, again: Named) {
        match (&mut *self, again) {
            (Named::Magnet(magnet), Named::Metainfo(mut metainfo)) => {
                add_trackers(&mut metainfo, std::mem::take(&mut magnet.trackers));
                *self = Named::Metainfo(metainfo);
            }
            (Named::Metainfo(metainfo), Named::Magnet(magnet)) => {
                add_trackers(metainfo, magnet.trackers);
            }
            (Named::Magnet(first), Named::Magnet(magnet)) => {
                let hashes = first.hashes().joined(magnet.hashes());
                (first.info_hash, first.info_hash_v2) = (hashes.first, hashes.v2);
                let known = first.trackers.clone();
                let new = magnet.trackers.into_iter();
                first.trackers.extend(new.filter(|it| !known.contains(it)));
                first.peers.extend(magnet.peers);
            }
            (Named::Metainfo(_), Named::Metainfo(_)) => {}
        }
    }
}

/// A private torrent is at home at its own trackers only.
fn add_trackers(metainfo: &mut Metainfo, urls: Vec<String>) {
    if metainfo.private {
        return;
    }
    for url in urls {
        if !metainfo
            .trackers
            .iter()
            .flatten()
            .any(|known| *known == url)
        {
            metainfo.trackers.push(vec![url]);
        }
    }
}
