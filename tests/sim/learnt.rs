//! Trackers that peers name (BEP 28).

use std::net::{IpAddr, SocketAddr};

use bta::input::Named;
use bta::lab::Scenario;
use bta::net::{BoxLink, Network};
use bta::protocol::peer::extended::our_ids;
use bta::protocol::peer::{Handshake, Message, PeerId, Reserved};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{HERE, HOUR, MINUTE, World, in_virtual_time};

/// Two, of two networks.
const PEERS: [&str; 2] = ["45.1.0.7", "45.2.0.7"];

/// Two trackers, of which bta knows the first.
async fn world() -> (World, String) {
    let mut scenario = Scenario::sim(91, 10, HOUR);
    scenario.torrents.truncate(1);
    let mut world = World::of(&scenario).await;
    let Named::Metainfo(metainfo) = &mut world.torrents[0].named else {
        panic!("named by a file");
    };
    let untold = world.lab.trackers()[1].url().to_owned();
    metainfo.trackers = vec![vec![world.lab.trackers()[0].url().to_owned()]];
    (world, untold)
}

/// Calls bta and names a tracker; answers with the link and what bta has said.
async fn name(world: &World, from: &str, tracker: &str) -> (BoxLink, Vec<u8>) {
    let network = Network::Memory(world.net.at(from.parse().unwrap()));
    let bta = SocketAddr::new(IpAddr::V4(HERE), 6881);
    let mut link = network.connect(None, bta).await.unwrap();
    let handshake = Handshake {
        reserved: Reserved::OURS,
        info_hash: world.torrents[0].info_hash(),
        peer_id: PeerId(*b"-XX0000-abcdefghijkl"),
    };
    let mut said = handshake.encode().to_vec();
    let hello = b"d1:md6:lt_texi5eee";
    let named = format!("d5:addedl{}:{tracker}ee", tracker.len());
    for (id, payload) in [(0, &hello[..]), (our_ids::TRACKERS, named.as_bytes())] {
        Message::Extended { id, payload }.encode(&mut said);
    }
    link.write_all(&said).await.unwrap();
    world.pass(MINUTE / 6).await;
    let mut heard = vec![0; 1_024];
    let read = link.read(&mut heard).await.unwrap();
    heard.truncate(read);
    (link, heard)
}

fn asks_for_trackers(heard: &[u8]) -> bool {
    heard.windows(9).any(|it| it == b"6:lt_texi")
}

#[test]
fn a_tracker_that_two_networks_name_is_asked() {
    in_virtual_time(async {
        let (world, untold) = world().await;
        let running = world.begin().await;
        let asked = || world.lab.trackers()[1].guest_announces();
        let mut links = Vec::new();
        for (number, from) in PEERS.iter().enumerate() {
            world.pass(MINUTE).await;
            assert_eq!(asked(), 0, "after {number} words");
            let (link, heard) = name(&world, from, &untold).await;
            assert!(asks_for_trackers(&heard));
            links.push(link);
        }
        world.pass(MINUTE).await;
        assert_eq!(asked(), 1);
        world.stop(running).await;
        let harvest = world.harvest();
        assert_eq!(harvest.count_events("tracker_learnt"), 1);
        let answered = harvest.announces_to(&untold);
        assert!(answered.len() == 2 && answered.iter().all(|it| it.result.is_ok()));
    });
}

/// Nobody is there: after three tries it is left alone for good.
#[test]
fn a_tracker_that_never_answers_is_given_up() {
    in_virtual_time(async {
        let (world, _) = world().await;
        let nobody = "http://45.9.9.9:8080/announce";
        let running = world.begin().await;
        for from in [PEERS, PEERS].concat() {
            world.pass(MINUTE).await;
            name(&world, from, nobody).await;
        }
        world.pass(2 * HOUR).await;
        world.stop(running).await;
        let harvest = world.harvest();
        assert_eq!(harvest.count_events("tracker_learnt"), 1);
        assert_eq!(harvest.announces_to(nobody).len(), 3);
    });
}

#[test]
fn a_private_torrent_learns_none() {
    in_virtual_time(async {
        let (mut world, untold) = world().await;
        let Named::Metainfo(metainfo) = &mut world.torrents[0].named else {
            panic!("named by a file");
        };
        metainfo.private = true;
        let running = world.begin().await;
        for from in PEERS {
            world.pass(MINUTE).await;
            let (_, heard) = name(&world, from, &untold).await;
            assert!(!asks_for_trackers(&heard) && !heard.is_empty());
        }
        world.pass(10 * MINUTE).await;
        assert_eq!(world.lab.trackers()[1].guest_announces(), 0);
        world.stop(running).await;
        assert_eq!(world.harvest().count_events("tracker_learnt"), 0);
    });
}
