//! Trackers over UDP.

use std::time::Duration;

use bta::net::Network;
use bta::protocol::tracker::udp::wire::Counts;
use bta::protocol::tracker::udp::{Request, Response};
use bta::protocol::tracker::{Scraped, TrackerUrl};

use crate::world::{HASH, Heard, LIMIT, World, request, there};

const URL: &str = "udp://tracker.example:8080/announce?key=1";

/// Answers connects as it should, and announces and scrapes as `answer` says.
async fn serve(world: &World, answer: fn(u32) -> Vec<u8>) -> Heard {
    let network = Network::Memory(world.net.at(there().ip()));
    let socket = network.datagrams(there()).await.unwrap();
    let heard = Heard::default();
    let told = heard.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        loop {
            let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
            let answer = match Request::decode(&buffer[..len]).unwrap() {
                Request::Connect { transaction } => Response::Connect {
                    transaction,
                    connection: 5,
                }
                .encode(),
                Request::Announce {
                    transaction,
                    announce,
                    ..
                } => {
                    let path = String::from_utf8(announce.url_data).unwrap();
                    told.lock().unwrap().push(path);
                    answer(transaction)
                }
                Request::Scrape { transaction, .. } => answer(transaction),
            };
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    heard
}

fn announced(transaction: u32) -> Vec<u8> {
    Response::Announce {
        transaction,
        interval_s: 900,
        leechers: u32::MAX,
        seeders: 3,
        peers: Vec::new(),
    }
    .encode()
}

fn scraped(transaction: u32) -> Vec<u8> {
    let torrents = vec![Counts {
        seeders: 3,
        completed: 7,
        leechers: 1 << 31,
    }];
    Response::Scrape {
        transaction,
        torrents,
    }
    .encode()
}

fn refused(transaction: u32) -> Vec<u8> {
    Response::Error {
        transaction,
        message: b"no".to_vec(),
    }
    .encode()
}

#[tokio::test(start_paused = true)]
async fn each_announce_has_its_outcome() {
    type Answer = fn(u32) -> Vec<u8>;
    let cases: [(Answer, &str); 6] = [
        (announced, "ok"),
        (refused, "failure"),
        (scraped, "malformed"),
        (|id| announced(id)[..19].to_vec(), "malformed"),
        // Not an answer to us: as if nothing had come.
        (|id| announced(!id), "timeout"),
        (|_| b"nonsense".to_vec(), "timeout"),
    ];
    for (answer, expected) in cases {
        let world = World::new();
        serve(&world, answer).await;
        let outcome = world.announce(URL).await;
        let label = outcome.as_ref().map_or_else(|it| it.label(), |_| "ok");
        assert_eq!(label, expected);
        if let Ok(answer) = outcome {
            assert_eq!((answer.seeders, answer.leechers), (Some(3), None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_scrape_has_its_outcome() {
    type Answer = fn(u32) -> Vec<u8>;
    let figures = Scraped {
        seeders: Some(3),
        downloaded: Some(7),
        ..Scraped::default()
    };
    let cases: [(Answer, Result<Scraped, &str>); 5] = [
        (scraped, Ok(figures)),
        (refused, Err("failure")),
        (announced, Err("malformed")),
        (|id| scraped(id)[..12].to_vec(), Err("torrent_missing")),
        (|id| scraped(!id), Err("timeout")),
    ];
    for (answer, expected) in cases {
        let world = World::new();
        serve(&world, answer).await;
        let outcome = world.scrape(URL).await;
        assert_eq!(outcome.map_err(|error| error.label()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_tracker_is_told_the_path_if_there_is_one() {
    let world = World::new();
    let heard = serve(&world, announced).await;
    world.announce(URL).await.unwrap();
    world.announce("udp://tracker.example:8080").await.unwrap();
    assert_eq!(*heard.lock().unwrap(), ["/announce?key=1", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_within_the_limit() {
    let world = World::new();
    serve(&world, announced).await;
    world.net.set_datagram_loss(1000);
    let url = TrackerUrl::parse(URL).unwrap();
    let asker = world.asker(false);
    let asked = world.clock.now();
    let heal = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        world.net.set_datagram_loss(0);
    };
    let (answer, ()) = tokio::join!(asker.scrape(&url, &HASH, LIMIT), heal);
    assert_eq!(answer.unwrap_err().label(), "malformed");
    assert_eq!(world.clock.now().since(asked).as_secs(), 45);
    let answer = asker.announce(&url, &request(), LIMIT).await;
    assert!(answer.is_ok());
}
