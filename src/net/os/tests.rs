use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::net::{Network, OsNet};

use super::*;

const NET: Network = Network::Os(OsNet);

fn any_port(ip: impl Into<IpAddr>) -> SocketAddr {
    SocketAddr::new(ip.into(), 0)
}

#[tokio::test]
async fn carries_bytes_both_ways() {
    let acceptor = NET.listen(any_port(Ipv4Addr::LOCALHOST)).await.unwrap();
    let at = acceptor.local_addr().unwrap();
    let from = IpAddr::from([127, 0, 0, 2]);
    let (dialled, accepted) = tokio::join!(NET.connect(Some(from), at), acceptor.accept());
    let (mut ours, (incoming, peer)) = (dialled.unwrap(), accepted.unwrap());
    assert_eq!(peer.ip(), from);
    let mut theirs = incoming.open().unwrap();
    ours.write_all(b"ping").await.unwrap();
    let mut buffer = [0; 4];
    theirs.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"ping");
    theirs.write_all(b"pong").await.unwrap();
    drop(theirs);
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"pong");
}

#[tokio::test]
async fn an_incoming_link_can_be_served_on_another_thread() {
    let acceptor = NET.listen(any_port(Ipv4Addr::LOCALHOST)).await.unwrap();
    let at = acceptor.local_addr().unwrap();
    let (dialled, accepted) = tokio::join!(NET.connect(None, at), acceptor.accept());
    let incoming = accepted.unwrap().0.write_all(b"oh ").await.unwrap();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { incoming.open().unwrap().write_all(b"hi").await.unwrap() });
    });
    let mut rest = Vec::new();
    dialled.unwrap().read_to_end(&mut rest).await.unwrap();
    server.join().unwrap();
    assert_eq!(rest, b"oh hi");
}

#[tokio::test]
async fn names_a_taken_port_and_a_refusal() {
    let acceptor = NET.listen(any_port(Ipv4Addr::LOCALHOST)).await.unwrap();
    let at = acceptor.local_addr().unwrap();
    let taken = NET.listen(at).await.unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    drop(acceptor);
    let refused = NET.connect(None, at).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(NET.listen(at).await.is_ok());
}

#[tokio::test]
async fn both_families_listen_at_one_port() {
    let v6 = match NET.listen(any_port(Ipv6Addr::UNSPECIFIED)).await {
        Ok(acceptor) => acceptor,
        // A machine without IPv6.
        Err(error) => return assert_eq!(error.kind(), io::ErrorKind::Unsupported),
    };
    let port = v6.local_addr().unwrap().port();
    let v4 = NET
        .listen(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        .await;
    assert!(v4.is_ok());
}

#[tokio::test]
async fn carries_datagrams() {
    let a = NET.datagrams(any_port(Ipv4Addr::LOCALHOST)).await.unwrap();
    let b = NET.datagrams(any_port(Ipv4Addr::LOCALHOST)).await.unwrap();
    a.send_to(b"hi", b.local_addr().unwrap()).await.unwrap();
    let mut buffer = [0; 9];
    let (len, from) = b.recv_from(&mut buffer).await.unwrap();
    assert_eq!(
        (&buffer[..len], from),
        (&b"hi"[..], a.local_addr().unwrap())
    );
}

#[tokio::test]
async fn resolves_names_and_addresses() {
    let here = NET.resolve("localhost", 80).await.unwrap();
    assert!(
        here.iter()
            .all(|it| it.ip().is_loopback() && it.port() == 80)
    );
    let literal = NET.resolve("2001:db8::1", 80).await.unwrap();
    assert_eq!(literal, ["[2001:db8::1]:80".parse().unwrap()]);
    let unknown = NET.resolve("no such host", 80).await.unwrap_err();
    assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
}

#[test]
fn raises_the_descriptor_limit_to_its_hard_limit() {
    let limit = crate::net::limits::raise_descriptor_limit().unwrap();
    assert!(limit > 0);
    assert_eq!(crate::net::limits::raise_descriptor_limit().unwrap(), limit);
}
