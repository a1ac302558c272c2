use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::net::{Acceptor, BoxLink, Network};

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
const LATENCY: Duration = Duration::from_millis(50);

/// Two hosts 50 ms apart.
fn hosts() -> (Clock, MemoryNet, Network, Network) {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let net = MemoryNet::new(clock, 1);
    net.set_latency(LATENCY);
    let host = |ip| Network::Memory(net.at(ip));
    let (a, b) = (host(A), host(B));
    (clock, net, a, b)
}

fn port(port: u16) -> SocketAddr {
    SocketAddr::new(B, port)
}

/// B listens, A connects.
async fn connected(a: &Network, b: &Network) -> (BoxLink, BoxLink) {
    let acceptor = b.listen(port(0)).await.unwrap();
    let at = acceptor.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(a.connect(None, at), acceptor.accept());
    (ours.unwrap(), theirs.unwrap().0.open().unwrap())
}

async fn read(link: &mut BoxLink, len: usize) -> Vec<u8> {
    let mut buffer = vec![0; len];
    link.read_exact(&mut buffer).await.unwrap();
    buffer
}

#[tokio::test(start_paused = true)]
async fn everything_takes_its_time() {
    let (clock, _, a, b) = hosts();
    let start = clock.now();
    let acceptor = b.listen(port(6881)).await.unwrap();
    let (ours, theirs) = tokio::join!(a.connect(None, port(6881)), acceptor.accept());
    assert_eq!(clock.now().since(start), 2 * LATENCY);
    let (mut ours, (incoming, from)) = (ours.unwrap(), theirs.unwrap());
    assert_eq!(from.ip(), A);
    let mut theirs = incoming.open().unwrap();
    ours.write_all(b"first").await.unwrap();
    assert_eq!(read(&mut theirs, 5).await, b"first");
    assert_eq!(clock.now().since(start), 3 * LATENCY);
    theirs.write_all(b"second").await.unwrap();
    drop(theirs);
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"second");
    assert_eq!(clock.now().since(start), 4 * LATENCY);
}

#[tokio::test(start_paused = true)]
async fn pairs_may_be_farther_apart() {
    let (clock, net, a, b) = hosts();
    net.set_pair_latency(A, B, Duration::from_secs(1));
    let start = clock.now();
    let (mut ours, mut theirs) = connected(&a, &b).await;
    theirs.write_all(b"x").await.unwrap();
    read(&mut ours, 1).await;
    assert_eq!(clock.now().since(start), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn refuses_where_nobody_listens() {
    let (clock, _, a, b) = hosts();
    let start = clock.now();
    let refused = a.connect(None, port(6881)).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(clock.now().since(start), 2 * LATENCY);
    let acceptor = b.listen(port(6881)).await.unwrap();
    assert!(a.connect(None, port(6881)).await.is_ok());
    drop(acceptor);
    assert!(a.connect(None, port(6881)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn hosts_behind_a_firewall_only_connect_outwards() {
    let (clock, net, a, b) = hosts();
    let _listening = b.listen(port(6881)).await.unwrap();
    let outside = a.listen(SocketAddr::new(A, 6881)).await.unwrap();
    net.hide(B);
    let start = clock.now();
    let silence = a.connect(None, port(6881)).await.err().unwrap();
    assert_eq!(silence.kind(), io::ErrorKind::TimedOut);
    assert_eq!(clock.now().since(start), Duration::from_secs(63));
    assert!(b.connect(None, outside.local_addr().unwrap()).await.is_ok());
    net.expose(B);
    assert!(a.connect(None, port(6881)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cut_cable_stalls_and_a_mended_one_goes_on() {
    let (clock, net, a, b) = hosts();
    let (mut ours, mut theirs) = connected(&a, &b).await;
    net.cut(B);
    let start = clock.now();
    ours.write_all(b"late").await.unwrap();
    let waiting = tokio::spawn(async move { read(&mut theirs, 4).await });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!waiting.is_finished());
    net.mend(B);
    assert_eq!(waiting.await.unwrap(), b"late");
    assert_eq!(clock.now().since(start), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_connect_goes_through_once_the_cable_is_mended() {
    let (_, net, a, b) = hosts();
    let acceptor = b.listen(port(6881)).await.unwrap();
    net.cut(A);
    let dialling = tokio::spawn(async move { a.connect(None, port(6881)).await.is_ok() });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!dialling.is_finished());
    net.mend(A);
    acceptor.accept().await.unwrap();
    assert!(dialling.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_host_whose_cable_is_out_knows_it() {
    let (_, net, a, b) = hosts();
    net.name("b.example", &[B]);
    let _acceptor = b.listen(port(6881)).await.unwrap();
    let (mut ours, mut theirs) = connected(&a, &b).await;
    let socket = a.datagrams(SocketAddr::new(A, 0)).await.unwrap();
    net.unplug(A);
    assert!(!a.has_route(None, port(6881)) && b.has_route(None, SocketAddr::new(A, 1)));
    let refused = a.connect(None, port(6881)).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::NetworkUnreachable);
    let refused = socket.send_to(b"hello", port(6881)).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::NetworkUnreachable);
    theirs.write_all(b"late").await.unwrap();
    net.mend(A);
    assert_eq!(read(&mut ours, 4).await, b"late");
    assert!(a.has_route(None, port(6881)));
    assert!(a.connect(None, port(6881)).await.is_ok());
    // Without any network no name is found.
    assert!(a.resolve("b.example", 1).await.is_ok());
    net.cut(A);
    net.unplug(IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert!(a.resolve("b.example", 1).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_for_a_reader() {
    let (_, _, a, b) = hosts();
    let (mut ours, mut theirs) = connected(&a, &b).await;
    let data: Vec<u8> = (0..200_000u32).map(|it| it as u8).collect();
    let expected = data.clone();
    let writing = tokio::spawn(async move { ours.write_all(&data).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(!writing.is_finished(), "more than a window was taken");
    assert_eq!(read(&mut theirs, expected.len()).await, expected);
    writing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_is_seen_by_both() {
    let (_, _, a, b) = hosts();
    let (mut ours, theirs) = connected(&a, &b).await;
    drop(theirs);
    let mut rest = Vec::new();
    assert_eq!(ours.read_to_end(&mut rest).await.unwrap(), 0);
    ours.shutdown().await.unwrap();
    let broken = ours.write_all(b"x").await.unwrap_err();
    assert_eq!(broken.kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn ports_are_taken_and_given_back() {
    let (_, _, _, b) = hosts();
    let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 6881);
    let acceptor = b.listen(any).await.unwrap();
    assert_eq!(acceptor.local_addr().unwrap(), port(6881));
    let taken = b.listen(port(6881)).await.unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    drop(acceptor);
    assert!(matches!(
        b.listen(port(6881)).await,
        Ok(Acceptor::Memory(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn datagrams_take_their_time_and_keep_their_order() {
    let (clock, net, a, b) = hosts();
    let (from, to) = (SocketAddr::new(A, 1), port(2));
    let (a, b) = (
        a.datagrams(from).await.unwrap(),
        b.datagrams(to).await.unwrap(),
    );
    let start = clock.now();
    a.send_to(b"one", to).await.unwrap();
    a.send_to(b"two", to).await.unwrap();
    net.set_latency(Duration::from_millis(1));
    a.send_to(b"three", to).await.unwrap();
    let mut buffer = [0; 4];
    let mut got = Vec::new();
    for _ in 0..3 {
        let (len, sender) = b.recv_from(&mut buffer).await.unwrap();
        assert_eq!(sender, from);
        got.push(String::from_utf8_lossy(&buffer[..len]).into_owned());
    }
    assert_eq!(got, ["thre", "one", "two"]);
    assert_eq!(clock.now().since(start), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn datagrams_are_lost_as_told() {
    let (_, net, a, b) = hosts();
    let b = b.datagrams(port(2)).await.unwrap();
    let a = a.datagrams(SocketAddr::new(A, 1)).await.unwrap();
    net.set_datagram_loss(300);
    let mut arrived = 0;
    for _ in 0..1000 {
        a.send_to(b"x", port(2)).await.unwrap();
        let wait = tokio::time::timeout(2 * LATENCY, b.recv_from(&mut [0; 1])).await;
        arrived += u32::from(wait.is_ok());
    }
    assert!((600..800).contains(&arrived), "{arrived}");
}

#[tokio::test(start_paused = true)]
async fn a_firewall_lets_answers_in() {
    let (_, net, a, b) = hosts();
    let (from, to) = (SocketAddr::new(A, 1), port(2));
    let (a, b) = (
        a.datagrams(from).await.unwrap(),
        b.datagrams(to).await.unwrap(),
    );
    net.hide(B);
    a.send_to(b"unasked", to).await.unwrap();
    let nothing = tokio::time::timeout(2 * LATENCY, b.recv_from(&mut [0; 9])).await;
    assert!(nothing.is_err());
    b.send_to(b"question", from).await.unwrap();
    a.send_to(b"answer", to).await.unwrap();
    let mut buffer = [0; 9];
    assert_eq!(b.recv_from(&mut buffer).await.unwrap(), (6, from));
}

#[tokio::test(start_paused = true)]
async fn names_are_known_to_all() {
    let (_, net, a, _) = hosts();
    net.name("tracker.example", &[B]);
    assert_eq!(a.resolve("tracker.example", 80).await.unwrap(), [port(80)]);
    let unknown = a.resolve("other.example", 80).await.unwrap_err();
    assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn members_of_a_group_hear_each_other() {
    let (_, net, a, b) = hosts();
    let group = SocketAddr::from(([239, 192, 152, 143], 6771));
    let (one, other) = (a.multicast(group, None), b.multicast(group, None));
    let (one, other) = (one.unwrap(), other.unwrap());
    net.hide(B);
    one.send(b"hello").await;
    let mut buffer = [0; 9];
    for member in [&one, &other] {
        let (read, from) = member.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..read], from.ip()), (&b"hello"[..], A));
    }
    drop(other);
    one.send(b"again").await;
    assert_eq!(one.recv_from(&mut buffer).await.unwrap().0, 5);
}
