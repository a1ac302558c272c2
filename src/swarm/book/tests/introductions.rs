//! Peers that cannot be dialled, and those who introduce us to them.

use super::*;
use crate::protocol::peer::pex::PexFlags;
use crate::protocol::peer::{Encryption, Transport};
use crate::swarm::roster::Mouth;
use crate::swarm::ways::Allowed;

const HIDDEN: &str = "45.0.0.1:6881";

impl Script {
    /// One that speaks uTP.
    fn with_utp() -> Self {
        let mut script = Script::new();
        script.book.terms.ways = Allowed {
            encryption: Encryption::Prefer,
            utp: true,
        };
        script
    }

    fn introduced(&mut self, at: &str) -> Option<Contact> {
        self.book.introduced(self.now, address(at))
    }

    fn unanswered(&self) -> Option<Moment> {
        self.book.unanswered(address(HIDDEN))
    }
}

#[test]
fn who_does_not_answer_may_be_introduced_at_once_and_once_a_contact() {
    let mut script = Script::with_utp();
    assert_eq!(script.unanswered(), None);
    let began = script.now;
    let id = script.dial(HIDDEN);
    assert_eq!(script.unanswered(), None, "nobody knows yet");
    script.wait(15).fails(id);
    assert_eq!(script.unanswered(), Some(began));
    let contact = script.introduced(HIDDEN).unwrap();
    assert_eq!(contact.address, address(HIDDEN));
    assert_eq!(contact.ways.way().transport, Transport::Utp);
    script.book.contacting(script.now, &contact);
    assert_eq!(script.unanswered(), None, "a contact is under way");
    assert_eq!(script.introduced(HIDDEN), None);
    script.fails(contact.session);
    let half_a_minute = Duration::from_secs(30);
    assert_eq!(script.unanswered(), Some(script.now + half_a_minute));
    assert_eq!(script.introduced(HIDDEN), None);
    // The contact after it may go on through a hole, too.
    let began = script.wait(90).now;
    let id = script.dial(HIDDEN);
    script.wait(15).fails(id);
    assert_eq!(script.unanswered(), Some(began));
}

#[test]
fn who_answers_needs_no_introduction() {
    let mut script = Script::with_utp();
    let full = script.dial(HIDDEN);
    script.ends_as(full, TurnedAway, Outcome::Closed, None);
    assert_eq!(script.unanswered(), None);
    assert!(script.book.is_unmet(address(HIDDEN)));
    let id = script.wait(60).dial(HIDDEN);
    script.settles(id, LIBTORRENT, 500);
    script.ends(id, WeLeft);
    assert!(!script.book.is_unmet(address(HIDDEN)));
}

#[test]
fn who_is_met_already_is_not_dialled_again() {
    let mut script = Script::with_utp();
    let id = script.dial(HIDDEN);
    script.fails(id);
    let caller = script.wait(60).accept("45.0.0.1:40000");
    script.settles(caller, LIBTORRENT, 500);
    assert_eq!(
        (script.unanswered(), script.introduced(HIDDEN)),
        (None, None)
    );
    script.ends(caller, TheyLeft);
    assert!(script.introduced(HIDDEN).is_some());
}

#[test]
fn a_stranger_who_calls_is_dialled_where_that_is_permitted() {
    let mut script = Script::with_utp();
    for refused in ["45.0.0.9:22", "192.168.0.9:6881", "127.0.0.1:6881"] {
        assert_eq!(script.introduced(refused), None);
        assert!(!script.book.is_unmet(address(refused)));
    }
    let stranger = "45.0.0.9:6881";
    assert!(script.book.is_unmet(address(stranger)));
    let contact = script.introduced(stranger).unwrap();
    assert_eq!(script.book.figures().addresses, 1);
    // It cannot start now, and may later.
    let later = script.now + Duration::from_secs(9);
    script.book.put_off(&contact, later);
    assert_eq!(script.book.next_contact(script.now), None);
    script.wait(9);
    assert!(script.book.next_contact(script.now).is_some());
}

#[test]
fn without_utp_nobody_is_introduced() {
    let mut script = Script::new();
    let id = script.dial(HIDDEN);
    script.fails(id);
    assert_eq!(script.wait(30).introduced(HIDDEN), None);
    script.book.terms.ways = Script::with_utp().book.terms.ways;
    assert!(script.introduced(HIDDEN).is_some());
}

#[test]
fn the_next_contact_waits_for_an_introduction_and_comes_without_one() {
    let mut script = Script::with_utp();
    let id = script.dial(HIDDEN);
    script.fails(id);
    assert_eq!(script.due(HIDDEN), 30);
    // One that is answered until then puts nothing off.
    script.book.await_introduction(address(HIDDEN), script.now);
    assert_eq!(script.due(HIDDEN), 30);
    let later = script.now + Duration::from_secs(30);
    script.book.await_introduction(address(HIDDEN), later);
    assert_eq!(script.due(HIDDEN), 40);
    // One that is later anyway is not brought forward.
    script.book.await_introduction(address(HIDDEN), script.now);
    assert_eq!(script.due(HIDDEN), 40);
    let contact = script.wait(31).introduced(HIDDEN).unwrap();
    script.book.contacting(script.now, &contact);
    assert_eq!(script.book.next_due(), None);
}

#[test]
fn a_contact_is_not_put_off_for_ever_by_those_who_name_it_again_and_again() {
    let mut script = Script::with_utp();
    let id = script.dial(HIDDEN);
    script.fails(id);
    script.wait(29);
    for _ in 0..30 {
        script.book.await_introduction(address(HIDDEN), script.now);
        script.wait(1);
    }
    let contact = script.contact().unwrap();
    assert_eq!(contact.address, address(HIDDEN));
    // After this one the next waits anew.
    script.fails(contact.session);
    let due = script.due(HIDDEN);
    let soon = script.now + Duration::from_secs(due);
    script.book.await_introduction(address(HIDDEN), soon);
    assert_eq!(script.due(HIDDEN), due + 10);
}

#[test]
fn who_was_introduced_is_not_said_to_be_reachable() {
    let mut script = Script::with_utp();
    let contact = script.introduced(HIDDEN).unwrap();
    assert!(contact.ways.are_through_a_hole());
    let session = (contact.address, Outgoing);
    script.open.insert(contact.session, session);
    script.book.contacting(script.now, &contact);
    let reaction = script.settles(contact.session, LIBTORRENT, 500);
    assert!(!reaction.dialable, "left, it is lost");
    let met = script.book.roster(script.now).unwrap();
    let mut mouth = Mouth::default();
    mouth.open(script.now, Pace::default());
    let said = mouth.speak(script.now, &met, &[], Pace::default()).unwrap();
    assert_eq!(said.added, [(address(HIDDEN), PexFlags::default())]);
    script.ends(contact.session, WeLeft);
    // The control: who was dialled is.
    let id = script.wait(600).dial(HIDDEN);
    assert!(script.settles(id, LIBTORRENT.id(2), 600).dialable);
}

#[test]
fn who_is_still_watched_is_not_given_up_to_help_others() {
    let mut script = Script::with_utp();
    let id = script.dial("45.0.0.8:6881");
    assert!(!script.book.redial(script.now, id), "nobody knows yet");
    script.settles(id, LIBTORRENT, 500);
    script.wait(45);
    assert!(!script.book.redial(script.now, id));
    script.crosses(id, LIBTORRENT);
    assert!(script.book.redial(script.now, id));
}

#[test]
fn who_can_help_over_utp_alone_is_dialled_by_that_at_once() {
    let mut script = Script::with_utp();
    let id = script.dial("45.0.0.8:6881");
    script.settles(id, LIBTORRENT, 1_000);
    script.wait(45);
    assert!(script.book.redial(script.now, id));
    script.ends(id, WeLeft);
    assert_eq!(script.due("45.0.0.8:6881"), 1);
    let contact = script.wait(1).contact().unwrap();
    assert_eq!(contact.ways.way().transport, Transport::Utp);
    // Once is enough, and the next visit to a seed is hours away.
    assert!(!script.book.redial(script.now, contact.session));
    script.ends(contact.session, WeLeft);
    assert!(script.due("45.0.0.8:6881") > 3_600);
}
