//! Sessions of a torrent whose metadata is not there yet.

use super::*;
use crate::protocol::limits;

/// A session that was met before the number of pieces is known.
fn unmeasured(reserved: [u8; 8], prefix: &str) -> (Conversation, Vec<u8>) {
    let greeting = Greeting {
        pieces: None,
        ..greeting()
    };
    let mut session = Conversation::dial(T0, Arc::new(greeting), [192, 0, 2, 7].into());
    let handshake = theirs(reserved, prefix).encode();
    session.handle_input(T0, &handshake).unwrap();
    events(&mut session);
    let said = said(&mut session);
    (session, said)
}

fn of_metadata(message: &MetadataMessage) -> Vec<u8> {
    let payload = &message.encode();
    let id = our_ids::METADATA;
    frames(&[Message::Extended { id, payload }])
}

const SERVES: Message<'_> = Message::Extended {
    id: 0,
    payload: b"d1:md11:ut_metadatai9ee13:metadata_sizei352ee",
};

#[test]
fn keeps_bitfields_as_they_come_until_the_pieces_have_their_number() {
    let (mut session, said_first) = unmeasured(EXTENDED_ONLY, "-TR3000-");
    assert!(String::from_utf8_lossy(&said_first).contains("11:ut_metadatai2e"));
    let heard = hear(
        &mut session,
        &[Message::Bitfield(b"abc"), Message::Have(70_000)],
    );
    let raw = Event::RawBitfield((*b"abc").into());
    assert_eq!(heard, [raw, Event::Have(70_000)]);
    // A bitfield of zeros waits for its length.
    assert_eq!(said(&mut session), b"");
    session.measured(Arc::new(greeting()));
    let heard = hear(&mut session, &[Message::Bitfield(&[0xff, 0, 0])]);
    assert!(matches!(&heard[..], [Event::Bitfield(bits)] if bits.count() == 8));
    let beyond = frames(&[Message::Have(PIECES)]);
    let error = error(&mut session, &beyond);
    assert!(matches!(error, ConversationError::PieceOutOfRange { .. }));
}

#[test]
fn a_bitfield_of_no_torrent_ends_the_session_at_once() {
    for (len, fits) in [
        (limits::UNMEASURED_BYTES, true),
        (limits::UNMEASURED_BYTES + 1, false),
    ] {
        let (mut session, _) = unmeasured(FAST_AND_EXTENDED, "-LT2080-");
        let frame = frames(&[Message::Bitfield(&vec![0; len])]);
        assert_eq!(session.handle_input(T0, &frame[..64]).is_ok(), fits);
    }
    let (mut session, _) = unmeasured(FAST_AND_EXTENDED, "-LT2080-");
    let beyond = frames(&[Message::Have(limits::PIECES)]);
    assert_eq!(error(&mut session, &beyond).label(), "piece_out_of_range");
}

#[test]
fn asks_for_metadata_under_the_number_that_the_peer_gave() {
    let (mut session, _) = unmeasured(FAST_AND_EXTENDED, "-LT2080-");
    session.ask_metadata(T0, 3);
    assert_eq!(said(&mut session), b"", "it has not said that it knows how");
    hear(&mut session, &[SERVES]);
    session.ask_metadata(T0, 3);
    let payload = &MetadataMessage::Request(3).encode();
    let request = frames(&[Message::Extended { id: 9, payload }]);
    assert_eq!(said(&mut session), request);
    let data = MetadataMessage::Data {
        piece: 3,
        total_bytes: 60_000,
        bytes: vec![7; 10_848],
    };
    session.handle_input(T0, &of_metadata(&data)).unwrap();
    assert_eq!(events(&mut session), [Event::Metadata(data)]);
}

#[test]
fn refuses_who_asks_for_metadata_and_grows_by_nobody_who_does_not_read() {
    let (mut session, _) = unmeasured(FAST_AND_EXTENDED, "-LT2080-");
    hear(&mut session, &[SERVES]);
    let request = of_metadata(&MetadataMessage::Request(5));
    session.handle_input(T0, &request).unwrap();
    assert_eq!(events(&mut session), []);
    let payload = &MetadataMessage::Reject(5).encode();
    let reject = frames(&[Message::Extended { id: 9, payload }]);
    assert_eq!(said(&mut session), reject);
    for _ in 0..10_000 {
        session.handle_input(T0, &request).unwrap();
    }
    assert!(session.transmit().len() < 5_000);
}
