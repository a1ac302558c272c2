use proptest::prelude::*;

use super::*;

fn announce() -> Announce {
    Announce {
        info_hash: InfoHash([0xaa; 20]),
        peer_id: PeerId([0xbb; 20]),
        downloaded: 1,
        left: 2,
        uploaded: 3,
        event: 2,
        key: 0x0102_0304,
        numwant: -1,
        port: 6881,
        url_data: Vec::new(),
    }
}

#[test]
fn writes_requests_as_bep_15_lays_them() {
    let connect = Request::Connect {
        transaction: 0x0a0b_0c0d,
    };
    assert_eq!(
        connect.encode(),
        b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0\x0a\x0b\x0c\x0d"
    );

    let mut expected = b"\x11\x12\x13\x14\x15\x16\x17\x18\0\0\0\x01\x0a\x0b\x0c\x0d".to_vec();
    expected.extend([0xaa; 20]);
    expected.extend([0xbb; 20]);
    expected.extend(b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03");
    expected.extend(b"\0\0\0\x02\0\0\0\0\x01\x02\x03\x04\xff\xff\xff\xff\x1a\xe1");
    assert_eq!(expected.len(), 98);
    let request = Request::Announce {
        connection: 0x1112_1314_1516_1718,
        transaction: 0x0a0b_0c0d,
        announce: announce(),
    };
    assert_eq!(request.encode(), expected);
    assert_eq!(Request::decode(&expected), Some(request));

    let mut expected = b"\0\0\0\0\0\0\0\x09\0\0\0\x02\0\0\0\x05".to_vec();
    expected.extend([0xaa; 20]);
    let scrape = Request::Scrape {
        connection: 9,
        transaction: 5,
        torrents: vec![InfoHash([0xaa; 20])],
    };
    assert_eq!(scrape.encode(), expected);
}

#[test]
fn reads_responses_as_bep_15_lays_them() {
    let connect = b"\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x09";
    let expected = Response::Connect {
        transaction: 5,
        connection: 9,
    };
    assert_eq!(Response::decode(connect, false), Some(expected));

    let head = b"\0\0\0\x01\0\0\0\x05\0\0\x07\x08\0\0\0\x02\0\0\0\x03";
    let announced = |peers: &[&str]| Response::Announce {
        transaction: 5,
        interval_s: 1800,
        leechers: 2,
        seeders: 3,
        peers: peers.iter().map(|it| it.parse().unwrap()).collect(),
    };
    let v4 = [&head[..], b"\x01\x02\x03\x04\x1a\xe1"].concat();
    assert_eq!(
        Response::decode(&v4, false),
        Some(announced(&["1.2.3.4:6881"]))
    );
    let mut v6 = [&head[..], &[0x20, 0x01], &[0; 14]].concat();
    v6.extend(b"\x1a\xe1");
    assert_eq!(
        Response::decode(&v6, true),
        Some(announced(&["[2001::]:6881"]))
    );
    assert_eq!(Response::decode(head, true), Some(announced(&[])));
    // What bittorrent-tracker answers over IPv6.
    assert_eq!(
        Response::decode(&v4, true),
        Some(announced(&["1.2.3.4:6881"]))
    );

    let scraped = b"\0\0\0\x02\0\0\0\x05\0\0\0\x01\0\0\0\x02\0\0\0\x03";
    let torrents = vec![Counts {
        seeders: 1,
        completed: 2,
        leechers: 3,
    }];
    let expected = Response::Scrape {
        transaction: 5,
        torrents,
    };
    assert_eq!(Response::decode(scraped, false), Some(expected));

    let expected = Response::Error {
        transaction: 5,
        message: b"no".to_vec(),
    };
    assert_eq!(
        Response::decode(b"\0\0\0\x03\0\0\0\x05no", false),
        Some(expected)
    );
    assert_eq!(Response::decode(b"\0\0\0\x07\0\0\0\x05no", false), None);
}

#[test]
fn writes_path_and_query_as_options() {
    let long = [b"/announce?key=".to_vec(), vec![b'x'; 300]].concat();
    let announce = Announce {
        url_data: long.clone(),
        ..announce()
    };
    let request = Request::Announce {
        connection: 1,
        transaction: 2,
        announce,
    };
    let bytes = request.encode();
    assert_eq!(bytes.len(), 98 + 2 + 255 + 2 + 59);
    assert_eq!(bytes[98..102], *b"\x02\xff/a");
    assert_eq!(bytes[355..357], *b"\x02\x3b");
    assert_eq!(Request::decode(&bytes), Some(request));
}

#[test]
fn passes_over_other_options() {
    let url_data = |options: &[u8]| {
        let announce = announce();
        let request = Request::Announce {
            connection: 1,
            transaction: 2,
            announce,
        };
        let bytes = [&request.encode(), options].concat();
        match Request::decode(&bytes) {
            Some(Request::Announce { announce, .. }) => announce.url_data,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        url_data(b"\x01\x02\x02/a\x07\x03xyz\x02\x01b\x00\x02\x01c"),
        b"/ab"
    );
    assert_eq!(url_data(b"\x02\x09/a"), b"");
    assert_eq!(url_data(b"\x02"), b"");
}

#[test]
fn refuses_every_shorter_request() {
    let whole = Request::Announce {
        connection: 1,
        transaction: 2,
        announce: announce(),
    }
    .encode();
    for len in 0..whole.len() {
        assert_eq!(Request::decode(&whole[..len]), None, "{len}");
    }
    assert!(Request::decode(&whole).is_some());
    assert_eq!(
        Request::decode(&[0; 16]),
        None,
        "connect without the protocol's number"
    );
}

proptest! {
    #[test]
    fn reads_the_requests_it_writes(
        connection: u64, transaction: u32, numbers: [u64; 3], words: [u32; 2], numwant: i32,
        port: u16, hash: [u8; 20], url_data in proptest::collection::vec(any::<u8>(), 0..600),
        torrents in proptest::collection::vec(any::<[u8; 20]>(), 0..9),
    ) {
        let announce = Announce {
            info_hash: InfoHash(hash),
            peer_id: PeerId(hash),
            downloaded: numbers[0],
            left: numbers[1],
            uploaded: numbers[2],
            event: words[0],
            key: words[1],
            numwant,
            port,
            url_data,
        };
        let torrents = torrents.into_iter().map(InfoHash).collect();
        for request in [
            Request::Connect { transaction },
            Request::Announce { connection, transaction, announce },
            Request::Scrape { connection, transaction, torrents },
        ] {
            prop_assert_eq!(Request::decode(&request.encode()), Some(request));
        }
    }

    #[test]
    fn reads_the_responses_it_writes(
        transaction: u32, connection: u64, numbers: [u32; 3],
        peers in proptest::collection::vec((any::<[u8; 4]>(), any::<u16>()), 0..9),
        message in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let [interval_s, leechers, seeders] = numbers;
        let peers = peers.into_iter().map(SocketAddr::from).collect();
        let torrents = vec![Counts { seeders, completed: interval_s, leechers }];
        for response in [
            Response::Connect { transaction, connection },
            Response::Announce { transaction, interval_s, leechers, seeders, peers },
            Response::Scrape { transaction, torrents },
            Response::Error { transaction, message },
        ] {
            let bytes = response.encode();
            prop_assert_eq!(Response::peek_transaction(&bytes), Some(transaction));
            prop_assert_eq!(Response::decode(&bytes, false), Some(response));
        }
    }

    #[test]
    fn never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..=255), action in 0..5u8) {
        let _ = (Request::decode(&bytes), Response::peek_transaction(&bytes));
        if let Some(head) = bytes.get_mut(..4) {
            head.copy_from_slice(&[0, 0, 0, action]);
        }
        let _ = (Response::decode(&bytes, false), Response::decode(&bytes, true));
    }
}
