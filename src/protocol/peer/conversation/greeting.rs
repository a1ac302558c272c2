//! What we say of ourselves.

use std::time::Duration;

use super::DhtPorts;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::handshake::{Handshake, PeerId, Reserved};

/// What we say in every session of one torrent.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// The torrent, as we name it when we dial.
    pub info_hash: InfoHash,
    /// Its other name, if it is a hybrid: who is dialled may answer by that, and who
    /// dials us may ask for it (BEP 52).
    pub other_hash: Option<InfoHash>,
    /// Our peer id, one a swarm and run.
    pub peer_id: PeerId,
    /// Pieces of the torrent; `None` until its metadata is there.
    pub pieces: Option<u32>,
    /// Our name and version, for the extension handshake's `v`.
    pub client: String,
    /// The port on which we accept connections.
    pub listen_port: Option<u16>,
    /// How many requests we queue, for the extension handshake; none will be
    /// served.
    pub reqq: u32,
    /// Whether to ask for peer exchange; never for a private torrent (BEP 27).
    pub gossip: bool,
    /// Our nodes of the DHT, if we have any; peers of a private torrent are not told.
    pub dht: Option<DhtPorts>,
    /// How long the whole handshake may take.
    pub handshake_timeout: Duration,
    /// Divides the rhythm of keep-alives and the limit of silence: 1 in earnest,
    /// more in a demonstration.
    pub pace: u32,
}

impl Greeting {
    /// Our nodes of the DHT, if this torrent may be known there (BEP 27).
    pub fn open_dht(&self) -> Option<DhtPorts> {
        self.dht.filter(|_| self.gossip)
    }

    /// Whether this names the torrent.
    pub(super) fn names(&self, hash: InfoHash) -> bool {
        hash == self.info_hash || Some(hash) == self.other_hash
    }

    /// Our handshake, by one of the torrent's names.
    pub(super) fn handshake(&self, info_hash: InfoHash) -> Handshake {
        Handshake {
            reserved: self.reserved(),
            info_hash,
            peer_id: self.peer_id,
        }
    }

    /// What we can do, as far as it concerns this torrent.
    fn reserved(&self) -> Reserved {
        let mut reserved = Reserved::OURS;
        if self.open_dht().is_some() {
            reserved = reserved.and_dht();
        }
        if self.other_hash.is_some() {
            reserved = reserved.and_v2();
        }
        reserved
    }
}
