//! Names with several addresses, of both families.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bta::protocol::tracker::TrackerUrl;

use crate::world::{HASH, LIMIT, NAME, PORT, THERE, World, reply, request, there};

const URL: &str = "http://tracker.example:8080/announce";
const PEERS: &[u8] = b"d8:intervali900e5:peers0:e";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn both_families_are_tried_by_turns() {
    let world = World::new();
    let dead = ["2a01::1", "2a01::2", "2a01::3"].map(ip);
    for ip in dead {
        world.net.hide(ip);
    }
    world
        .net
        .name(NAME, &[dead[0], dead[1], dead[2], THERE.into()]);
    world.serve(there(), vec![reply(200, "", PEERS)]).await;
    let asked = world.clock.now();
    assert!(world.announce(URL).await.is_ok());
    // One dead address had its share, a quarter of a minute.
    assert_eq!(world.clock.now().since(asked).as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn an_ipv6_tracker_is_spoken_to() {
    let world = World::new();
    let there = SocketAddr::new(ip("2a01::1"), PORT);
    world.net.name(NAME, &[there.ip()]);
    let heard = world.serve(there, vec![reply(200, "", PEERS)]).await;
    assert!(world.announce(URL).await.is_ok());
    let literal = world.announce("http://[2a01::1]:8080/announce").await;
    assert!(literal.is_ok());
    assert!(heard.lock().unwrap()[1].contains("[2a01::1]:8080\r\n"));
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_over_all_of_them() {
    let world = World::new();
    let dead = ["44.9.0.1", "44.9.0.2", "44.9.0.3", "2a01::1"].map(ip);
    for ip in dead {
        world.net.hide(ip);
    }
    world.net.name(NAME, &dead);
    let asked = world.clock.now();
    for url in [URL, "udp://tracker.example:8080"] {
        let error = world.announce(url).await.unwrap_err();
        assert_eq!(error.label(), "timeout");
    }
    assert_eq!(world.clock.now().since(asked), 2 * LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_slow_tracker_has_what_is_left_of_the_limit() {
    let world = World::new();
    // It takes the connection, and nothing else.
    let network = bta::net::Network::Memory(world.net.at(THERE.into()));
    let acceptor = network.listen(there()).await.unwrap();
    tokio::spawn(async move {
        let mut links = Vec::new();
        loop {
            links.push(acceptor.accept().await);
        }
    });
    let url = TrackerUrl::parse(URL).unwrap();
    let (asker, asked) = (world.asker(false), world.clock.now());
    let limit = Duration::from_secs(2);
    let scraped = asker.scrape(&url, &HASH, limit).await.unwrap_err();
    let announced = asker.announce(&url, &request(), limit).await.unwrap_err();
    assert_eq!((scraped.label(), announced.label()), ("timeout", "timeout"));
    assert_eq!(world.clock.now().since(asked), 2 * limit);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_has_an_outcome() {
    let world = World::new();
    world.net.name("home.example", &[ip("10.0.0.1")]);
    for (url, expected) in [
        (URL, "refused"),
        ("http://nowhere.example/announce", "no_such_host"),
        ("udp://nowhere.example:80", "no_such_host"),
        ("http://home.example/announce", "forbidden_address"),
        ("https://home.example/announce", "forbidden_address"),
        ("udp://home.example:80", "forbidden_address"),
        ("udp://127.0.0.1:80", "forbidden_address"),
    ] {
        let error = world.announce(url).await.unwrap_err();
        assert_eq!(error.label(), expected, "{url}");
    }
}
