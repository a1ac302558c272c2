use proptest::prelude::*;

use super::*;
use crate::protocol::peer::handshake::PeerId;
use crate::protocol::tracker::AnnounceEvent;

const T0: Moment = Moment::from_millis(1_000_000);

fn tracker() -> SocketAddr {
    "192.0.2.1:6969".parse().unwrap()
}

fn client() -> UdpClient {
    UdpClient::new(tracker(), [7; 32], 1)
}

fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: InfoHash([0xaa; 20]),
        peer_id: PeerId([0xbb; 20]),
        port: 6881,
        left: 16384,
        event: AnnounceEvent::Started,
        numwant: 200,
        key: 7,
        tracker_id: None,
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn sent(client: &mut UdpClient) -> Request {
    Request::decode(&client.poll_transmit().unwrap()).unwrap()
}

fn transaction(request: &Request) -> u32 {
    match request {
        Request::Connect { transaction }
        | Request::Announce { transaction, .. }
        | Request::Scrape { transaction, .. } => *transaction,
    }
}

/// Answers a connect request; returns what is sent next.
fn connect(client: &mut UdpClient, now: Moment) -> Request {
    let request = sent(client);
    assert!(matches!(request, Request::Connect { .. }), "{request:?}");
    let transaction = transaction(&request);
    let response = Response::Connect {
        transaction,
        connection: 99,
    };
    assert!(client.handle_datagram(now, tracker(), &response.encode()));
    sent(client)
}

fn announced(transaction: u32) -> Vec<u8> {
    let peers = ["1.2.3.4:6881", "1.2.3.4:6881", "5.6.7.8:80"].map(|it| it.parse().unwrap());
    Response::Announce {
        transaction,
        interval_s: 1800,
        leechers: 2,
        seeders: 3,
        peers: peers.to_vec(),
    }
    .encode()
}

#[test]
fn connects_then_announces() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let Request::Announce {
        connection,
        transaction,
        announce,
    } = connect(&mut client, T0)
    else {
        panic!("no announce");
    };
    assert_eq!(connection, 99);
    assert_eq!(
        (announce.event, announce.left, announce.numwant),
        (2, 16384, 200)
    );
    assert_eq!(
        (announce.downloaded, announce.uploaded, announce.port),
        (0, 0, 6881)
    );
    assert!(client.handle_datagram(T0, tracker(), &announced(transaction)));
    let Some(Ok(UdpReply::Announced(answer))) = client.poll_reply() else {
        panic!("no answer");
    };
    let peers: Vec<String> = answer.peers.iter().map(SocketAddr::to_string).collect();
    assert_eq!(peers, ["1.2.3.4:6881", "5.6.7.8:80"]);
    assert_eq!((answer.seeders, answer.leechers), (Some(3), Some(2)));
    assert_eq!(answer.interval, Some(seconds(1800)));
    assert_eq!(
        (client.poll_timeout(), client.poll_transmit()),
        (None, None)
    );
}

#[test]
fn uses_a_connection_id_for_a_minute() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let first = transaction(&connect(&mut client, T0));
    client.handle_datagram(T0, tracker(), &announced(first));
    let still = T0 + seconds(60) - Duration::from_millis(1);
    client.announce(still, &request(), None);
    assert!(matches!(sent(&mut client), Request::Announce { .. }));
    client.announce(T0 + seconds(60), &request(), None);
    assert!(matches!(sent(&mut client), Request::Connect { .. }));
}

#[test]
fn ignores_reply_from_wrong_address_or_to_another_request() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let id = transaction(&connect(&mut client, T0));
    for from in ["192.0.2.1:6968", "192.0.2.2:6969", "[2001:db8::1]:6969"] {
        assert!(!client.handle_datagram(T0, from.parse().unwrap(), &announced(id)));
    }
    assert!(!client.handle_datagram(T0, tracker(), &announced(id ^ 1)));
    assert!(!client.handle_datagram(T0, tracker(), &announced(id)[..7]));
    assert_eq!(client.poll_reply(), None);
    let mapped = "[::ffff:192.0.2.1]:6969".parse().unwrap();
    assert!(client.handle_datagram(T0, mapped, &announced(id)));
    assert!(matches!(client.poll_reply(), Some(Ok(_))));
    assert!(
        !client.handle_datagram(T0, tracker(), &announced(id)),
        "answered already"
    );
}

#[test]
fn sends_again_after_15_s_times_powers_of_two() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let id = transaction(&sent(&mut client));
    let mut now = T0;
    for resend in 0..8 {
        let due = client.poll_timeout().unwrap();
        assert_eq!(due.since(now), seconds(15 << resend));
        client.handle_timeout(due - Duration::from_millis(1));
        assert_eq!(client.poll_transmit(), None);
        client.handle_timeout(due);
        // The same question: an answer to the first still counts.
        assert_eq!(transaction(&sent(&mut client)), id);
        now = due;
    }
    let end = client.poll_timeout().unwrap();
    assert_eq!(end.since(now), seconds(3840));
    client.handle_timeout(end);
    assert_eq!(client.poll_reply(), Some(Err(TrackerError::Timeout)));
    assert_eq!(
        (client.poll_timeout(), client.poll_transmit()),
        (None, None)
    );
}

#[test]
fn asks_for_a_new_connection_id_when_the_old_one_has_run_out() {
    let mut client = client();
    client.announce(T0, &request(), None);
    connect(&mut client, T0);
    // Sent at 0, again at 15 and 45 s; at 105 s the id is too old.
    for connected in [true, true, false] {
        let due = client.poll_timeout().unwrap();
        client.handle_timeout(due);
        let request = sent(&mut client);
        assert_eq!(matches!(request, Request::Announce { .. }), connected);
    }
}

#[test]
fn hands_on_the_trackers_words_and_starts_afresh() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let id = transaction(&connect(&mut client, T0));
    let refusal = Response::Error {
        transaction: id,
        message: b"go\x1b away".to_vec(),
    };
    assert!(client.handle_datagram(T0, tracker(), &refusal.encode()));
    let failure = TrackerError::Failure {
        reason: "go away".to_owned(),
        retry_in: None,
    };
    assert_eq!(client.poll_reply(), Some(Err(failure)));
    client.announce(T0, &request(), None);
    assert!(matches!(sent(&mut client), Request::Connect { .. }));
}

#[test]
fn names_an_answer_that_makes_no_sense() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let id = transaction(&connect(&mut client, T0));
    let connect_again = Response::Connect {
        transaction: id,
        connection: 1,
    };
    assert!(client.handle_datagram(T0, tracker(), &connect_again.encode()));
    let error = client.poll_reply().unwrap().unwrap_err();
    assert_eq!(error.label(), "malformed");

    client.announce(T0, &request(), None);
    let id = transaction(&connect(&mut client, T0));
    assert!(client.handle_datagram(T0, tracker(), &announced(id)[..19]));
    assert_eq!(
        client.poll_reply().unwrap().unwrap_err().label(),
        "malformed"
    );
}

#[test]
fn scrapes_in_the_order_asked() {
    let mut client = client();
    let asked = [InfoHash([1; 20]), InfoHash([2; 20])];
    client.scrape(T0, &asked);
    let Request::Scrape {
        transaction,
        torrents,
        ..
    } = connect(&mut client, T0)
    else {
        panic!("no scrape");
    };
    assert_eq!(torrents, asked);
    let figures = [1, 4, 7].map(|it| Counts {
        seeders: it,
        completed: it + 1,
        leechers: it + 2,
    });
    let response = Response::Scrape {
        transaction,
        torrents: figures.to_vec(),
    };
    client.handle_datagram(T0, tracker(), &response.encode());
    let scraped = [1, 4].map(|it| Scraped {
        seeders: Some(it),
        downloaded: Some(it + 1),
        leechers: Some(it + 2),
        min_interval: None,
    });
    assert_eq!(
        client.poll_reply(),
        Some(Ok(UdpReply::Scraped(scraped.to_vec())))
    );

    client.scrape(T0, &asked);
    let Request::Scrape { transaction, .. } = sent(&mut client) else {
        panic!("no scrape");
    };
    let short = Response::Scrape {
        transaction,
        torrents: figures[1..2].to_vec(),
    };
    client.handle_datagram(T0, tracker(), &short.encode());
    assert_eq!(client.poll_reply(), Some(Err(TrackerError::TorrentMissing)));
}

#[test]
fn takes_no_negative_number_for_a_count() {
    let mut client = client();
    client.scrape(T0, &[InfoHash([1; 20])]);
    let transaction = transaction(&connect(&mut client, T0));
    let torrents = vec![Counts {
        seeders: u32::MAX,
        completed: 7,
        leechers: 1 << 31,
    }];
    let response = Response::Scrape {
        transaction,
        torrents,
    };
    client.handle_datagram(T0, tracker(), &response.encode());
    let scraped = Scraped {
        downloaded: Some(7),
        ..Scraped::default()
    };
    assert_eq!(
        client.poll_reply(),
        Some(Ok(UdpReply::Scraped(vec![scraped])))
    );
}

#[test]
fn tells_the_path_with_each_announce() {
    let mut client = client();
    client.announce(T0, &request(), Some("/announce?key=1"));
    let Request::Announce { announce, .. } = connect(&mut client, T0) else {
        panic!("no announce");
    };
    assert_eq!(announce.url_data, b"/announce?key=1");
}

#[test]
fn reads_long_addresses_from_an_ipv6_tracker() {
    let tracker: SocketAddr = "[2001:db8::1]:6969".parse().unwrap();
    let mut client = UdpClient::new(tracker, [7; 32], 1);
    client.announce(T0, &request(), None);
    let id = transaction(&sent(&mut client));
    let connected = Response::Connect {
        transaction: id,
        connection: 1,
    };
    client.handle_datagram(T0, tracker, &connected.encode());
    let transaction = transaction(&sent(&mut client));
    let peers: Vec<SocketAddr> = vec!["[2001:db8::2]:6881".parse().unwrap()];
    let response = Response::Announce {
        transaction,
        interval_s: 1,
        leechers: 0,
        seeders: 0,
        peers: peers.clone(),
    };
    client.handle_datagram(T0, tracker, &response.encode());
    let Some(Ok(UdpReply::Announced(answer))) = client.poll_reply() else {
        panic!("no answer");
    };
    assert_eq!(answer.peers, peers);
}

#[test]
fn an_abandoned_query_is_forgotten() {
    let mut client = client();
    client.announce(T0, &request(), None);
    let id = transaction(&connect(&mut client, T0));
    client.abandon();
    assert!(!client.handle_datagram(T0, tracker(), &announced(id)));
    assert_eq!((client.poll_timeout(), client.poll_reply()), (None, None));
}

proptest! {
    #[test]
    fn never_panics(inputs in proptest::collection::vec(
        (proptest::collection::vec(any::<u8>(), 0..60), any::<bool>(), 0..5u8, 0..200u64), 0..20))
    {
        let mut client = client();
        let mut now = T0;
        client.announce(now, &request(), None);
        for (mut bytes, right, action, wait) in inputs {
            let asked = client.poll_transmit().and_then(|it| Request::decode(&it));
            if let (true, Some(asked), true) = (right, asked, bytes.len() >= 8) {
                bytes[..4].copy_from_slice(&[0, 0, 0, action]);
                bytes[4..8].copy_from_slice(&transaction(&asked).to_be_bytes());
            }
            client.handle_datagram(now, tracker(), &bytes);
            now = now + seconds(wait);
            client.handle_timeout(now);
        }
    }
}
