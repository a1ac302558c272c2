use proptest::prelude::*;

use super::*;
use crate::protocol::limits;
use crate::protocol::peer::frame::Verdict;
use crate::protocol::peer::message;

const T0: Moment = Moment::from_millis(1_000_000);
const TORRENT: InfoHash = InfoHash([0xaa; 20]);
const PIECES: u32 = 20;

const FAST_AND_EXTENDED: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0x04];
const EXTENDED_ONLY: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0];

fn greeting() -> Greeting {
    Greeting {
        info_hash: TORRENT,
        peer_id: PeerId(*b"-bt0010-ourselves-00"),
        pieces: PIECES,
        client: "bta 0.1".to_owned(),
        listen_port: Some(6881),
        reqq: 250,
        handshake_timeout: Duration::from_secs(10),
        pace: 1,
    }
}

fn theirs(reserved: [u8; 8], prefix: &str) -> Handshake {
    let mut peer_id = [b'.'; 20];
    peer_id[..prefix.len()].copy_from_slice(prefix.as_bytes());
    Handshake {
        reserved: Reserved(reserved),
        info_hash: TORRENT,
        peer_id: PeerId(peer_id),
    }
}

fn dial() -> Conversation {
    Conversation::dial(T0, Arc::new(greeting()), [192, 0, 2, 7].into())
}

/// A dialled session with the handshakes done and everything said.
fn meet(reserved: [u8; 8], prefix: &str) -> Conversation {
    let mut session = dial();
    session
        .handle_input(T0, &theirs(reserved, prefix).encode())
        .unwrap();
    assert!(matches!(session.poll_event(), Some(Event::Handshake(_))));
    said(&mut session);
    session
}

/// What the session wants to write: written.
fn said(session: &mut Conversation) -> Vec<u8> {
    let bytes = session.transmit().to_vec();
    session.transmitted(bytes.len());
    bytes
}

fn frames(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    messages.iter().for_each(|it| it.encode(&mut bytes));
    bytes
}

fn events(session: &mut Conversation) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn hear(session: &mut Conversation, messages: &[Message<'_>]) -> Vec<Event> {
    session.handle_input(T0, &frames(messages)).unwrap();
    events(session)
}

fn error(session: &mut Conversation, bytes: &[u8]) -> ConversationError {
    session.handle_input(T0, bytes).unwrap_err()
}

const HELLO: Message<'_> = Message::Extended {
    id: 0,
    payload: b"d1:md6:ut_pexi1ee1:pi51413e1:v17:Transmission 3.00e",
};

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
        payload: b"d1:md11:lt_donthavei7e11:upload_onlyi3ee1:pi6881e4:reqqi250e1:v7:bta 0.1\
            6:yourip4:\xc0\x00\x02\x07e",
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

#[test]
fn waits_for_the_handshake_only_so_long() {
    let mut session = dial();
    let due = session.poll_timeout().unwrap();
    assert_eq!(due, T0 + Duration::from_secs(10));
    // Dripping bytes buys no time.
    session
        .handle_input(T0 + Duration::from_secs(9), &[19])
        .unwrap();
    assert_eq!(session.poll_timeout(), Some(due));
    assert_eq!(
        session.handle_timeout(due - Duration::from_millis(1)),
        Ok(())
    );
    assert_eq!(
        session.handle_timeout(due),
        Err(ConversationError::HandshakeTimeout)
    );
}

#[test]
fn passes_on_a_hello_before_the_bitfield_and_bitfields_at_any_time() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    let (some, all) = ([0xf0, 0, 0], [0xff, 0xff, 0xf0]);
    let said = [
        HELLO,
        Message::Bitfield(&some),
        Message::Bitfield(&some),
        Message::Have(4),
        Message::Bitfield(&all),
    ];
    let heard = hear(&mut session, &said);
    let Event::Extended(hello) = &heard[0] else {
        panic!("{heard:?}");
    };
    assert_eq!((hello.p, hello.ids.ut_pex), (Some(51413), Some(1)));
    let field = |bits| Event::Bitfield(Bitfield::from_wire(bits, PIECES).unwrap());
    assert_eq!(
        heard[1..],
        [field(&some), field(&some), Event::Have(4), field(&all)]
    );
    assert_eq!(
        session.hello().and_then(|it| it.v.as_deref()),
        Some("Transmission 3.00")
    );
    assert_eq!(session.family(), Family::Transmission);
}

#[test]
fn hears_all_that_tells_of_progress() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    let heard = hear(
        &mut session,
        &[
            Message::HaveNone,
            Message::HaveAll,
            Message::Port(6881),
            Message::Extended {
                id: our_ids::DONT_HAVE,
                payload: &[0, 0, 0, 19],
            },
            Message::Extended {
                id: our_ids::UPLOAD_ONLY,
                payload: &[1],
            },
            Message::Extended {
                id: our_ids::UPLOAD_ONLY,
                payload: &[0],
            },
        ],
    );
    let expected = [
        Event::HaveNone,
        Event::HaveAll,
        Event::DhtPort(6881),
        Event::DontHave(19),
        Event::UploadOnly(true),
        Event::UploadOnly(false),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn passes_over_what_does_not_concern_it() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    let block = message_block();
    let ignored = [
        Message::KeepAlive,
        Message::Choke,
        Message::Unchoke,
        Message::Interested,
        Message::NotInterested,
        Message::Request(block),
        Message::Cancel(block),
        Message::SuggestPiece(99),
        Message::RejectRequest(block),
        Message::AllowedFast(99),
        Message::Extended {
            id: 0,
            payload: b"no bencode",
        },
        Message::Extended {
            id: our_ids::UPLOAD_ONLY,
            payload: &[1, 2],
        },
        Message::Extended {
            id: our_ids::DONT_HAVE,
            payload: &[1],
        },
        Message::Extended {
            id: 200,
            payload: &[0; 5000],
        },
        Message::Unknown {
            id: 21,
            payload: &[0; 5000],
        },
        Message::Unknown {
            id: message::PORT,
            payload: &[1, 2, 3],
        },
        Message::Have(3),
    ];
    assert_eq!(hear(&mut session, &ignored), [Event::Have(3)]);
    assert_eq!(said(&mut session), b"");
}

fn message_block() -> message::Block {
    message::Block {
        index: 0,
        begin: 0,
        len_bytes: 16384,
    }
}

#[test]
fn refuses_what_cannot_be_true() {
    let session = || meet(FAST_AND_EXTENDED, "-LT2080-");
    let wrong = |message| error(&mut session(), &frames(&[message]));
    assert_eq!(
        hear(&mut session(), &[Message::Have(PIECES - 1)]),
        [Event::Have(PIECES - 1)]
    );
    let out = ConversationError::PieceOutOfRange {
        piece: PIECES,
        pieces: PIECES,
    };
    assert_eq!(wrong(Message::Have(PIECES)), out);
    let payload = &PIECES.to_be_bytes();
    assert_eq!(
        wrong(Message::Extended {
            id: our_ids::DONT_HAVE,
            payload
        }),
        out
    );
    assert_eq!(wrong(Message::Bitfield(&[0, 0, 1])).label(), "bad_bitfield");
    assert_eq!(wrong(Message::Bitfield(&[0; 4])).label(), "bad_bitfield");
    let piece = Message::Piece {
        index: 0,
        begin: 0,
        data: b"",
    };
    assert_eq!(wrong(piece), ConversationError::UnrequestedPiece);
    let short = Message::Unknown {
        id: message::HAVE,
        payload: &[0],
    };
    assert_eq!(wrong(short).label(), "wrong_length");
}

#[test]
fn refuses_a_long_frame_by_its_head() {
    let max = limits::FRAME_BYTES;
    for (id, label) in [
        (5, "bad_bitfield"),
        (7, "unrequested_piece"),
        (4, "wrong_length"),
    ] {
        let head = [&u32::MAX.to_be_bytes()[..], &[id]].concat();
        assert_eq!(
            error(&mut meet(FAST_AND_EXTENDED, ""), &head).label(),
            label
        );
    }
    let head = |len: u32| [&len.to_be_bytes()[..], &[21]].concat();
    assert!(
        meet(FAST_AND_EXTENDED, "")
            .handle_input(T0, &head(max))
            .is_ok()
    );
    let len_bytes = max + 1;
    let too_long = ConversationError::FrameTooLong { len_bytes, max };
    assert_eq!(
        error(&mut meet(FAST_AND_EXTENDED, ""), &head(len_bytes)),
        too_long
    );
}

#[test]
fn what_came_before_an_error_is_heard() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    error(
        &mut session,
        &frames(&[Message::Have(1), Message::Have(PIECES)]),
    );
    assert_eq!(events(&mut session), [Event::Have(1)]);
}

#[test]
fn keeps_alive_in_the_rhythm_of_the_family() {
    for (prefix, every) in [("-LT2080-", 100), ("-rQ0910-", 5), ("A2-1-36-0-", 100)] {
        let mut session = meet([0; 8], prefix);
        let mut now = T0;
        for _ in 0..3 {
            let due = session.poll_timeout().unwrap();
            assert_eq!(due.since(now), Duration::from_secs(every), "{prefix}");
            session
                .handle_timeout(due - Duration::from_millis(1))
                .unwrap();
            assert_eq!(said(&mut session), b"");
            session.handle_timeout(due).unwrap();
            assert_eq!(said(&mut session), [0; 4]);
            session.handle_input(due, &[0; 4]).unwrap();
            now = due;
        }
    }
}

#[test]
fn never_queues_more_than_one_keep_alive() {
    let mut session = meet([0; 8], "-rQ0910-");
    for _ in 0..30 {
        let due = session.poll_timeout().unwrap();
        session.handle_timeout(due).unwrap();
    }
    assert_eq!(session.transmit(), [0; 4]);
    session.transmitted(1);
    assert_eq!(session.transmit(), [0; 3]);
}

#[test]
fn a_peer_that_says_nothing_is_gone() {
    let mut session = meet([0; 8], "-LT2080-");
    let end = T0 + limits::PEER_SILENCE;
    let mut due = session.poll_timeout().unwrap();
    while due < end {
        session.handle_timeout(due).unwrap();
        due = session.poll_timeout().unwrap();
    }
    assert_eq!(due, end);
    assert_eq!(session.handle_timeout(end), Err(ConversationError::Silent));
    session.handle_input(end, &[0]).unwrap();
    assert_eq!(session.handle_timeout(end), Ok(()));
}

#[test]
fn pace_shortens_rhythm_and_patience() {
    let hurried = Greeting {
        pace: 10,
        ..greeting()
    };
    let mut session = Conversation::dial(T0, Arc::new(hurried), [192, 0, 2, 7].into());
    session
        .handle_input(T0, &theirs([0; 8], "-LT2080-").encode())
        .unwrap();
    assert_eq!(session.poll_timeout(), Some(T0 + Duration::from_secs(10)));
    let end = session.handle_timeout(T0 + limits::PEER_SILENCE / 10);
    assert_eq!(end, Err(ConversationError::Silent));
}

#[test]
fn gives_memory_back_after_a_burst() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    let burst = vec![Message::Have(0); 5000];
    assert_eq!(hear(&mut session, &burst).len(), 5000);
    assert!(session.events.capacity() <= IDLE_EVENTS);
    said(&mut session);
    assert_eq!(session.outbox.capacity(), 0);
}

/// Messages as peers send them, and as they should not.
fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0..PIECES + 1).prop_map(|piece| frames(&[Message::Have(piece)])),
        1 => Just(frames(&[HELLO])),
        1 => Just(frames(&[Message::Bitfield(&[0xff, 0, 0])])),
        2 => (0..30u8, proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(id, payload)| {
            frames(&[Message::Unknown { id, payload: &payload }])
        }),
    ]
}

/// All events, and the error if there was one.
fn replay(input: &[u8], cuts: &[usize]) -> (Vec<Event>, Option<ConversationError>) {
    let mut session = dial();
    let (mut rest, mut heard, mut cuts) = (input, Vec::new(), cuts.iter().cycle());
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| *cut).min(rest.len());
        let (now, later) = rest.split_at(cut);
        rest = later;
        let result = session.handle_input(T0, now);
        heard.extend(events(&mut session));
        if let Err(error) = result {
            return (heard, Some(error));
        }
    }
    (heard, None)
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        messages in proptest::collection::vec(message(), 0..20),
        cuts in proptest::collection::vec(1..50usize, 1..20),
    ) {
        let mut input = theirs(FAST_AND_EXTENDED, "-LT2080-").encode().to_vec();
        input.extend(messages.concat());
        prop_assert_eq!(replay(&input, &cuts), replay(&input, &[]));
    }

    #[test]
    fn never_panics_and_never_asks_for_anything(
        reserved: [u8; 8],
        rqbit: bool,
        inputs in proptest::collection::vec(
            prop_oneof![message(), proptest::collection::vec(any::<u8>(), 0..=255)], 0..10),
    ) {
        let mut session = dial();
        said(&mut session);
        let prefix = if rqbit { "-rQ0910-" } else { "-LT2080-" };
        let mut alive = session.handle_input(T0, &theirs(reserved, prefix).encode()).is_ok();
        for input in inputs {
            alive = alive && session.handle_input(T0, &input).is_ok();
            let _ = session.handle_timeout(session.poll_timeout().unwrap());
        }
        let said = said(&mut session);
        prop_assert!(said.len() < 200);
        let (mut rest, mut reader) = (&said[..], FrameReader::default());
        let keep = |_| Ok::<_, ()>(Verdict::Keep);
        while let Some(body) = reader.next(&mut rest, keep).unwrap() {
            let harmless = match Message::decode(body).unwrap() {
                Message::KeepAlive | Message::HaveNone => true,
                Message::Bitfield(bits) => bits == [0; 3],
                Message::Extended { id: 0, payload } => {
                    ExtendedHello::decode(payload).unwrap().upload_only.is_none()
                }
                _ => false,
            };
            prop_assert!(harmless);
        }
    }
}
