//! How a link comes about, and what it counts as when it does not.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::net::{BoxLink, Incoming};
use crate::swarm::facts::Outcome;

use super::PeerContext;

/// A link in the making, and what was read from it already.
pub(super) type Dialling = Pin<Box<dyn Future<Output = io::Result<(BoxLink, Vec<u8>)>>>>;

/// We dial.
pub(super) fn dial(context: &Arc<PeerContext>, to: SocketAddr) -> Dialling {
    let network = context.network.clone();
    let from = context.bind.iter().find(|ip| ip.is_ipv4() == to.is_ipv4());
    let from = from.copied();
    Box::pin(async move { Ok((network.connect(from, to).await?, Vec::new())) })
}

/// They dialled: the socket is bound to this arbiter's reactor.
pub(super) fn accept(incoming: Incoming, head: Vec<u8>) -> Dialling {
    Box::pin(async move { Ok((incoming.open()?, head)) })
}

/// What a contact without a link counts as.
pub(super) fn outcome(kind: io::ErrorKind) -> Outcome {
    match kind {
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Outcome::Reset,
        io::ErrorKind::HostUnreachable => Outcome::NoRoute,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Outcome::Unreachable,
        _ => Outcome::LocalError,
    }
}
