//! Peers that nobody can dial, and those who introduce bta to them (BEP 55).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bta::lab::Scenario;
use bta::net::utp::{Utp, UtpSocket};
use bta::net::{Acceptor, BoxLink, Datagrams, Incoming, Network};
use bta::protocol::peer::extended::our_ids;
use bta::protocol::peer::pex::{PeerExchange, PexFlags};
use bta::protocol::peer::{Bitfield, Handshake, Holepunch, Message, PeerId, Reserved};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harvest::Harvest;
use crate::world::{HERE, HOUR, MINUTE, World, in_virtual_time};

const RELAY: &str = "45.1.0.7:6881";
const HIDDEN: &str = "45.2.0.7:6881";
const BTA: SocketAddr = SocketAddr::new(IpAddr::V4(HERE), 6881);
/// Between two pieces of a download.
const PIECE: Duration = Duration::from_millis(300);

/// A host that speaks uTP.
struct Host {
    utp: Utp,
    acceptor: Acceptor,
    socket: Arc<Datagrams>,
}

impl Host {
    async fn at(world: &World, address: &str) -> Host {
        let address: SocketAddr = address.parse().unwrap();
        let network = Network::Memory(world.net.at(address.ip()));
        let socket = Arc::new(network.datagrams(address).await.unwrap());
        let (utp, acceptor) = UtpSocket::open(Arc::clone(&socket), world.clock, [7; 32]).unwrap();
        let utp = Utp::over(vec![utp]);
        let (ear, reader) = (utp.clone(), Arc::clone(&socket));
        tokio::task::spawn_local(async move {
            let mut buffer = [0; 2_048];
            while let Ok((len, from)) = reader.recv_from(&mut buffer).await {
                ear.receive(from, &buffer[..len]);
            }
        });
        Host {
            utp,
            acceptor: Acceptor::Utp(acceptor),
            socket,
        }
    }
}

async fn world() -> World {
    let mut scenario = Scenario::sim(97, 10, HOUR);
    scenario.torrents.truncate(1);
    let mut world = World::of(&scenario).await;
    world.config.utp = true;
    world
}

/// Shakes hands and says hello; takes part in peer exchange and hole punching.
async fn greet(world: &World, link: &mut BoxLink, peer_id: &[u8; 20], holds: Message<'_>) {
    let handshake = Handshake {
        reserved: Reserved::OURS,
        info_hash: world.torrents[0].info_hash(),
        peer_id: PeerId(*peer_id),
    };
    let mut said = handshake.encode().to_vec();
    let payload = b"d1:md12:ut_holepunchi9e6:ut_pexi1eee";
    Message::Extended { id: 0, payload }.encode(&mut said);
    holds.encode(&mut said);
    link.write_all(&said).await.unwrap();
}

/// A seed that calls bta by uTP, and has named the hidden peer if it is to.
async fn relay(world: &World, names: bool) -> (Host, BoxLink) {
    let host = Host::at(world, RELAY).await;
    world.pass(MINUTE).await;
    let mut link: BoxLink = Box::new(host.utp.connect(BTA).await.unwrap());
    greet(world, &mut link, b"-XX0000-relay.......", Message::HaveAll).await;
    if names {
        let said = PeerExchange {
            added: vec![(HIDDEN.parse().unwrap(), PexFlags::HOLEPUNCH)],
            dropped: Vec::new(),
        };
        tell(&mut link, our_ids::PEX, &said.encode()).await;
    }
    (host, link)
}

async fn tell(link: &mut BoxLink, id: u8, payload: &[u8]) {
    let mut said = Vec::new();
    Message::Extended { id, payload }.encode(&mut said);
    link.write_all(&said).await.unwrap();
}

/// Reads until bta asks to be introduced to the hidden peer.
async fn is_asked(link: &mut BoxLink) -> bool {
    let wanted = Holepunch::Rendezvous(HIDDEN.parse().unwrap()).encode();
    let (mut heard, mut buffer) = (Vec::<u8>::new(), [0; 2_048]);
    while let Ok(len @ 1..) = link.read(&mut buffer).await {
        heard.extend(&buffer[..len]);
        if heard.windows(wanted.len()).any(|it| *it == wanted[..]) {
            return true;
        }
    }
    false
}

/// Whoever comes is shown a download from half of the pieces to all of them.
async fn download(world: &World, met: Incoming) {
    let mut link = met.open().unwrap();
    let pieces = world.torrents[0].metainfo().unwrap().pieces;
    let mut held = Bitfield::empty(pieces);
    (0..pieces / 2).for_each(|piece| {
        held.set(piece);
    });
    let half = Message::Bitfield(held.as_wire());
    greet(world, &mut link, b"-XX0000-hidden......", half).await;
    world.pass(MINUTE / 2).await;
    for piece in pieces / 2..pieces {
        let mut said = Vec::new();
        Message::Have(piece).encode(&mut said);
        if link.write_all(&said).await.is_err() {
            // bta has seen enough.
            return world.pass(MINUTE).await;
        }
        world.pass(PIECE).await;
    }
}

/// How many of the hidden peer's downloads are confirmed.
fn confirmed(harvest: &Harvest) -> usize {
    let hidden: SocketAddr = HIDDEN.parse().unwrap();
    let confirmations = harvest.confirmations();
    let of_it = confirmations.iter().filter(|it| it.ip == hidden.ip());
    of_it.count()
}

/// A hidden host whose own calls come nowhere; its firewall opens as it sends them.
async fn hidden(world: &World) -> Host {
    let hidden = Host::at(world, HIDDEN).await;
    world.net.hide(hidden.socket.local_addr().unwrap().ip());
    hidden
}

#[test]
fn who_cannot_be_dialled_is_met_through_who_named_it() {
    in_virtual_time(async {
        let world = world().await;
        let hidden = hidden(&world).await;
        let running = world.begin().await;
        let (_host, mut link) = relay(&world, true).await;
        assert!(is_asked(&mut link).await, "it was held until it was needed");
        hidden.socket.send_to(b"lost", BTA).await.unwrap();
        let introduced = Holepunch::Connect(HIDDEN.parse().unwrap()).encode();
        tell(&mut link, our_ids::HOLEPUNCH, &introduced).await;
        let (met, from) = hidden.acceptor.accept().await.unwrap();
        assert_eq!(from, BTA);
        download(&world, met).await;
        world.stop(running).await;
        assert_eq!(confirmed(&world.harvest()), 1);
    });
}

#[test]
fn who_calls_through_a_relay_is_dialled() {
    in_virtual_time(async {
        let world = world().await;
        let hidden = hidden(&world).await;
        let running = world.begin().await;
        let (_host, mut link) = relay(&world, false).await;
        hidden.socket.send_to(b"lost", BTA).await.unwrap();
        let called = Holepunch::Connect(HIDDEN.parse().unwrap()).encode();
        tell(&mut link, our_ids::HOLEPUNCH, &called).await;
        let (met, _) = hidden.acceptor.accept().await.unwrap();
        download(&world, met).await;
        world.stop(running).await;
        assert_eq!(confirmed(&world.harvest()), 1);
    });
}

#[test]
fn without_utp_nobody_is_asked() {
    in_virtual_time(async {
        let mut world = world().await;
        world.config.utp = false;
        let running = world.begin().await;
        let network = Network::Memory(world.net.at(RELAY.parse::<SocketAddr>().unwrap().ip()));
        let mut link = network.connect(None, BTA).await.unwrap();
        greet(&world, &mut link, b"-XX0000-relay.......", Message::HaveAll).await;
        let said = PeerExchange {
            added: vec![(HIDDEN.parse().unwrap(), PexFlags::HOLEPUNCH)],
            dropped: Vec::new(),
        };
        tell(&mut link, our_ids::PEX, &said.encode()).await;
        assert!(!is_asked(&mut link).await, "it leaves at once");
        world.stop(running).await;
    });
}
