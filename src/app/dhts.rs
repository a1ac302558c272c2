//! How a run takes part in the DHT.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use crate::actors::dht::DhtPlan;
use crate::actors::listener::Ports;
use crate::actors::swarm::Shared;
use crate::config::{Config, DhtFile};
use crate::input::Torrent;
use crate::protocol::address::IpFamily;
use crate::protocol::peer::conversation::DhtPorts;
use crate::swarm::pace::Pace;

/// First nodes that the torrents name, at most.
const NAMED_NODES: usize = 64;

/// A node for each family that has a socket.
pub(super) fn plans(
    config: &Config,
    torrents: &[Torrent],
    ports: &Ports,
    announced_port: Option<u16>,
    shared: &Shared,
    pace: Pace,
) -> Vec<DhtPlan> {
    let Some(dht) = &config.dht else {
        return Vec::new();
    };
    let named = torrents
        .iter()
        .flat_map(|it| it.metainfo().map(|it| &it.nodes).into_iter().flatten());
    let named = named.take(NAMED_NODES).cloned();
    let bootstrap: Vec<_> = dht.bootstrap.iter().cloned().chain(named).collect();
    let state = match &dht.file {
        DhtFile::Nowhere => None,
        DhtFile::Cache => cache_file(),
        DhtFile::At(path) => Some(path.clone()),
    };
    let sockets = ports.datagrams.iter();
    let plans = sockets.filter_map(|socket| {
        Some(DhtPlan {
            family: IpFamily::of(socket.local_addr().ok()?.ip()),
            socket: Arc::clone(socket),
            bootstrap: bootstrap.clone(),
            read_only: dht.read_only,
            announced_port,
            state: state.clone(),
            network: shared.network.clone(),
            signs: shared.signs.clone(),
            policy: shared.policy.clone(),
            pace,
        })
    });
    plans.collect()
}

/// What peers are told of our nodes.
pub(super) fn told_ports(config: &Config, ports: &Ports) -> Option<DhtPorts> {
    let dht = config.dht.as_ref()?;
    let mut told = DhtPorts::default();
    let sockets = ports.datagrams.iter().filter(|_| !dht.read_only);
    for at in sockets.filter_map(|it| it.local_addr().ok()) {
        match IpFamily::of(at.ip()) {
            IpFamily::V4 => told.v4 = Some(at.port()),
            IpFamily::V6 => told.v6 = Some(at.port()),
        }
    }
    Some(told)
}

/// None for a user without a home.
fn cache_file() -> Option<PathBuf> {
    let named = |name| env::var_os(name).filter(|it| !it.is_empty());
    let cache = named("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(named("HOME")?).join(".cache")));
    cache.map(|it| it.join("bta/dht"))
}
