//! Whatever comes, in pieces of any size.

use proptest::prelude::*;

use super::*;
use crate::protocol::peer::frame::Verdict;

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
