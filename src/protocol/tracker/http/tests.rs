use proptest::prelude::*;

use super::*;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::handshake::PeerId;

fn request() -> AnnounceRequest {
    let mut info_hash = [0; 20];
    info_hash[..5].copy_from_slice(&[0x00, b'a', 0xff, b' ', b'&']);
    AnnounceRequest {
        info_hash: InfoHash(info_hash),
        peer_id: PeerId(*b"-bt0010-~._-=+/?#%&@"),
        port: 6881,
        left: 16384,
        event: AnnounceEvent::Started,
        numwant: 200,
        key: 0xab,
        tracker_id: None,
    }
}

fn target(url: &str, request: &AnnounceRequest) -> String {
    announce_target(&TrackerUrl::parse(url).unwrap(), request)
}

#[test]
fn asks_as_bep_3_says() {
    let expected = "/announce?info_hash=%00a%FF%20%26%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00\
        &peer_id=-bt0010-~._-%3D%2B%2F%3F%23%25%26%40&port=6881&uploaded=0&downloaded=0&left=16384\
        &numwant=200&key=000000ab&compact=1&no_peer_id=1&event=started";
    assert_eq!(target("http://t.example/announce", &request()), expected);
}

#[test]
fn keeps_the_query_of_the_url() {
    let regular = AnnounceRequest {
        event: AnnounceEvent::None,
        tracker_id: Some(b"a&b".to_vec()),
        ..request()
    };
    let target = target("http://t.example/announce?passkey=x%20y", &regular);
    assert!(
        target.starts_with("/announce?passkey=x%20y&info_hash=%00a"),
        "{target}"
    );
    assert!(
        target.ends_with("&no_peer_id=1&trackerid=a%26b"),
        "{target}"
    );
    let stopped = AnnounceRequest {
        event: AnnounceEvent::Stopped,
        ..request()
    };
    assert!(
        super::announce_target(&TrackerUrl::parse("http://t").unwrap(), &stopped)
            .ends_with("&event=stopped")
    );
}

#[test]
fn asks_for_a_scrape_as_bep_48_says() {
    let hash = request().info_hash;
    let target = |url: &str| scrape_target(&TrackerUrl::parse(url).unwrap(), &hash);
    let zeros = "%00".repeat(15);
    assert_eq!(
        target("http://t.example/x/announce?key=1"),
        Some(format!("/x/scrape?key=1&info_hash=%00a%FF%20%26{zeros}"))
    );
    assert_eq!(target("http://t.example/a"), None);
}

#[test]
fn reads_the_scraped_torrent_among_others() {
    let hash = InfoHash(*b"aaaaaaaaaaaaaaaaaaaa");
    let body = b"d5:filesd\
        20:aaaaaaaaaaaaaaaaaaaad8:completei5e10:downloadedi50e10:incompletei10ee\
        20:bbbbbbbbbbbbbbbbbbbbd8:completei1e10:downloadedi-1e10:incomplete1:7ee\
        5:flagsd20:min_request_intervali900eee";
    let scraped = |seeders, leechers, downloaded| Scraped {
        seeders,
        leechers,
        downloaded,
        min_interval: Some(Duration::from_secs(900)),
    };
    assert_eq!(
        parse_scrape(body, &hash),
        Ok(scraped(Some(5), Some(10), Some(50)))
    );
    let other = InfoHash(*b"bbbbbbbbbbbbbbbbbbbb");
    assert_eq!(
        parse_scrape(body, &other),
        Ok(scraped(Some(1), Some(7), None))
    );
    let missing = InfoHash([0; 20]);
    assert_eq!(
        parse_scrape(body, &missing),
        Err(TrackerError::TorrentMissing)
    );
    let odd = b"d5:filesd20:aaaaaaaaaaaaaaaaaaaa0:ee";
    assert_eq!(parse_scrape(odd, &hash), Err(TrackerError::TorrentMissing));
}

#[test]
fn finds_a_torrent_whose_key_was_taken_for_text() {
    let mut hash = [b'a'; 20];
    hash[..3].copy_from_slice(&[0x80, 0xff, 0x7f]);
    let body = b"d5:filesd22:\xc2\x80\xc3\xbf\x7faaaaaaaaaaaaaaaaad8:completei5eeee";
    let scraped = parse_scrape(body, &InfoHash(hash)).unwrap();
    assert_eq!(scraped.seeders, Some(5));
}

#[test]
fn names_what_is_no_scrape() {
    let hash = InfoHash([0; 20]);
    for (body, label) in [
        (&b""[..], "malformed"),
        (b"<html>", "malformed"),
        (b"le", "malformed"),
        (b"de", "malformed"),
        (b"d5:filesd", "malformed"),
        (b"d5:filesle8:intervali1ee", "malformed"),
        (b"d14:failure reason2:noe", "failure"),
        (b"d5:filesdee", "torrent_missing"),
    ] {
        let failure = parse_scrape(body, &hash).unwrap_err();
        assert_eq!(failure.label(), label, "{}", body.escape_ascii());
    }
    let long = vec![b'd'; limits::ANNOUNCE_BODY_BYTES + 1];
    let failure = parse_scrape(&long, &hash).unwrap_err();
    assert_eq!(failure.label(), "body_too_large");
}

fn peers(body: &[u8]) -> Vec<String> {
    let peers = parse_announce(body).unwrap().peers;
    peers.iter().map(SocketAddr::to_string).collect()
}

#[test]
fn reads_a_compact_answer() {
    let body =
        b"d8:completei3e10:downloadedi9e10:incompletei5e8:intervali1800e12:min intervali900e\
        5:peers12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\x00\x50\
        6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe110:tracker id2:id\
        15:warning message4:care11:external ip4:\x09\x08\x07\x06e";
    let announced = parse_announce(body).unwrap();
    let expected = Announced {
        peers: ["1.2.3.4:6881", "5.6.7.8:80", "[2001:db8::1]:6881"]
            .map(|it| it.parse().unwrap())
            .to_vec(),
        seeders: Some(3),
        leechers: Some(5),
        downloaded: Some(9),
        interval: Some(Duration::from_secs(1800)),
        min_interval: Some(Duration::from_secs(900)),
        tracker_id: Some(b"id".to_vec()),
        warning: Some("care".to_owned()),
        external_ip: Some([9, 8, 7, 6].into()),
    };
    assert_eq!(announced, expected);
}

#[test]
fn reads_dictionaries_and_passes_over_host_names() {
    let body = b"d5:peersl\
        d2:ip7:1.2.3.47:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881ee\
        d2:ip11:2001:db8::14:porti6882ee\
        d2:ip12:some.example4:porti6883ee\
        d2:ip7:1.2.3.44:porti6881ee\
        d2:ip7:5.6.7.84:porti70000ee\
        d2:ip7:5.6.7.8e\
        i7e\
        d2:ip14:::ffff:9.9.9.94:port4:6884eee";
    // Each once; a port written as text; a mapped address is what it maps.
    assert_eq!(
        peers(body),
        ["1.2.3.4:6881", "[2001:db8::1]:6882", "9.9.9.9:6884"]
    );
}

#[test]
fn takes_compact_and_dictionaries_at_once() {
    let body = b"d5:peers6:\x01\x02\x03\x04\x1a\xe16:peers6ld2:ip11:2001:db8::14:porti1eeee";
    assert_eq!(peers(body), ["1.2.3.4:6881", "[2001:db8::1]:1"]);
}

#[test]
fn passes_over_what_makes_no_sense() {
    let body = b"d8:completei-1e10:incompletei99999999999e8:interval4:180012:min intervali-5e\
        5:peers8:\x01\x02\x03\x04\x1a\xe1\x07\x0710:tracker id0:e<!-- ad -->";
    let announced = parse_announce(body).unwrap();
    assert_eq!((announced.seeders, announced.leechers), (None, None));
    assert_eq!(announced.interval, Some(Duration::from_secs(1800)));
    assert_eq!((announced.min_interval, announced.tracker_id), (None, None));
    assert_eq!(announced.peers.len(), 1);
}

#[test]
fn hands_on_a_failure() {
    let failure = |body: &[u8]| match parse_announce(body) {
        Err(TrackerError::Failure { reason, retry_in }) => (reason, retry_in),
        other => panic!("{other:?}"),
    };
    let minutes = |it: u64| Some(Duration::from_secs(it * 60));
    assert_eq!(
        failure(b"d14:failure reason4:no\n!e"),
        ("no!".to_owned(), None)
    );
    let beside = b"d14:failure reason2:no5:peers6:\x01\x02\x03\x04\x1a\xe18:retry ini5ee";
    assert_eq!(failure(beside), ("no".to_owned(), minutes(5)));
    assert_eq!(
        failure(b"d14:failure reason0:8:retry in1:7e"),
        (String::new(), minutes(7))
    );
    assert_eq!(
        failure(b"d14:failure reason1:x8:retry in5:nevere").1,
        Some(Duration::MAX)
    );
    assert_eq!(failure(b"d14:failure reason1:x8:retry ini-1ee").1, None);
    let long = format!("d14:failure reason999:{}e", "x".repeat(999));
    assert_eq!(failure(long.as_bytes()).0.len(), limits::TRACKER_TEXT_BYTES);
    // An empty reason beside peers is none.
    assert_eq!(
        peers(b"d14:failure reason0:5:peers6:\x01\x02\x03\x04\x1a\xe1e"),
        ["1.2.3.4:6881"]
    );
}

#[test]
fn names_what_is_no_answer() {
    assert!(parse_announce(b"d5:peers0:e").is_ok());
    for body in [
        &b""[..],
        b"<html>",
        b"le",
        b"i1e",
        b"de",
        b"d5:peers",
        b"d3:fooi1ee",
    ] {
        assert_eq!(parse_announce(body).unwrap_err().label(), "malformed");
    }
    let long = vec![b'd'; limits::ANNOUNCE_BODY_BYTES + 1];
    assert_eq!(parse_announce(&long).unwrap_err().label(), "body_too_large");
}

#[test]
fn bounds_the_number_of_peers() {
    let mut body = format!("d5:peers{}:", 6 * 5000).into_bytes();
    (0..5000u32).for_each(|it| body.extend([&it.to_be_bytes()[..], &[0x1a, 0xe1]].concat()));
    body.push(b'e');
    assert_eq!(peers(&body).len(), limits::ANNOUNCE_PEERS);
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
        let _ = parse_announce(&bytes);
        let _ = parse_scrape(&bytes, &request().info_hash);
    }

    #[test]
    fn never_panics_on_odd_values(
        keys in proptest::sample::subsequence(vec![
            "complete", "external ip", "failure reason", "interval", "peers", "peers6",
            "retry in", "tracker id", "warning message"], 0..9),
        value in prop_oneof![
            Just("i-1e"), Just("0:"), Just("le"), Just("de"), Just("7:abcdefg"), Just("ldelee"),
            Just("i9223372036854775807e"), Just("ld2:ip0:4:porti0eee")],
    ) {
        let fields: String = keys.iter().map(|key| format!("{}:{key}{value}", key.len())).collect();
        let _ = parse_announce(format!("d{fields}e").as_bytes());
    }
}
