//! The machine's own TCP and UDP.

mod multicast;
mod route;

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use super::Incoming;

/// Connections that wait to be accepted: a burst after an announce.
const BACKLOG: i32 = 1024;

/// The machine's own TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsNet;

impl OsNet {
    pub(super) async fn connect(
        &self,
        from: Option<IpAddr>,
        to: SocketAddr,
    ) -> io::Result<TcpStream> {
        let socket = match to {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // An address of the other family cannot be kept to.
        if let Some(from) = from.filter(|from| from.is_ipv4() == to.is_ipv4()) {
            // Without it a port that was just used stays blocked for a minute.
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(super) fn listen(&self, at: SocketAddr) -> io::Result<TcpListener> {
        let socket = socket(at, Type::STREAM, Protocol::TCP)?;
        socket.set_reuse_address(true)?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    }

    pub(super) fn datagrams(&self, at: SocketAddr) -> io::Result<UdpSocket> {
        let socket = socket(at, Type::DGRAM, Protocol::UDP)?;
        socket.bind(&at.into())?;
        UdpSocket::from_std(socket.into())
    }

    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((host, port)).await;
        // The system's resolver has no kind of its own for a name it knows not.
        let found = found.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
        let found: Vec<SocketAddr> = found.collect();
        match found.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(found),
        }
    }
}

pub(super) async fn accept(listener: &TcpListener) -> io::Result<(Incoming, SocketAddr)> {
    let (stream, from) = listener.accept().await?;
    // A peer that is gone already is noticed by reading, not here.
    let _ = stream.set_nodelay(true);
    Ok((Incoming::Os(stream.into_std()?), from))
}

/// A non-blocking socket. One for IPv6 takes no IPv4, so that both families
/// may listen at one port.
fn socket(at: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(at), kind, Some(protocol))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
