//! The lab as a whole.

mod guest;
mod observer;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::observer::observe;
use super::peer::{Fate, Reach};
use super::*;
use crate::net::{BoxLink, MemoryNet, OsNet};
use crate::protocol::address::IpFamily;
use crate::protocol::dht::NodeId;
use crate::protocol::dht::krpc::{self, Body, Query, Want};

fn scenario() -> Scenario {
    let mut scenario = Scenario::sim(11, 120, Duration::from_secs(3_000));
    scenario.torrents.truncate(1);
    scenario.torrents[0].trackers = vec![0];
    scenario.torrents[0].nominal_bytes /= 10;
    scenario.trackers[0].interval = Duration::from_secs(30);
    scenario.crowd.neighbours = 0.0;
    scenario
}

#[tokio::test(start_paused = true)]
async fn an_observer_finds_what_was_told_and_nothing_else() {
    let judgement = observe(&scenario()).await;
    println!("{judgement}");
    assert!(judgement.all.of > 20, "{}", judgement.all);
    assert!(judgement.wrong.is_empty());
    assert!(judgement.truth.offences.is_empty());
    assert!(
        judgement.showable.percent() > 95.0,
        "{}",
        judgement.showable
    );
    assert!(judgement.all.percent() > 70.0, "{}", judgement.all);
    assert!(judgement.time_error(0.5) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_demo_can_be_confirmed() {
    for seed in 1..=3 {
        let mut scenario = Scenario::demo(seed);
        scenario.torrents.truncate(1);
        scenario.crowd.extras.clear();
        scenario.crowd.neighbours = 0.0;
        // It asks trackers alone.
        (scenario.crowd.dht_alone, scenario.crowd.gossip_alone) = (0.0, 0.0);
        let judgement = observe(&scenario).await;
        println!("{judgement}");
        let strays = judgement.wrong.iter().filter(|it| !it.again);
        println!("seed {seed}: {} fair {}", judgement.line(), judgement.fair);
        assert_eq!(strays.count(), 0);
        assert!(judgement.fair.percent() >= 95.0, "{}", judgement.fair);
        assert!(judgement.all.percent() >= 80.0, "{}", judgement.all);
    }
}

#[tokio::test(start_paused = true)]
async fn pretenders_deceive_a_plain_observer() {
    let mut scenario = scenario();
    scenario.crowd.present = 0;
    scenario.crowd.arriving = 0;
    scenario.crowd.extras = vec![
        (Fate::SuperSeeds, 6),
        (Fate::Rechecks, 4),
        (Fate::Lies, 4),
        (Fate::PartialSeed, 4),
    ];
    let judgement = observe(&scenario).await;
    println!("{judgement}");
    assert_eq!(judgement.all.of, 0);
    let fates: HashSet<Fate> = judgement
        .wrong
        .iter()
        .map(|it| judgement.truth.peers[it.peer.unwrap()].fate)
        .collect();
    assert_eq!(
        fates,
        HashSet::from([Fate::SuperSeeds, Fate::Rechecks, Fate::Lies])
    );
}

#[tokio::test(start_paused = true)]
async fn firewalled_peers_come_by_themselves_and_dead_ones_never() {
    let mut scenario = scenario();
    scenario.crowd.present = 12;
    scenario.crowd.arriving = 0;
    scenario.crowd.reach = vec![(Reach::Firewalled, 1.0)];
    scenario.crowd.ghosts = vec![(Reach::Dead, 5), (Reach::Mute, 5), (Reach::Full, 5)];
    let judgement = observe(&scenario).await;
    for peer in &judgement.truth.peers {
        let met = peer.reach == Reach::Firewalled;
        assert_eq!(peer.shown.met.is_some(), met, "{peer:?}");
    }
}

/// A peer that is there from the start, and a network to reach it by.
async fn one_peer(reach: Reach) -> (Lab, Network, Clock) {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let network = Network::Memory(MemoryNet::new(clock, 1));
    let mut scenario = scenario();
    scenario.crowd.present = 1;
    scenario.crowd.arriving = 0;
    scenario.crowd.reach = vec![(reach, 1.0)];
    scenario.crowd.clients = vec![(peer::client::Client::Rtorrent, 1.0)];
    let lab = Lab::start(network.clone(), clock, &scenario).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    (lab, network, clock)
}

fn hello(torrent: &Torrent) -> Vec<u8> {
    let mut hello = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04".to_vec();
    hello.extend(torrent.info_hash.0);
    hello.extend(b"-OB0001-aaaaaaaaaaaa");
    hello
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_of_one_guest_is_closed() {
    let (lab, network, _) = one_peer(Reach::Open).await;
    let greet = async |from: [u8; 4]| -> BoxLink {
        let (from, to) = (IpAddr::from(from), lab.plans()[0].address);
        let mut link = network.connect(Some(from), to).await.unwrap();
        link.write_all(&hello(&lab.torrents()[0])).await.unwrap();
        link
    };
    let mut theirs = [0; 68];
    let mut first = greet([43, 0, 0, 1]).await;
    first.read_exact(&mut theirs).await.unwrap();
    let mut second = greet([43, 0, 0, 2]).await;
    let mut rest = Vec::new();
    second.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() <= 68, "closed before it tells anything");
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut third = greet([43, 0, 0, 2]).await;
    third.read_exact(&mut theirs).await.unwrap();
    let truth = lab.truth(Moment::from_millis(2_000_000));
    assert_eq!(truth.peers[0].shown.sessions, 2);
    assert_eq!(truth.offences.keys().count(), 1, "it hurried");
}

#[tokio::test(start_paused = true)]
async fn a_dual_stack_peer_is_at_both_addresses() {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let network = Network::Memory(MemoryNet::new(clock, 1));
    let mut scenario = scenario();
    (scenario.crowd.present, scenario.crowd.arriving) = (1, 0);
    scenario.crowd.reach = vec![(Reach::Open, 1.0)];
    scenario.crowd.dual_stack = 1.0;
    let lab = Lab::start(network.clone(), clock, &scenario).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let addresses: Vec<SocketAddr> = lab.plans()[0].addresses().collect();
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        let mut link = network.connect(None, address).await.unwrap();
        link.write_all(&hello(&lab.torrents()[0])).await.unwrap();
        link.read_exact(&mut [0; 68]).await.unwrap();
        drop(link);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn a_lab_may_be_handed_to_another_thread() {
    fn sendable<T: Send>() {}
    sendable::<Lab>();
}

#[tokio::test(start_paused = true)]
async fn a_firewalled_rtorrent_knocks_encrypted_then_plain() {
    let (lab, network, _) = one_peer(Reach::Firewalled).await;
    let at = SocketAddr::from(([43, 0, 0, 1], 7_000));
    let acceptor = network.listen(at).await.unwrap();
    let announce = tracker::registry::Announce {
        info_hash: lab.torrents()[0].info_hash,
        address: at,
        peer_id: *b"-OB0001-aaaaaaaaaaaa",
        left: 1,
        event: tracker::registry::Event::Started,
        numwant: None,
        resident: false,
        repeated: false,
    };
    lab.trackers()[0].announce(&announce);
    let mut starts = Vec::new();
    for _ in 0..2 {
        let (link, from) = acceptor.accept().await.unwrap();
        assert_eq!(from.ip(), lab.plans()[0].address.ip());
        let mut start = [0; 20];
        link.open().unwrap().read_exact(&mut start).await.unwrap();
        starts.push(start);
    }
    assert_ne!(&starts[0], b"\x13BitTorrent protocol");
    assert_eq!(&starts[1], b"\x13BitTorrent protocol");
    assert!(network.connect(None, lab.plans()[0].address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_dht_alone_calls_who_announces_there() {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let network = Network::Memory(MemoryNet::new(clock, 1));
    let mut scenario = scenario();
    (scenario.crowd.present, scenario.crowd.arriving) = (1, 0);
    scenario.crowd.reach = vec![(Reach::Firewalled, 1.0)];
    (scenario.crowd.dht_alone, scenario.dht_nodes) = (1.0, 13);
    let lab = Lab::start(network.clone(), clock, &scenario).await.unwrap();
    let at = SocketAddr::from(([43, 0, 0, 1], 7_000));
    let (acceptor, socket) = (network.listen(at).await, network.datagrams(at).await);
    let (acceptor, socket) = (acceptor.unwrap(), socket.unwrap());
    let info_hash = lab.torrents()[0].info_hash;
    let ask = async |query: &Query| {
        let id = NodeId([1; 20]);
        let query = krpc::write_query(b"aa", id, IpFamily::V4, query, false);
        let node = lab.dht().nodes().nth(1).unwrap();
        socket.send_to(&query, node).await.unwrap();
        let mut answer = [0; 1500];
        let (len, _) = socket.recv_from(&mut answer).await.unwrap();
        match krpc::read(&answer[..len]).unwrap().body {
            Body::Answer(heard) => heard,
            other => panic!("{other:?}"),
        }
    };
    let heard = ask(&Query::GetPeers(info_hash, Want::default())).await;
    let announce = Query::AnnouncePeer {
        info_hash,
        port: Some(at.port()),
        token: heard.token.unwrap(),
        seed: false,
    };
    ask(&announce).await;
    let (_, from) = acceptor.accept().await.unwrap();
    assert_eq!(from.ip(), lab.plans()[0].address.ip());
    assert_eq!(lab.trackers()[0].count(&info_hash).unwrap().leechers, 0);
}

#[tokio::test]
async fn two_labs_on_one_machine_share_no_address() {
    let (clock, scenario) = (Clock::start(), Scenario::demo(1));
    let lab = async || {
        Lab::start(Network::Os(OsNet), clock, &scenario)
            .await
            .unwrap()
    };
    let labs = [lab().await, lab().await];
    let hosts = |lab: &Lab| -> HashSet<IpAddr> {
        lab.plans().iter().map(|plan| plan.address.ip()).collect()
    };
    assert!(hosts(&labs[0]).is_disjoint(&hosts(&labs[1])));
}

#[tokio::test]
async fn a_demo_starts_on_loopback_and_ends() {
    let clock = Clock::start();
    let network = Network::Os(OsNet);
    let scenario = Scenario::demo(1);
    let lab = Lab::start(network.clone(), clock, &scenario).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let files = lab.write_torrents(dir.path()).unwrap();
    for (file, torrent) in files.iter().zip(lab.torrents()) {
        let bytes = std::fs::read(file).unwrap();
        let parsed = crate::protocol::metainfo::Metainfo::parse(&bytes).unwrap();
        assert_eq!(
            (parsed.info_hash, parsed.pieces),
            (torrent.info_hash, torrent.pieces)
        );
        assert_eq!(parsed.trackers.concat(), torrent.trackers);
    }
    // On a busy machine those that leave soon may be gone by now.
    let open = |it: &&Plan| {
        it.reach == Reach::Open
            && it.arrives <= clock.now()
            && it.next_break(Moment::EPOCH).is_none()
    };
    let plan = lab.plans().iter().find(open).unwrap().clone();
    let mut link = loop {
        // It listens as soon as its task has run.
        match network.connect(None, plan.address).await {
            Ok(link) => break link,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    link.write_all(&hello(&plan.torrent)).await.unwrap();
    let mut theirs = [0; 68];
    link.read_exact(&mut theirs).await.unwrap();
    assert_eq!(theirs[28..48], plan.torrent.info_hash.0);
    lab.stop().await;
    let mut rest = Vec::new();
    let _ = link.read_to_end(&mut rest).await;
    let gone = network.connect(None, plan.address).await;
    assert!(gone.is_err(), "nobody listens any more");
}
