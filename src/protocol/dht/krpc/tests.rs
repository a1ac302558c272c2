use proptest::prelude::*;

use super::*;

const ID: NodeId = NodeId(*b"abcdefghij0123456789");
const OTHER: NodeId = NodeId(*b"mnopqrstuvwxyz123456");

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn body(bytes: &[u8]) -> Body {
    read(bytes).unwrap().body
}

/// The examples of BEP 5, as they stand there.
#[test]
fn reads_the_examples_of_bep_5() {
    let ping = read(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe").unwrap();
    assert_eq!(ping.transaction, b"aa");
    assert_eq!(ping.body, Body::Query(ID, Query::Ping));
    assert!(!ping.read_only);
    let find = b"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe";
    let find = body(find);
    assert_eq!(
        find,
        Body::Query(ID, Query::FindNode(OTHER, Want::default()))
    );
    let hash = InfoHash(OTHER.0);
    let ask = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe";
    assert_eq!(
        body(ask),
        Body::Query(ID, Query::GetPeers(hash, Want::default()))
    );
    let announce = b"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe";
    let Body::Query(
        _,
        Query::AnnouncePeer {
            info_hash,
            port,
            token,
            seed: false,
        },
    ) = body(announce)
    else {
        panic!("no announce");
    };
    assert_eq!(
        (info_hash, port, token.as_slice()),
        (hash, None, &b"aoeusnth"[..])
    );
    let values = b"d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re";
    let Body::Answer(heard) = body(values) else {
        panic!("no answer");
    };
    assert_eq!(
        heard.peers,
        [
            address("97.120.106.101:11893"),
            address("105.100.104.116:28269")
        ]
    );
    assert_eq!(heard.token.as_deref(), Some(&b"aoeusnth"[..]));
    let error = b"d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee";
    assert_eq!(body(error), Body::Error(201));
}

#[test]
fn reads_what_later_beps_added() {
    let query = b"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node2:roi1e1:t2:aa1:y1:qe";
    let message = read(query).unwrap();
    assert!(message.read_only);
    let Body::Query(_, Query::FindNode(_, want)) = message.body else {
        panic!("no query");
    };
    assert!(want.includes(IpFamily::V4, IpFamily::V4) && want.includes(IpFamily::V6, IpFamily::V4));
    let answer = b"d2:ip6:\x01\x02\x03\x04\x1a\xe11:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re";
    assert_eq!(
        read(answer).unwrap().our_address,
        Some(address("1.2.3.4:6881"))
    );
}

#[test]
fn writes_what_bep_5_writes() {
    let expected = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:v4:BA\x01\x001:y1:qe";
    let query = |query: &Query, read_only| write_query(b"aa", ID, IpFamily::V4, query, read_only);
    assert_eq!(query(&Query::Ping, false), expected);
    let expected =
        b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping2:roi1e1:t2:aa1:v4:BA\x01\x001:y1:qe";
    assert_eq!(query(&Query::Ping, true), expected);
    let announce = Query::AnnouncePeer {
        info_hash: InfoHash(OTHER.0),
        port: Some(6881),
        token: b"aoeusnth".to_vec(),
        seed: false,
    };
    let expected = b"d1:ad2:id20:abcdefghij012345678912:implied_porti0e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:BA\x01\x001:y1:qe";
    assert_eq!(query(&announce, false), expected);
    let expected = b"d1:eli203e9:bad tokene1:t2:aa1:v4:BA\x01\x001:y1:ee";
    assert_eq!(write_error(b"aa", 203, "bad token"), expected);
    let answer = Answer {
        nodes: Some(vec![Contact {
            id: OTHER,
            address: address("1.2.3.4:6881"),
        }]),
        token: Some(b"tk".to_vec()),
        peers: vec![address("5.6.7.8:80")],
        ..Answer::default()
    };
    let expected = b"d2:ip6:\x09\x09\x09\x09\x00\x501:rd2:id20:abcdefghij01234567895:nodes26:mnopqrstuvwxyz123456\x01\x02\x03\x04\x1a\xe15:token2:tk6:valuesl6:\x05\x06\x07\x08\x00\x50ee1:t2:aa1:v4:BA\x01\x001:y1:re";
    assert_eq!(
        write_answer(b"aa", ID, address("9.9.9.9:80"), &answer),
        expected
    );
}

#[test]
fn asks_and_tells_as_bep_33_says() {
    let hash = InfoHash(OTHER.0);
    let scrape = Query::Scrape(hash, Want::default());
    let bytes = write_query(b"aa", ID, IpFamily::V4, &scrape, false);
    let expected = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234566:scrapei1e4:wantl2:n4ee1:q9:get_peers1:t2:aa1:v4:BA\x01\x001:y1:qe";
    assert_eq!(bytes, expected);
    let want = Want {
        v4: true,
        v6: false,
    };
    assert_eq!(body(&bytes), Body::Query(ID, Query::Scrape(hash, want)));
    let of_a_seed = Query::AnnouncePeer {
        info_hash: hash,
        port: Some(6881),
        token: b"aoeusnth".to_vec(),
        seed: true,
    };
    let bytes = write_query(b"aa", ID, IpFamily::V4, &of_a_seed, false);
    assert_eq!(body(&bytes), Body::Query(ID, of_a_seed));
}

#[test]
fn says_what_is_wrong() {
    for (bytes, error) in [
        (&b""[..], KrpcError::NotBencode),
        (b"i1e", KrpcError::NoKind),
        (b"d1:t2:aa1:y1:xe", KrpcError::NoKind),
        (
            b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe",
            KrpcError::NoTransaction,
        ),
        (b"d1:ad2:id3:abce1:q4:ping1:t2:aa1:y1:qe", KrpcError::NoId),
        (b"d1:rde1:t2:aa1:y1:re", KrpcError::NoId),
    ] {
        assert_eq!(read(bytes), Err(error), "{}", bytes.escape_ascii());
        assert!(!error.label().is_empty());
    }
    let query = |text: &[u8]| match body(text) {
        Body::Query(_, query) => query,
        other => panic!("{other:?}"),
    };
    let unknown = query(b"d1:ad2:id20:abcdefghij0123456789e1:q4:vote1:t2:aa1:y1:qe");
    assert_eq!(unknown, Query::Unknown);
    let bare = query(b"d1:ad2:id20:abcdefghij0123456789e1:q9:get_peers1:t2:aa1:y1:qe");
    assert_eq!(bare, Query::Malformed);
}

fn contacts(v6: bool) -> impl Strategy<Value = Vec<Contact>> {
    let one = (any::<[u8; 20]>(), any::<u16>()).prop_map(move |(id, port)| {
        let ip = if v6 { "2001::7" } else { "1.2.3.4" };
        let address = SocketAddr::new(ip.parse().unwrap(), port);
        Contact {
            id: NodeId(id),
            address,
        }
    });
    proptest::collection::vec(one, 0..=limits::K)
}

proptest! {
    #[test]
    fn reads_what_it_writes(
        nodes in contacts(false), nodes6 in contacts(true), token: [u8; 8], transaction: [u8; 4], ports: Vec<u16>,
    ) {
        let to = address("9.9.9.9:80");
        // Peers and filters together do not fit a datagram.
        let filters = ports.first().filter(|_| ports.len() < 10).map(|it| {
            let mut filters = Filters::default();
            filters.seeds.insert([1, 2, 3, it.to_le_bytes()[0]].into());
            filters.downloaders.insert(to.ip());
            Box::new(filters)
        });
        let peers: Vec<_> = ports.iter().take(50).map(|it| SocketAddr::new(to.ip(), *it)).collect();
        let answer = Answer {
            nodes: Some(nodes.clone()),
            nodes6: Some(nodes6.clone()),
            peers: peers.clone(),
            token: Some(token.to_vec()),
            samples: Some((vec![InfoHash(ID.0)], 7)),
            filters: filters.clone(),
        };
        let bytes = write_answer(&transaction, ID, to, &answer);
        let message = read(&bytes).unwrap();
        prop_assert_eq!(&message.transaction, &transaction);
        prop_assert_eq!(message.our_address, Some(to));
        let heard = Heard { id: ID, nodes, nodes6, peers, token: Some(token.to_vec()), filters };
        prop_assert_eq!(message.body, Body::Answer(Box::new(heard)));
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255), at in 0..200usize, byte: u8) {
        let _ = read(&bytes);
        // One that is almost right.
        let query = Query::GetPeers(InfoHash(OTHER.0), Want::default());
        let mut almost = write_query(b"abcd", ID, IpFamily::V6, &query, true);
        let at = at % almost.len();
        almost[at] = byte;
        let _ = read(&almost);
        let _ = read(&almost[..at]);
    }
}
