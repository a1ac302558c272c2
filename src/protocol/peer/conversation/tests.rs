mod anything;
mod covered;
mod greeting;
mod hearing;
mod measuring;
mod waiting;

use std::time::Duration;

use super::*;
use crate::protocol::peer::handshake::Reserved;

const T0: Moment = Moment::from_millis(1_000_000);
const TORRENT: InfoHash = InfoHash([0xaa; 20]);
const PIECES: u32 = 20;

const FAST_AND_EXTENDED: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0x04];
const EXTENDED_ONLY: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0];

fn greeting() -> Greeting {
    Greeting {
        info_hash: TORRENT,
        other_hash: None,
        peer_id: PeerId(*b"-bt0010-ourselves-00"),
        pieces: Some(PIECES),
        client: "bta 0.1".to_owned(),
        listen_port: Some(6881),
        reqq: 250,
        gossip: true,
        dht: None,
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
