//! What is said first.

use super::*;
use crate::protocol::peer::pex::PexFlags;

#[test]
fn dials_with_a_handshake_then_hello_and_have_none() {
    let mut session = dial();
    let ours = Handshake::decode(&said(&mut session)).unwrap().unwrap();
    assert_eq!((ours.info_hash, ours.reserved), (TORRENT, Reserved::OURS));

    let handshake = theirs(FAST_AND_EXTENDED, "-TR3000-");
    session.handle_input(T0, &handshake.encode()).unwrap();
    assert_eq!(session.poll_event(), Some(Event::Handshake(handshake)));
    assert_eq!(session.poll_event(), None);
    assert!(session.fast());

    let mut expected = frames(&[Message::Extended {
        id: 0,
        payload:
            b"d1:md11:lt_donthavei7e6:lt_texi19e11:upload_onlyi3e6:ut_pexi1ee1:pi6881e4:reqqi250e\
            1:v7:bta 0.16:yourip4:\xc0\x00\x02\x07e",
    }]);
    expected.extend(b"\0\0\0\x01\x0f");
    assert_eq!(said(&mut session), expected);
}

#[test]
fn accepts_without_a_word_before_their_handshake() {
    let mut session = Conversation::accept(T0, Arc::new(greeting()), [192, 0, 2, 7].into());
    let handshake = theirs([0; 8], "-CD0303-").encode();
    session.handle_input(T0, &handshake[..67]).unwrap();
    assert_eq!(session.transmit(), b"");
    session.handle_input(T0, &handshake[67..]).unwrap();
    let ours = Handshake::decode(&said(&mut session)).unwrap().unwrap();
    assert_eq!(ours.peer_id, greeting().peer_id);
}

#[test]
fn says_nothing_to_those_who_understand_nothing() {
    let mut session = dial();
    said(&mut session);
    session
        .handle_input(T0, &theirs([0; 8], "-CD0303-").encode())
        .unwrap();
    assert_eq!(said(&mut session), b"");
    assert!(!session.fast());
}

#[test]
fn shows_zeros_only_to_those_who_want_them() {
    let zeros = frames(&[Message::Bitfield(&[0; 3])]);
    let mut by_id = dial();
    said(&mut by_id);
    by_id
        .handle_input(T0, &theirs([0; 8], "-rQ0910-").encode())
        .unwrap();
    assert_eq!(said(&mut by_id), zeros);

    let mut by_name = meet(EXTENDED_ONLY, "-xx0910-");
    let hello = Message::Extended {
        id: 0,
        payload: b"d1:v11:rqbit 9.1.0e",
    };
    hear(&mut by_name, &[hello, hello]);
    assert_eq!(said(&mut by_name), zeros);
    hear(&mut by_name, &[hello]);
    assert_eq!(said(&mut by_name), b"");

    let mut fast = meet(FAST_AND_EXTENDED, "-rQ0910-");
    hear(&mut fast, &[hello]);
    assert_eq!(said(&mut fast), b"");
}

#[test]
fn names_another_torrent_as_early_as_it_shows() {
    let mut handshake = theirs([0; 8], "");
    handshake.info_hash = InfoHash([0xbb; 20]);
    let wrong = ConversationError::WrongInfoHash {
        received: handshake.info_hash,
    };
    assert!(dial().handle_input(T0, &handshake.encode()[..47]).is_ok());
    assert_eq!(error(&mut dial(), &handshake.encode()[..48]), wrong);
    assert_eq!(error(&mut dial(), &handshake.encode()), wrong);
}

/// The other half of a hybrid.
const OTHER: InfoHash = InfoHash([0xbb; 20]);

fn of_a_hybrid() -> Arc<Greeting> {
    Arc::new(Greeting {
        other_hash: Some(OTHER),
        ..greeting()
    })
}

#[test]
fn a_hybrid_may_be_answered_by_its_other_hash() {
    for answer in [TORRENT, OTHER] {
        let mut session = Conversation::dial(T0, of_a_hybrid(), [192, 0, 2, 7].into());
        let ours = Handshake::decode(&said(&mut session)).unwrap().unwrap();
        assert_eq!(ours.info_hash, TORRENT);
        assert!(ours.reserved.v2() && ours.reserved.fast() && ours.reserved.extended());
        let mut handshake = theirs(FAST_AND_EXTENDED, "-LT20B0-");
        handshake.info_hash = answer;
        session.handle_input(T0, &handshake.encode()[..50]).unwrap();
        session.handle_input(T0, &handshake.encode()[50..]).unwrap();
        assert_eq!(session.poll_event(), Some(Event::Handshake(handshake)));
    }
    let mut third = theirs(FAST_AND_EXTENDED, "-LT20B0-");
    third.info_hash = InfoHash([0xcc; 20]);
    let mut session = Conversation::dial(T0, of_a_hybrid(), [192, 0, 2, 7].into());
    let wrong = ConversationError::WrongInfoHash {
        received: third.info_hash,
    };
    assert_eq!(error(&mut session, &third.encode()), wrong);
}

#[test]
fn answers_by_the_hash_that_was_asked_for() {
    for asked in [TORRENT, OTHER] {
        let mut session = Conversation::accept(T0, of_a_hybrid(), [192, 0, 2, 7].into());
        let mut handshake = theirs(FAST_AND_EXTENDED, "-LT20B0-");
        handshake.info_hash = asked;
        session.handle_input(T0, &handshake.encode()).unwrap();
        let ours = Handshake::decode(&said(&mut session)).unwrap().unwrap();
        assert_eq!(ours.info_hash, asked);
    }
}

#[test]
fn recognises_itself() {
    let mut handshake = theirs([0; 8], "");
    handshake.peer_id = greeting().peer_id;
    let mut session = dial();
    assert_eq!(
        error(&mut session, &handshake.encode()),
        ConversationError::SelfConnection
    );
    assert_eq!(session.poll_event(), None);
}

#[test]
fn gives_up_on_another_protocol_at_its_first_byte() {
    let wrong = ConversationError::NotBitTorrent {
        offset: 0,
        expected: 19,
        received: b'S',
    };
    assert_eq!(error(&mut dial(), b"SSH-2.0"), wrong);
}

/// What is said after the other's handshake, of a peer that can `reserved` things, over
/// the family of `ip`.
fn answer(greeting: Greeting, reserved: [u8; 8], ip: &str) -> (Reserved, Vec<u8>) {
    let mut session = Conversation::dial(T0, Arc::new(greeting), ip.parse().unwrap());
    let ours = Handshake::decode(&said(&mut session)).unwrap().unwrap();
    let handshake = theirs(reserved, "-LT2080-").encode();
    session.handle_input(T0, &handshake).unwrap();
    (ours.reserved, said(&mut session))
}

#[test]
fn tells_of_our_dht_node_who_has_one() {
    const DHT_ONLY: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 0x01];
    let ports = DhtPorts {
        v4: Some(6881),
        v6: None,
    };
    let open = Greeting {
        dht: Some(ports),
        ..greeting()
    };
    let told = frames(&[Message::Port(6881)]);
    let (ours, answered) = answer(open.clone(), DHT_ONLY, "192.0.2.7");
    assert!(ours.dht() && ours.fast() && answered == told);
    let (_, to_v4_in_disguise) = answer(open.clone(), DHT_ONLY, "::ffff:192.0.2.7");
    assert_eq!(to_v4_in_disguise, told);
    let (ours, where_none_answers) = answer(open.clone(), DHT_ONLY, "2001:db8::7");
    assert!(ours.dht() && where_none_answers.is_empty());
    let (_, to_who_has_none) = answer(open.clone(), [0; 8], "192.0.2.7");
    assert!(to_who_has_none.is_empty());
    let private = Greeting {
        gossip: false,
        ..open
    };
    let (ours, of_a_private_torrent) = answer(private, DHT_ONLY, "192.0.2.7");
    assert!(!ours.dht() && of_a_private_torrent.is_empty());
    let (ours, _) = answer(greeting(), DHT_ONLY, "192.0.2.7");
    assert!(!ours.dht());
}

#[test]
fn tells_of_others_under_the_number_that_the_peer_gave() {
    let said_of = PeerExchange {
        added: vec![("1.2.3.4:6881".parse().unwrap(), PexFlags::SEED)],
        dropped: Vec::new(),
    };
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    session.gossip(T0, &said_of);
    assert_eq!(said(&mut session), b"", "it takes none yet");
    let hello = Message::Extended {
        id: 0,
        payload: b"d1:md6:ut_pexi9eee",
    };
    hear(&mut session, &[hello]);
    session.gossip(T0, &said_of);
    let payload = &said_of.encode();
    let expected = frames(&[Message::Extended { id: 9, payload }]);
    assert_eq!(said(&mut session), expected);
    // One that reads nothing does not make us grow.
    for _ in 0..1_000 {
        session.gossip(T0, &said_of);
    }
    assert!(session.transmit().len() < 8 << 10);
}
