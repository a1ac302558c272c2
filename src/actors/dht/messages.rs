//! What a Dht is told, and what it needs to begin.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use actix::prelude::*;

use crate::actors::lifesigns::LifeSigns;
use crate::actors::swarm::PeersFound;
use crate::net::{Datagrams, Network};
use crate::protocol::address::{AddressPolicy, IpFamily};
use crate::protocol::info_hash::InfoHash;
use crate::swarm::facts::TorrentNumber;
use crate::swarm::pace::Pace;

/// Listener -> Dht: a datagram that may be of the DHT.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Root -> Dht, Lsd: look for this torrent's peers, and announce us.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct Follow {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Its number in the store.
    pub torrent: TorrentNumber,
    /// Its Swarm.
    pub finds: Recipient<PeersFound>,
}

/// Root -> Dht, Lsd: look for this torrent's peers no longer (BEP 27).
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Unfollow(pub InfoHash);

/// Peer -> Root -> Dht: a peer says that it has a node there (BEP 5, PORT).
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct NodeNamed(pub SocketAddr);

/// Root -> Dht: save the table, and end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Close;

/// What a Dht needs to begin, and to begin again.
#[derive(Clone)]
pub struct DhtPlan {
    /// Which DHT.
    pub family: IpFamily,
    /// The socket at the listening port.
    pub socket: Arc<Datagrams>,
    /// Host and port of the first nodes.
    pub bootstrap: Vec<(String, u16)>,
    /// It answers nobody.
    pub read_only: bool,
    /// Where peers may connect; none: nowhere, and nothing is announced.
    pub announced_port: Option<u16>,
    /// Where the table is kept between runs.
    pub state: Option<PathBuf>,
    /// Looks names up.
    pub network: Network,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// Whom we speak to.
    pub policy: AddressPolicy,
    /// The rhythm of the run.
    pub pace: Pace,
}
