//! What a Swarm needs to begin, and to begin again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use slog::Logger;

use crate::actors::lifesigns::LifeSigns;
use crate::actors::slots::Slots;
use crate::actors::supervision::Restarts;
use crate::actors::tracker::Asker;
use crate::clock::Clock;
use crate::locate::Locator;
use crate::net::Network;
use crate::net::utp::Utp;
use crate::protocol::address::AddressPolicy;
use crate::protocol::info_hash::{InfoHash, InfoHashV2};
use crate::protocol::peer::conversation::Greeting;
use crate::protocol::tracker::TrackerUrl;
use crate::store::records::TorrentRow;
use crate::swarm::book::BookTerms;
use crate::swarm::facts::TorrentNumber;
use crate::swarm::unmeasured::Room;

/// What a Swarm needs to begin; kept by Root to begin it again.
#[derive(Clone)]
pub struct SwarmPlan {
    /// The torrent's number in the store.
    pub torrent: TorrentNumber,
    /// The torrent, by the name that the run knows it by; the row has all its names.
    pub info_hash: InfoHash,
    /// Its name, for people.
    pub name: Arc<str>,
    /// Bytes that a download of it takes: what we report as left.
    pub left_bytes: u64,
    /// Peers that the link named.
    pub named_peers: Vec<SocketAddr>,
    /// Its row in the store; without measures until its metadata is there.
    pub row: TorrentRow,
    /// What share of the pieces makes a download, in thousandths.
    pub threshold_permille: u16,
    /// Its trackers.
    pub trackers: Vec<TrackerUrl>,
    /// What its book goes by.
    pub terms: BookTerms,
    /// What we say to its peers.
    pub greeting: Arc<Greeting>,
    /// The user's announce interval, if there is one.
    pub interval: Option<Duration>,
    /// The key that trackers know us by when our address changes.
    pub tracker_key: u32,
    /// The port that we announce.
    pub announce_port: u16,
    /// The run's common parts.
    pub shared: Arc<Shared>,
}

impl SwarmPlan {
    /// What a tracker is called where it is announced to by this name of the torrent:
    /// what it counts of the other half of a hybrid stands apart.
    pub fn tracker_name(&self, url: &TrackerUrl, info_hash: InfoHash) -> Arc<str> {
        let url = url.redacted();
        let v2 = self.row.info_hash_v2.map(InfoHashV2::wire);
        match v2 {
            _ if info_hash == self.info_hash => url.into(),
            Some(v2) if v2 == info_hash => format!("{url} (v2)").into(),
            _ => format!("{url} (v1)").into(),
        }
    }
}

/// What all Swarms of a run share.
pub struct Shared {
    /// Where links come from.
    pub network: Network,
    /// uTP at the listening port; nowhere if it is not to be spoken.
    pub utp: Utp,
    /// Our own addresses, at most one a family; none: any.
    pub bind: Vec<std::net::IpAddr>,
    /// Whom we speak to.
    pub policy: AddressPolicy,
    /// Speaks to trackers.
    pub asker: Asker,
    /// The run's sessions.
    pub slots: Slots,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// The key of the identity hashes.
    pub secret: [u8; 32],
    /// The run's room for what is told before a torrent is measured.
    pub unmeasured: Room,
    /// How long a dial may take.
    pub timeout: Duration,
    /// Tells where addresses are.
    pub locator: Locator,
    /// Whether addresses are stored.
    pub keep_addresses: bool,
    /// Whether peers are told of each other (BEP 11).
    pub tells_peers: bool,
    /// The arbiters that serve sessions.
    pub workers: Vec<ArbiterHandle>,
    /// Actors that were started again.
    pub restarts: Restarts,
    /// The run's clock.
    pub clock: Clock,
    /// The run's log.
    pub log: Logger,
}
