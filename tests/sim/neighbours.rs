//! Clients of the same network, which tell of themselves by multicast.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bta::input::Named;
use bta::lab::Scenario;
use bta::net::{Multicast, Network};
use bta::protocol::address::IpFamily;
use bta::protocol::info_hash::InfoHash;
use bta::protocol::lsd::{Neighbours, Search};
use bta::store::Reader;
use bta::store::records::SourceCounts;
use bta::swarm::facts::Source;

use crate::world::{HERE, HERE_6, MINUTE, World, in_virtual_time};

const PORT: u16 = 7_777;

/// A host beside bta that has joined the group of a family.
struct Neighbour {
    network: Network,
    address: SocketAddr,
    group: SocketAddr,
    member: Multicast,
}

impl Neighbour {
    fn new(world: &World, ip: IpAddr) -> Neighbour {
        let network = Network::Memory(world.net.at(ip));
        let group = Neighbours::group(IpFamily::of(ip));
        Neighbour {
            address: SocketAddr::new(ip, PORT),
            group,
            member: network.multicast(group, None).unwrap(),
            network,
        }
    }

    async fn announce(&self, info_hash: InfoHash) {
        let search = Search {
            port: PORT,
            info_hashes: vec![info_hash],
            cookie: None,
        };
        let announce = search.write(&self.group.to_string());
        self.member.send(&announce).await;
    }

    /// The announces that others send within a time, and who.
    async fn hear(&self, span: Duration) -> Vec<(IpAddr, Search)> {
        let (mut heard, mut buffer) = (Vec::new(), [0; 1_500]);
        let listening = async {
            loop {
                let (read, from) = self.member.recv_from(&mut buffer).await.unwrap();
                heard.push((from.ip(), Search::read(&buffer[..read]).unwrap()));
            }
        };
        let _: Result<(), _> = tokio::time::timeout(span, listening).await;
        heard.retain(|(from, _)| *from != self.address.ip());
        heard
    }
}

/// Two torrents, and local discovery.
async fn world() -> World {
    let mut scenario = Scenario::sim(81, 10, 10 * MINUTE);
    scenario.torrents.truncate(2);
    let mut world = World::of(&scenario).await;
    world.config.lsd = true;
    // An announce that is lost is followed by the next in five minutes.
    world.net.set_datagram_loss(0);
    world
}

fn brought(world: &World, source: Source) -> SourceCounts {
    let reader = Reader::open(&world.config.output).unwrap();
    let mut sum = SourceCounts::default();
    let rows = reader.sources(None).map(|row| row.unwrap().1);
    rows.filter(|row| row.source == source)
        .for_each(|row| sum.add(&row.counts));
    sum
}

async fn finds(ip: &str, from: IpAddr) {
    let world = world().await;
    let neighbour = Neighbour::new(&world, ip.parse().unwrap());
    let acceptor = neighbour.network.listen(neighbour.address).await.unwrap();
    let torrent = world.torrents[0].info_hash();
    let running = world.begin().await;
    let heard = neighbour.hear(2 * MINUTE).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    let (who, search) = &heard[0];
    assert_eq!((*who, search.port), (from, running.port.unwrap()));
    assert!(search.info_hashes.contains(&torrent) && search.info_hashes.len() == 2);
    neighbour.announce(torrent).await;
    let dialled = tokio::time::timeout(MINUTE, acceptor.accept()).await;
    assert_eq!(dialled.unwrap().unwrap().1.ip(), from);
    world.stop(running).await;
    let counts = brought(&world, Source::Lsd);
    assert!(
        counts.received >= 1 && counts.new == 1 && counts.contacted >= 1,
        "{counts:?}"
    );
    assert!(world.harvest().adds_up());
}

#[test]
fn a_neighbour_is_told_and_found() {
    in_virtual_time(finds("44.7.7.7", HERE.into()));
}

#[test]
fn a_neighbour_is_told_and_found_over_ipv6() {
    in_virtual_time(finds("2a01:7::7", HERE_6.into()));
}

/// Who names a private address is heard, and not dialled.
#[test]
fn a_private_address_is_left_alone() {
    in_virtual_time(async {
        let world = world().await;
        let neighbour = Neighbour::new(&world, "192.168.1.7".parse().unwrap());
        let acceptor = neighbour.network.listen(neighbour.address).await.unwrap();
        let running = world.begin().await;
        world.pass(MINUTE).await;
        neighbour.announce(world.torrents[0].info_hash()).await;
        let dialled = tokio::time::timeout(2 * MINUTE, acceptor.accept()).await;
        assert!(dialled.is_err());
        world.stop(running).await;
        let counts = brought(&world, Source::Lsd);
        assert!(counts.received >= 1, "{counts:?}");
        assert_eq!((counts.new, counts.contacted), (0, 0));
    });
}

/// BEP 27: neither told nor listened to; the other torrent is.
#[test]
fn a_private_torrent_has_no_neighbours() {
    in_virtual_time(async {
        let mut world = world().await;
        let Named::Metainfo(metainfo) = &mut world.torrents[0].named else {
            panic!("named by a file");
        };
        metainfo.private = true;
        let [private, public] = [0, 1].map(|it| world.torrents[it].info_hash());
        let neighbour = Neighbour::new(&world, "44.7.7.7".parse().unwrap());
        let running = world.begin().await;
        neighbour.announce(private).await;
        let heard = neighbour.hear(MINUTE).await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0].1.info_hashes, [public]);
        world.stop(running).await;
        assert_eq!(brought(&world, Source::Lsd).received, 0);
    });
}
