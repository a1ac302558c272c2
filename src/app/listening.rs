//! Where incoming peers are accepted.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::actors::listener::Ports;
use crate::clock::Clock;
use crate::config::{Config, Listen};
use crate::net::utp::{Utp, UtpSocket};
use crate::net::{Acceptor, Datagrams, Network};

use super::RunError;

/// Listens at one port on both families, as far as they are used and there.
pub(super) async fn listen(
    network: &Network,
    config: &Config,
    clock: Clock,
) -> Result<Ports, RunError> {
    let mut ports = sockets(network, config).await?;
    let is_open = config.utp && config.listen != Listen::Nowhere;
    let mut utp = Vec::new();
    for socket in &ports.datagrams {
        let (socket, seed) = (Arc::clone(socket), rand::random());
        // One without an address hears nobody: the rest of a run can do without it.
        if !is_open {
            utp.extend(UtpSocket::closed(socket, clock, seed));
        } else if let Ok((socket, acceptor)) = UtpSocket::open(socket, clock, seed) {
            utp.push(socket);
            ports.acceptors.push(Arc::new(Acceptor::Utp(acceptor)));
        }
    }
    ports.utp = Utp::over(utp);
    Ok(ports)
}

async fn sockets(network: &Network, config: &Config) -> Result<Ports, RunError> {
    match config.listen.clone() {
        Listen::Nowhere if config.dht.is_some() || config.utp => Ok(deaf(network, config).await),
        Listen::Nowhere => Ok(Ports::default()),
        Listen::Any => at(network, config, 0).await,
        Listen::At(port) => at(network, config, port)
            .await
            .map_err(|error| match error {
                RunError::Listen { source, .. } if is_taken(&source) => {
                    RunError::PortTaken { port }
                }
                error => error,
            }),
        Listen::FirstOf(ports) => {
            for port in ports {
                match at(network, config, port).await {
                    Err(RunError::Listen { source, .. }) if is_taken(&source) => {}
                    other => return other,
                }
            }
            at(network, config, 0).await
        }
    }
}

async fn at(network: &Network, config: &Config, port: u16) -> Result<Ports, RunError> {
    let mut ports = Ports::default();
    let mut port = port;
    if let Some(v4) = config.bind.v4 {
        let acceptor = open(network, IpAddr::V4(v4), port).await?;
        // The other family listens at the port that the system has chosen.
        port = acceptor.local_addr().map_or(port, |at| at.port());
        ports.acceptors.push(Arc::new(acceptor));
    }
    if let Some(v6) = config.bind.v6 {
        match open(network, IpAddr::V6(v6), port).await {
            Ok(acceptor) => ports.acceptors.push(Arc::new(acceptor)),
            // A machine without IPv6 is no failure, if nobody asked for it.
            Err(RunError::Listen { source, .. })
                if v6.is_unspecified() && !ports.acceptors.is_empty() && !is_taken(&source) => {}
            Err(error) => return Err(error),
        }
    }
    for acceptor in &ports.acceptors {
        // Another program's UDP port is no reason not to listen for TCP.
        if let Ok(at) = acceptor.local_addr() {
            ports.datagrams.extend(datagrams(network, config, at).await);
        }
    }
    Ok(ports)
}

/// The DHT and uTP are spoken where no peer is heard, too.
async fn deaf(network: &Network, config: &Config) -> Ports {
    let v4 = config.bind.v4.map(IpAddr::V4).into_iter();
    let mut ports = Ports::default();
    for ip in v4.chain(config.bind.v6.map(IpAddr::V6)) {
        let socket = datagrams(network, config, SocketAddr::new(ip, 0)).await;
        ports.datagrams.extend(socket);
    }
    ports
}

/// At another port, if the DHT needs one and this one is taken.
async fn datagrams(network: &Network, config: &Config, at: SocketAddr) -> Option<Arc<Datagrams>> {
    let opened = match network.datagrams(at).await {
        Err(_) if config.dht.is_some() => network.datagrams(SocketAddr::new(at.ip(), 0)).await,
        opened => opened,
    };
    opened.ok().map(Arc::new)
}

async fn open(network: &Network, ip: IpAddr, port: u16) -> Result<Acceptor, RunError> {
    let at = SocketAddr::new(ip, port);
    let opened = network.listen(at).await;
    opened.map_err(|source| RunError::Listen { at, source })
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// The addresses that we are bound to dial from; none of a family: any.
pub(super) fn own_addresses(config: &Config) -> Vec<IpAddr> {
    let v4 = config.bind.v4.filter(|it| !it.is_unspecified());
    let v6 = config.bind.v6.filter(|it| !it.is_unspecified());
    let v4 = v4.map(IpAddr::V4).into_iter();
    v4.chain(v6.map(IpAddr::V6)).collect()
}
