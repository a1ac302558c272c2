use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::net::{MemoryNet, Network};

/// A host that reads its socket and hands all of it to uTP.
struct Host {
    utp: Utp,
    at: SocketAddr,
    acceptor: UtpAcceptor,
    reader: tokio::task::JoinHandle<()>,
    socket: Arc<Datagrams>,
}

impl Host {
    async fn new(network: &Network, at: SocketAddr, clock: Clock, seed: u8) -> Host {
        let socket = Arc::new(network.datagrams(at).await.unwrap());
        let (opened, acceptor) = UtpSocket::open(Arc::clone(&socket), clock, [seed; 32]).unwrap();
        let utp = Utp::over(vec![opened]);
        Host {
            reader: listen(Arc::clone(&socket), utp.clone()),
            at: acceptor.local_addr(),
            utp,
            acceptor,
            socket,
        }
    }
}

fn listen(socket: Arc<Datagrams>, utp: Utp) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        loop {
            let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
            utp.receive(from, &buffer[..len]);
        }
    })
}

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(44, 0, 0, last).into()
}

/// Two hosts 60 ms apart, on a network that loses one datagram of ten.
async fn two_hosts() -> (MemoryNet, Host, Host) {
    let clock = Clock::start_at(Moment::from_millis(1_772_365_200_000));
    let net = MemoryNet::new(clock, 7);
    net.set_latency(Duration::from_millis(60));
    net.set_datagram_loss(100);
    let host = async |last: u8| {
        let network = Network::Memory(net.at(ip(last)));
        Host::new(&network, SocketAddr::new(ip(last), 6881), clock, last).await
    };
    let (first, second) = (host(1).await, host(2).await);
    (net, first, second)
}

async fn connected(from: &Host, to: &Host) -> (UtpLink, UtpLink) {
    let mut ours = from.utp.connect(to.at).await.unwrap();
    ours.write_all(b"hello").await.unwrap();
    let (mut theirs, remote) = to.acceptor.accept().await.unwrap();
    assert_eq!(remote, from.at);
    let mut hello = [0; 5];
    theirs.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"hello");
    (ours, theirs)
}

#[tokio::test(start_paused = true)]
async fn carries_bytes_both_ways_over_a_network_that_loses_some() {
    let (_, first, second) = two_hosts().await;
    let (mut ours, mut theirs) = connected(&first, &second).await;
    let bytes: Vec<u8> = (0..150_000_u32).map(|it| (it % 251) as u8).collect();
    let (sent, copy) = (bytes.clone(), bytes.clone());
    let echo = tokio::spawn(async move {
        let mut buffer = vec![0; sent.len()];
        theirs.read_exact(&mut buffer).await.unwrap();
        theirs.write_all(&buffer).await.unwrap();
        theirs
    });
    ours.write_all(&copy).await.unwrap();
    let mut back = vec![0; bytes.len()];
    ours.read_exact(&mut back).await.unwrap();
    assert!(back == bytes);
    drop(echo.await.unwrap());
    assert_eq!(ours.read(&mut back).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_lives_for_half_an_hour() {
    let (_, first, second) = two_hosts().await;
    let (mut ours, mut theirs) = connected(&first, &second).await;
    tokio::time::sleep(Duration::from_secs(1_800)).await;
    theirs.write_all(b"still here").await.unwrap();
    let mut read = [0; 10];
    ours.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"still here");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_vanishes_is_noticed_at_the_next_keep_alive() {
    let (net, first, second) = two_hosts().await;
    let (mut ours, _theirs) = connected(&first, &second).await;
    net.cut(ip(2));
    tokio::time::sleep(Duration::from_secs(100)).await;
    ours.write_all(&[0; 4]).await.unwrap();
    let said = first.utp.sockets[0].0.clock.now();
    let error = ours.read(&mut [0; 10]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let took = first.utp.sockets[0].0.clock.now().since(said);
    assert_eq!(took, Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn who_reads_the_socket_may_die_and_another_goes_on() {
    let (_, first, mut second) = two_hosts().await;
    let (mut ours, mut theirs) = connected(&first, &second).await;
    second.reader.abort();
    ours.write_all(b"to nobody yet").await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    second.reader = listen(Arc::clone(&second.socket), second.utp.clone());
    let mut read = [0; 13];
    theirs.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"to nobody yet");
}

#[tokio::test(start_paused = true)]
async fn both_sides_may_dial_at_the_same_moment_from_behind_firewalls() {
    let (net, first, second) = two_hosts().await;
    net.hide(ip(1));
    net.hide(ip(2));
    let (ours, theirs) = tokio::join!(first.utp.connect(second.at), second.utp.connect(first.at));
    let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
    ours.write_all(b"a").await.unwrap();
    theirs.write_all(b"b").await.unwrap();
    let mut read = [0; 1];
    let (mut theirs_accepted, _) = first.acceptor.accept().await.unwrap();
    let (mut ours_accepted, _) = second.acceptor.accept().await.unwrap();
    theirs_accepted.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"b");
    ours_accepted.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"a");
}

#[tokio::test(start_paused = true)]
async fn a_dial_is_refused_or_given_up_or_impossible() {
    let (net, first, second) = two_hosts().await;
    net.set_datagram_loss(0);
    let clock = first.utp.sockets[0].0.clock;
    let network = Network::Memory(net.at(ip(3)));
    let at = SocketAddr::new(ip(3), 6881);
    let socket = Arc::new(network.datagrams(at).await.unwrap());
    let closed = UtpSocket::closed(Arc::clone(&socket), clock, [3; 32]).unwrap();
    let _reader = listen(socket, Utp::over(vec![closed]));
    let kind = async |to| first.utp.connect(to).await.unwrap_err().kind();
    assert_eq!(kind(at).await, io::ErrorKind::ConnectionRefused);
    net.cut(second.at.ip());
    assert_eq!(kind(second.at).await, io::ErrorKind::TimedOut);
    let other_family = SocketAddr::from(([0x2a01, 0, 0, 0, 0, 0, 0, 1], 6881));
    assert_eq!(kind(other_family).await, io::ErrorKind::Unsupported);
    // One that nobody waits for leaves nothing behind.
    let dial = first.utp.connect(second.at);
    assert!(
        tokio::time::timeout(Duration::from_secs(2), dial)
            .await
            .is_err()
    );
    let shared = &first.utp.sockets[0].0;
    assert_eq!(shared.plan(), None);
    assert!(shared.lock().dials.is_empty());
}

#[tokio::test(start_paused = true)]
async fn streams_that_nobody_accepts_are_reset_beyond_a_bound() {
    let (net, first, second) = two_hosts().await;
    net.set_datagram_loss(0);
    let mut links = Vec::new();
    for _ in 0..BACKLOG + 10 {
        let mut link = first.utp.connect(second.at).await.unwrap();
        link.write_all(b"hello").await.unwrap();
        links.push(link);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut reset = 0;
    for link in &mut links {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_millis(1), link.read(&mut byte));
        reset += usize::from(matches!(read.await, Ok(Err(_))));
    }
    assert_eq!(reset, 10);
    drop(links);
    drop(second.acceptor);
    tokio::time::sleep(Duration::from_secs(30)).await;
    for host in [&first.utp, &second.utp] {
        let state = host.sockets[0].0.lock();
        assert_eq!((state.endpoint.connections(), state.waiting.len()), (0, 0));
    }
}

#[tokio::test]
async fn speaks_over_the_machine_s_sockets_and_across_threads() {
    let network = Network::Os(crate::net::OsNet);
    let clock = Clock::start();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let first = Host::new(&network, here, clock, 1).await;
    let second = Host::new(&network, here, clock, 2).await;
    let (mut ours, mut theirs) = connected(&first, &second).await;
    // Another thread, with a runtime of its own, takes the one end.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let mut read = [0; 4];
            theirs.read_exact(&mut read).await.unwrap();
            theirs.write_all(&read).await.unwrap();
        });
    });
    ours.write_all(b"ping").await.unwrap();
    let mut read = [0; 4];
    ours.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ping");
    thread.join().unwrap();
}
