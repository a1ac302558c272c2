//! Whether a way leads somewhere.

use std::io;
use std::net::{IpAddr, SocketAddr};

use if_addrs::get_if_addrs;
use socket2::{Protocol, Type};

use super::OsNet;

impl OsNet {
    /// Asks the system for the way that a datagram would take, and sends none.
    pub(in crate::net) fn has_route(&self, from: Option<IpAddr>, to: SocketAddr) -> bool {
        match way(from, to) {
            Ok(own) => is_connected(own),
            Err(error) => !matches!(
                error.kind(),
                io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::AddrNotAvailable
            ),
        }
    }
}

/// The address of ours from which `to` is spoken to.
fn way(from: Option<IpAddr>, to: SocketAddr) -> io::Result<IpAddr> {
    let socket = super::socket(to, Type::DGRAM, Protocol::UDP)?;
    if let Some(from) = from.filter(|from| from.is_ipv4() == to.is_ipv4()) {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    socket.connect(&to.into())?;
    let own = socket.local_addr()?.as_socket();
    own.map(|it| it.ip())
        .ok_or(io::ErrorKind::Unsupported.into())
}

/// Whether the interface that has this address has its cable in. Where the system
/// does not tell, it has.
fn is_connected(own: IpAddr) -> bool {
    let interfaces = get_if_addrs().unwrap_or_default();
    let of_own = interfaces.iter().find(|it| it.ip() == own);
    of_own.is_none_or(|it| it.is_loopback() || it.is_oper_up())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_way_leads_to_ourselves_and_none_from_where_we_are_not() {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        assert!(OsNet.has_route(None, here));
        assert!(OsNet.has_route(Some(here.ip()), here));
        let elsewhere = IpAddr::from([192, 0, 2, 7]);
        assert!(!OsNet.has_route(Some(elsewhere), here));
    }
}
