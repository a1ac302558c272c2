//! What the peer tells.

use super::*;
use crate::protocol::limits;
use crate::protocol::peer::message;
use crate::protocol::peer::pex::PexFlags;

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
fn hears_gossip_and_passes_over_what_cannot_be_read() {
    let mut session = meet(FAST_AND_EXTENDED, "-LT2080-");
    let gossip = |payload| Message::Extended {
        id: our_ids::PEX,
        payload,
    };
    let one = b"d5:added6:\x01\x02\x03\x04\x1a\xe17:added.f1:\x02e";
    let long = [b'x'; limits::PEX_BYTES as usize];
    let said = [gossip(one), gossip(b"garbage"), gossip(&long)];
    let heard = hear(&mut session, &said);
    let [Event::Pex(Ok(exchange)), Event::Pex(Err(garbage))] = &heard[..] else {
        panic!("{heard:?}");
    };
    let added = ("1.2.3.4:6881".parse().unwrap(), PexFlags::SEED);
    assert_eq!(exchange.added, [added]);
    assert_eq!(garbage.label(), "bad_bencode");
    assert_eq!(hear(&mut session, &[Message::Have(3)]), [Event::Have(3)]);
}

#[test]
fn neither_asks_for_gossip_nor_hears_it_of_a_private_torrent() {
    let private = Greeting {
        gossip: false,
        ..greeting()
    };
    let mut session = Conversation::dial(T0, Arc::new(private), [192, 0, 2, 7].into());
    said(&mut session);
    let handshake = theirs(FAST_AND_EXTENDED, "-LT2080-").encode();
    session.handle_input(T0, &handshake).unwrap();
    let hello = String::from_utf8_lossy(&said(&mut session)).into_owned();
    assert!(hello.contains("upload_only") && !hello.contains("ut_pex"));
    events(&mut session);
    let gossip = Message::Extended {
        id: our_ids::PEX,
        payload: b"d5:added6:\x01\x02\x03\x04\x1a\xe1e",
    };
    assert_eq!(hear(&mut session, &[gossip]), []);
}
