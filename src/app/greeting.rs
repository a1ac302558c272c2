//! Who we say we are.

use rand::Rng;
use rand::distr::Alphanumeric;

use crate::config::Config;
use crate::input::Torrent;
use crate::protocol::peer::conversation::{DhtPorts, Greeting};
use crate::protocol::peer::handshake::PeerId;
use crate::swarm::pace::Pace;

/// Our peer ids begin so, in the style of Azureus (BEP 20): anyone can see who asks.
const PEER_ID_PREFIX: &[u8; 8] = b"-BA0100-";

/// Requests that we say we queue; none will ever be served.
const REQQ: u32 = 250;

/// What one swarm's peers are told.
pub(super) fn greeting(
    config: &Config,
    torrent: &Torrent,
    port: Option<u16>,
    dht: Option<DhtPorts>,
    pace: Pace,
) -> Greeting {
    let metainfo = torrent.metainfo();
    Greeting {
        info_hash: torrent.info_hash(),
        other_hash: torrent.hashes().other_than(torrent.info_hash()),
        peer_id: invent_peer_id(),
        pieces: metainfo.map(|it| it.pieces),
        gossip: !metainfo.is_some_and(|it| it.private),
        utp: config.utp,
        client: match &config.contact {
            Some(contact) => format!("bta {} (+{contact})", env!("CARGO_PKG_VERSION")),
            None => concat!("bta ", env!("CARGO_PKG_VERSION")).into(),
        },
        listen_port: port,
        dht,
        reqq: REQQ,
        handshake_timeout: config.timeout,
        pace: pace.divisor(),
    }
}

/// One a swarm and run, printable all through.
fn invent_peer_id() -> PeerId {
    let mut id = [0; 20];
    id[..8].copy_from_slice(PEER_ID_PREFIX);
    for (byte, letter) in id[8..]
        .iter_mut()
        .zip(rand::rng().sample_iter(Alphanumeric))
    {
        *byte = letter;
    }
    PeerId(id)
}

/// What trackers are told.
pub(super) fn user_agent(config: &Config) -> String {
    match &config.contact {
        Some(contact) => format!("bta/{} (+{contact})", env!("CARGO_PKG_VERSION")),
        None => concat!("bta/", env!("CARGO_PKG_VERSION")).into(),
    }
}
