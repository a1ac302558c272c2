//! Under a cover of encryption.

use super::*;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::encryption::{Agreed, EncryptionError, Responder, SharedKeys};

const OURS: [u8; 32] = [1; 32];
const THEIRS: [u8; 32] = [2; 32];

fn dial_encrypted(greeting: Greeting) -> Conversation {
    Conversation::dial_encrypted(T0, Arc::new(greeting), [192, 0, 2, 7].into(), OURS)
}

/// A peer that is called: what it was asked for, and what it hears and says then.
struct Callee {
    responder: Responder,
    agreed: Option<Agreed>,
}

impl Callee {
    fn new() -> Self {
        let responder = Responder::new(THEIRS);
        let agreed = None;
        Callee { responder, agreed }
    }

    /// What it hears, once the two have agreed.
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut known = SharedKeys::default();
        known.insert(TORRENT);
        let mut input = bytes;
        if self.agreed.is_none() {
            self.agreed = self.responder.handle_input(&mut input, &known).unwrap();
        }
        let mut heard = input.to_vec();
        if let Some(agreed) = &mut self.agreed {
            agreed.cipher.decrypt(&mut heard);
        }
        heard
    }

    fn says(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut said = bytes.to_vec();
        self.agreed.as_mut().unwrap().cipher.encrypt(&mut said);
        [self.responder.take_transmit(), said].concat()
    }
}

#[test]
fn dials_and_speaks_encrypted_however_it_is_cut() {
    let handshake = theirs(FAST_AND_EXTENDED, "-LT2080-");
    for cut in [1, 7, 100, 1 << 20] {
        let (mut session, mut peer) = (dial_encrypted(greeting()), Callee::new());
        assert_eq!(peer.hear(&said(&mut session)), b"");
        let key = peer.responder.take_transmit();
        for part in key.chunks(cut) {
            session.handle_input(T0, part).unwrap();
        }
        let heard = peer.hear(&said(&mut session));
        let ours = Handshake::decode(&heard).unwrap().unwrap();
        assert_eq!((ours.info_hash, heard.len()), (TORRENT, HANDSHAKE_BYTES));

        let haves: Vec<_> = (0..PIECES).map(Message::Have).collect();
        let words = [handshake.encode().to_vec(), frames(&haves)].concat();
        for part in peer.says(&words).chunks(cut) {
            session.handle_input(T0, part).unwrap();
        }
        let events = events(&mut session);
        assert_eq!(events[0], Event::Handshake(handshake));
        assert_eq!(events.len(), 1 + PIECES as usize);

        // What is said goes out bit by bit, and more comes behind it.
        let mut sent = session.transmit()[..5].to_vec();
        session.transmitted(5);
        session.ask_metadata(T0, 0);
        let later = T0 + Duration::from_secs(150);
        session.handle_timeout(later).unwrap();
        sent.extend(said(&mut session));
        session
            .handle_timeout(later + Duration::from_secs(120))
            .unwrap();
        sent.extend(said(&mut session));
        let heard = peer.hear(&sent);
        assert!(heard[4..].starts_with(&[20, 0, b'd']), "{heard:?}");
        assert!(heard.ends_with(&frames(&[Message::HaveNone, Message::KeepAlive])));
    }
}

#[test]
fn accepts_an_encrypted_caller() {
    let mut caller = dial_encrypted(greeting());
    let mut callee = Callee::new();
    callee.hear(&said(&mut caller));
    caller
        .handle_input(T0, &callee.responder.take_transmit())
        .unwrap();
    let mut known = SharedKeys::default();
    known.insert(TORRENT);
    let words = said(&mut caller);
    let mut head = &words[..];
    let agreed = callee.responder.handle_input(&mut head, &known);
    let Agreed { info_hash, cipher } = agreed.unwrap().unwrap();
    assert_eq!(info_hash, TORRENT);

    let mut other = greeting();
    other.peer_id = PeerId(*b"-bt0010-somebody-els");
    let there = [192, 0, 2, 8].into();
    let mut session = Conversation::accept_encrypted(T0, Arc::new(other), there, cipher.into());
    session.handle_input(T0, head).unwrap();
    assert!(matches!(session.poll_event(), Some(Event::Handshake(_))));
    let answer = [callee.responder.take_transmit(), said(&mut session)].concat();
    caller.handle_input(T0, &answer).unwrap();
    let heard = events(&mut caller);
    assert!(matches!(
        heard[..],
        [Event::Handshake(_), Event::Extended(_), Event::HaveNone]
    ));
}

#[test]
fn a_hybrid_is_dialled_by_the_name_that_its_handshake_has() {
    let mut greeting = greeting();
    greeting.other_hash = Some(InfoHash([0xbb; 20]));
    let (mut session, mut peer) = (dial_encrypted(greeting), Callee::new());
    peer.hear(&said(&mut session));
    session
        .handle_input(T0, &peer.responder.take_transmit())
        .unwrap();
    let heard = peer.hear(&said(&mut session));
    let ours = Handshake::decode(&heard).unwrap().unwrap();
    assert_eq!(ours.info_hash, TORRENT);
}

#[test]
fn a_peer_that_does_not_agree_is_left() {
    let mut session = dial_encrypted(greeting());
    let noise = [7; 1000];
    let expected = EncryptionError::NotSynchronised;
    assert_eq!(error(&mut session, &noise), expected.into());
    let mut session = dial_encrypted(greeting());
    let zeros = [0; 96];
    let expected = EncryptionError::DegenerateKey;
    assert_eq!(error(&mut session, &zeros), expected.into());
}

#[test]
fn a_peer_that_takes_its_time_to_agree_is_left() {
    let mut session = dial_encrypted(greeting());
    assert_eq!(session.poll_timeout(), Some(T0 + Duration::from_secs(10)));
    let (mut peer, late) = (Callee::new(), T0 + Duration::from_secs(10));
    peer.hear(&said(&mut session));
    let key = peer.responder.take_transmit();
    session.handle_input(T0, &key[..90]).unwrap();
    let expected = ConversationError::HandshakeTimeout;
    assert_eq!(session.handle_timeout(late), Err(expected));
}
