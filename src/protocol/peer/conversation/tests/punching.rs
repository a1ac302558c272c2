//! Introductions to others (BEP 55).

use super::*;
use crate::protocol::peer::holepunch::Refusal;

/// Takes messages of hole punching as number 9.
const RELAY: Message<'_> = Message::Extended {
    id: 0,
    payload: b"d1:md12:ut_holepunchi9eee",
};

fn target() -> SocketAddr {
    "1.2.3.4:6881".parse().unwrap()
}

/// A session over which introductions were offered.
fn meet_who_may_introduce() -> Conversation {
    let greeting = Greeting {
        utp: true,
        ..greeting()
    };
    let mut session = Conversation::dial(T0, Arc::new(greeting), [192, 0, 2, 7].into());
    let handshake = theirs(FAST_AND_EXTENDED, "-LT2080-").encode();
    session.handle_input(T0, &handshake).unwrap();
    events(&mut session);
    said(&mut session);
    session
}

fn of_holes(message: Holepunch, id: u8) -> Vec<u8> {
    let payload = &message.encode();
    frames(&[Message::Extended { id, payload }])
}

fn hears(session: &mut Conversation, message: Holepunch) -> Vec<Event> {
    let bytes = of_holes(message, our_ids::HOLEPUNCH);
    session.handle_input(T0, &bytes).unwrap();
    events(session)
}

#[test]
fn asks_for_an_introduction_under_the_number_that_the_relay_gave() {
    let mut session = meet_who_may_introduce();
    session.ask_rendezvous(T0, target());
    assert_eq!(said(&mut session), b"", "it has not said that it knows how");
    hear(&mut session, &[RELAY]);
    session.ask_rendezvous(T0, target());
    assert_eq!(
        said(&mut session),
        of_holes(Holepunch::Rendezvous(target()), 9)
    );
    for answer in [
        Holepunch::Connect(target()),
        Holepunch::Error(target(), Refusal::NoSupport),
    ] {
        assert_eq!(hears(&mut session, answer), [Event::Holepunch(answer)]);
    }
}

#[test]
fn offers_introductions_only_over_utp_and_never_in_private() {
    let offered = |utp, gossip| {
        let greeting = Greeting {
            utp,
            gossip,
            ..greeting()
        };
        let mut session = Conversation::dial(T0, Arc::new(greeting), [192, 0, 2, 7].into());
        said(&mut session);
        let handshake = theirs(EXTENDED_ONLY, "-LT2080-").encode();
        session.handle_input(T0, &handshake).unwrap();
        let hello = said(&mut session);
        events(&mut session);
        // Nor is one taken that was never offered.
        hear(&mut session, &[RELAY]);
        let takes = !hears(&mut session, Holepunch::Connect(target())).is_empty();
        let says = hello.windows(16).any(|it| it == b"12:ut_holepunchi");
        assert_eq!(takes, says);
        says
    };
    assert!(offered(true, true));
    assert!(!offered(false, true) && !offered(true, false));
}

#[test]
fn introduces_nobody_and_grows_by_no_one_who_does_not_read() {
    let mut session = meet_who_may_introduce();
    hear(&mut session, &[RELAY]);
    let asked = Holepunch::Rendezvous(target());
    assert_eq!(hears(&mut session, asked), []);
    let refused = Holepunch::Error(target(), Refusal::NotConnected);
    assert_eq!(said(&mut session), of_holes(refused, 9));
    for _ in 0..10_000 {
        hears(&mut session, asked);
    }
    assert!(session.transmit().len() < 5_000);
}

#[test]
fn passes_over_what_is_no_message_of_holes() {
    let mut session = meet_who_may_introduce();
    let id = our_ids::HOLEPUNCH;
    let long = [0; 25];
    for payload in [
        &b""[..],
        b"\x01\0\x01\x02\x03",
        b"\x07\0\x01\x02\x03\x04\x1a\xe1",
        &long,
    ] {
        assert_eq!(hear(&mut session, &[Message::Extended { id, payload }]), []);
    }
    let heard = hears(&mut session, Holepunch::Connect(target()));
    assert_eq!(heard.len(), 1, "the session goes on");
}
