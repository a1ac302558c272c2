//! What time does.

use super::*;
use crate::protocol::limits;

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
fn after_an_outage_silence_counts_anew_and_a_word_goes_out_at_once() {
    let mut session = meet([0; 8], "-LT2080-");
    said(&mut session);
    let back = T0 + limits::PEER_SILENCE * 2;
    session.revive(back);
    assert!(session.poll_timeout().unwrap() <= back);
    assert_eq!(session.handle_timeout(back), Ok(()));
    assert_eq!(session.transmit(), [0; 4]);
    let end = back + limits::PEER_SILENCE;
    let almost = end - std::time::Duration::from_millis(1);
    assert_eq!(session.handle_timeout(almost), Ok(()));
    assert_eq!(session.handle_timeout(end), Err(ConversationError::Silent));
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
    let mut lent = None;
    session.swap_events(&mut lent);
    session.swap_events(&mut None);
    let burst = vec![Message::Have(0); 5000];
    session.swap_events(&mut lent);
    assert_eq!(hear(&mut session, &burst).len(), 5000);
    session.swap_events(&mut lent);
    assert!(lent.unwrap().capacity() >= 5000);
    assert!(session.events.is_none());
    said(&mut session);
    assert_eq!(session.outbox.capacity(), 0);
}
