//! The machine's own multicast.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use if_addrs::get_if_addrs;
use socket2::{InterfaceIndexOrAddress, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::OsNet;

impl OsNet {
    /// A socket that hears a group, and one for each interface to speak to it: those
    /// that have the address `own`; without one, all but loopback. They reach direct
    /// neighbours: a datagram to a group lives for one hop.
    pub(in crate::net) fn multicast(
        &self,
        group: SocketAddr,
        own: Option<IpAddr>,
    ) -> io::Result<(UdpSocket, Vec<UdpSocket>)> {
        let ear = super::socket(group, Type::DGRAM, Protocol::UDP)?;
        // Each client of this machine hears the group.
        ear.set_reuse_address(true)?;
        ear.bind(&group.into())?;
        keep_to_joined(&ear, group)?;
        let mut mouths = Vec::new();
        for (index, address) in interfaces(group, own)? {
            // An interface may go down meanwhile, or have no multicast.
            if join(&ear, group, index).is_ok() {
                mouths.extend(mouth(own, index, address));
            }
        }
        match mouths.is_empty() {
            true => Err(io::ErrorKind::AddrNotAvailable.into()),
            false => Ok((UdpSocket::from_std(ear.into())?, mouths)),
        }
    }
}

/// The indices of interfaces, each with an address of the group's family. An address
/// of the link alone is of no use to others.
fn interfaces(group: SocketAddr, own: Option<IpAddr>) -> io::Result<BTreeMap<u32, IpAddr>> {
    let mut found = BTreeMap::new();
    for interface in get_if_addrs()? {
        let ip = interface.ip();
        let is_meant = match own {
            Some(own) => own == ip,
            None => !interface.is_loopback() && !interface.is_link_local(),
        };
        if let Some(index) = interface.index
            && is_meant
            && ip.is_ipv4() == group.is_ipv4()
        {
            found.entry(index).or_insert(ip);
        }
    }
    Ok(found)
}

/// Without this a socket hears what any other of the machine has joined.
#[cfg(target_os = "linux")]
fn keep_to_joined(ear: &Socket, group: SocketAddr) -> io::Result<()> {
    match group {
        SocketAddr::V4(_) => ear.set_multicast_all_v4(false),
        SocketAddr::V6(_) => ear.set_multicast_all_v6(false),
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_to_joined(_: &Socket, _: SocketAddr) -> io::Result<()> {
    Ok(())
}

fn join(ear: &Socket, group: SocketAddr, index: u32) -> io::Result<()> {
    match group.ip() {
        IpAddr::V4(ip) => ear.join_multicast_v4_n(&ip, &InterfaceIndexOrAddress::Index(index)),
        IpAddr::V6(ip) => ear.join_multicast_v6(&ip, index),
    }
}

/// A socket that speaks on one interface.
fn mouth(own: Option<IpAddr>, index: u32, address: IpAddr) -> io::Result<UdpSocket> {
    let from = match address {
        IpAddr::V4(_) => address,
        // Of several the system knows which one is not about to go.
        IpAddr::V6(_) => own.unwrap_or(Ipv6Addr::UNSPECIFIED.into()),
    };
    let from = SocketAddr::new(from, 0);
    let socket = super::socket(from, Type::DGRAM, Protocol::UDP)?;
    match address {
        IpAddr::V4(ip) => socket.set_multicast_if_v4(&ip)?,
        IpAddr::V6(_) => socket.set_multicast_if_v6(index)?,
    }
    socket.bind(&from.into())?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::net::{Network, OsNet};

    use super::*;

    /// On loopback alone; the port is one that nobody else has now.
    #[tokio::test]
    async fn members_of_a_group_hear_each_other() {
        let network = Network::Os(OsNet);
        let own = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let free = network.datagrams(SocketAddr::new(own, 0)).await.unwrap();
        let port = free.local_addr().unwrap().port();
        let group = SocketAddr::from(([239, 192, 152, 143], port));
        let one = network.multicast(group, Some(own)).unwrap();
        let other = network.multicast(group, Some(own)).unwrap();
        assert_eq!(one.interfaces(), 1);
        one.send(b"hello").await;
        for member in [&one, &other] {
            let mut buffer = [0; 16];
            let (read, from) = member.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..read], from.ip()), (&b"hello"[..], own));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_not_ours_has_no_interface() {
        let network = Network::Os(OsNet);
        let group = SocketAddr::from(([239, 192, 152, 143], 6771));
        let elsewhere = Some(IpAddr::from([192, 0, 2, 7]));
        let refused = network.multicast(group, elsewhere).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
