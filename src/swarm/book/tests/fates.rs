//! What became of whom, and that each is in one class.

use super::*;
use crate::swarm::address_state::{AddressCounts, AddressState};
use crate::swarm::presence::Presence;
use AddressState::{Met, NeverReachable, NoPeer, NotContacted, Own, Unsettled};
use Presence::{Awaited, Interrupted, NoSlot, Undialable, Unreachable, Untold, Vanished, Watched};

const HOME: &str = "45.0.0.1:6881";
const CALLS: &str = "45.0.0.1:40000";

impl Script {
    fn presence(&self, peer: PeerNumber) -> Presence {
        self.book.peer(peer).unwrap().presence
    }

    /// What came of one address, which is the only one.
    fn came_to(&mut self) -> AddressState {
        let known: Vec<_> = self.book.addresses().collect();
        assert_eq!(known.len(), 1);
        let counts = self.came_to_by(known[0].source);
        assert_eq!((counts.total(), counts.of(known[0].state)), (1, 1));
        known[0].state
    }

    fn came_to_by(&mut self, source: Source) -> AddressCounts {
        self.book.tally().totals().source(source).came_to
    }

    fn look_at_the_overdue_in(&mut self, seconds: u64) {
        self.wait(seconds);
        self.book.note_overdue(self.now);
    }

    /// A contact that ends before a handshake.
    fn in_vain(&mut self, at: &str, parting: Parting, outcome: Outcome) {
        let id = self.dial(at);
        self.ends_as(id, parting, outcome, None);
    }
}

#[test]
fn who_is_met_is_watched_until_the_last_session_ends() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    let peer = script.settles(id, TRANSMISSION, 500).peer;
    assert_eq!(script.presence(peer), Watched);
    script.ends(id, WeLeft);
    assert_eq!(script.presence(peer), Awaited);
    script.call(CALLS, TRANSMISSION, 510);
    assert_eq!(script.presence(peer), Vanished, "it left");
    let id = script.dial(HOME);
    script.settles(id, TRANSMISSION, 520);
    assert_eq!(script.presence(peer), Watched);
    script.book.close(script.now);
    script.ends(id, WeLeft);
    assert_eq!(script.presence(peer), Watched, "to the end of the run");
    assert_eq!(script.came_to(), Met);
}

#[test]
fn a_later_contact_tells_why_it_is_not_met() {
    for (parting, outcome, presence) in [
        (NotReached, Outcome::TimedOut, Unreachable),
        (NotReached, Outcome::Refused, Unreachable),
        (NotReached, Outcome::NoRoute, Unreachable),
        (TurnedAway, Outcome::Closed, Presence::TurnedAway),
        (NotReached, Outcome::LocalError, Awaited),
        (NotReached, Outcome::Stopped, Awaited),
    ] {
        let mut script = Script::new();
        let peer = script.visit(HOME, LIBTORRENT, 500).peer;
        script.in_vain(HOME, parting, outcome);
        assert_eq!(script.presence(peer), presence, "{outcome}");
        assert_eq!(script.came_to(), Met, "{outcome}");
        let back = script.visit(HOME, LIBTORRENT, 500).peer;
        assert_eq!((back, script.presence(peer)), (peer, Awaited));
    }
}

#[test]
fn caller_that_nobody_can_call_is_told_from_one_that_vanished() {
    let mut script = Script::new();
    let mute = script.call("45.0.0.2:40000", LIBTORRENT.id(2).port(None), 500);
    assert_eq!(script.presence(mute.peer), Undialable, "told no port");
    let peer = script.call(CALLS, LIBTORRENT, 500).peer;
    assert_eq!(script.presence(peer), Vanished, "nobody has tried");
    script.in_vain(HOME, NotReached, Outcome::TimedOut);
    assert_eq!(script.presence(peer), Unreachable, "it may be gone");
    script.call(CALLS, LIBTORRENT, 600);
    assert_eq!(script.presence(peer), Undialable, "it was not gone");
    script.in_vain(HOME, NotReached, Outcome::TimedOut);
    assert_eq!(script.presence(peer), Undialable);
    assert_eq!(script.came_to(), Met);
}

#[test]
fn who_is_met_elsewhere_is_not_judged_by_an_old_address() {
    let mut script = Script::new();
    let peer = script.visit(HOME, TRANSMISSION, 500).peer;
    let moved = script.call("45.0.0.9:40000", TRANSMISSION.port(7_000), 510);
    assert_eq!((moved.peer, script.presence(peer)), (peer, Vanished));
    for _ in 0..2 {
        script.wait(600);
        let contact = script.contact().unwrap();
        let before = script.presence(peer);
        script.fails(contact.session);
        let old = contact.address == address(HOME);
        let expected = if old { before } else { Unreachable };
        assert_eq!(script.presence(peer), expected, "{}", contact.address);
    }
}

#[test]
fn somebody_else_at_an_address_has_taken_its_place() {
    let mut script = Script::new();
    let gone = script.visit(HOME, LIBTORRENT, 500).peer;
    let new = script.visit(HOME, TRANSMISSION.id(2), 10).peer;
    assert_ne!(gone, new);
    assert_eq!(script.presence(gone), Unreachable);
    assert_eq!(script.presence(new), Awaited);
}

#[test]
fn a_visit_that_no_slot_was_free_for_is_told_apart() {
    let mut script = Script::new();
    let peer = script.visit(HOME, LIBTORRENT, 500).peer;
    let due = script.due(HOME);
    script.look_at_the_overdue_in(due + 30);
    assert_eq!(script.presence(peer), Awaited);
    script.look_at_the_overdue_in(1);
    assert_eq!(script.presence(peer), NoSlot);
    let written = script.book.take_dirty(10);
    assert_eq!(written, [peer]);
    script.look_at_the_overdue_in(0);
    assert_eq!(script.book.take_dirty(10), [], "once is enough");
    script.in_vain(HOME, NotReached, Outcome::TimedOut);
    assert_eq!(script.presence(peer), Unreachable);
}

#[test]
fn another_process_has_met_nobody_yet() {
    let mut script = Script::new();
    let watched = script.accept(CALLS);
    let watched = script.settles(watched, LIBTORRENT, 500).peer;
    let lost = script.visit("45.0.0.2:6881", TRANSMISSION.id(2), 400).peer;
    script.in_vain("45.0.0.2:6881", NotReached, Outcome::TimedOut);
    script.restart();
    assert_eq!(script.presence(watched), Interrupted);
    assert_eq!(script.presence(lost), Unreachable);
    assert_eq!(script.book.take_dirty(10), [watched], "a true row");
    script.call(CALLS, LIBTORRENT, 510);
    assert_eq!(script.presence(watched), Vanished);
}

/// Addresses are not stored, but a hash of where it was met is.
#[test]
fn what_comes_of_an_address_comes_of_whom_an_earlier_process_met_there() {
    for (later, presence) in [(0, Unreachable), (86_400, Interrupted)] {
        let mut script = Script::new();
        let peer = script.visit(HOME, TRANSMISSION, 500).peer;
        script.restart();
        script.wait(later + 1);
        script.in_vain(HOME, NotReached, Outcome::TimedOut);
        // A day later somebody else may live there.
        assert_eq!(script.presence(peer), presence, "{later}");
        assert_eq!(script.came_to(), NeverReachable, "by this process");
    }
}

#[test]
fn two_records_of_one_peer_are_where_that_one_is() {
    let mut script = Script::new();
    let older = script.accept("45.0.0.1:40000");
    let client = LIBTORRENT.set(77);
    let one = script.settles(older, client.id(1), 500).peer;
    let younger = script.accept("[2a00::1]:40000");
    let other = script.settles(younger, client.id(2), 500);
    assert_eq!(other.peer, one, "twins");
    assert_eq!(script.presence(one), Watched);
    assert_eq!(script.presence(PeerNumber(2)), Untold, "counts nowhere");
    script.ends(younger, TheyLeft);
    assert_eq!(script.presence(one), Watched, "one session is left");
}

#[test]
fn the_best_that_came_of_an_address_stays() {
    let mut script = Script::new();
    script.named(Source::Pex, HOME);
    assert_eq!(script.came_to(), NotContacted);
    for (parting, outcome, state) in [
        (NotReached, Outcome::LocalError, NotContacted),
        (NotReached, Outcome::TimedOut, NeverReachable),
        (NotReached, Outcome::UnknownInfoHash, NoPeer),
        (NotReached, Outcome::Refused, NoPeer),
        (TurnedAway, Outcome::Reset, AddressState::TurnedAway),
        (NotReached, Outcome::TimedOut, AddressState::TurnedAway),
        (TheyLeft, Outcome::Unsettled, Unsettled),
        (NotReached, Outcome::TimedOut, Unsettled),
    ] {
        script.in_vain(HOME, parting, outcome);
        assert_eq!(script.came_to(), state, "{outcome}");
    }
    script.visit(HOME, LIBTORRENT, 5);
    script.in_vain(HOME, NotReached, Outcome::TimedOut);
    assert_eq!(script.came_to(), Met);
}

#[test]
fn our_own_address_is_ours() {
    let mut script = Script::new();
    script.in_vain(HOME, NotReached, Outcome::SelfConnection);
    assert_eq!(script.came_to(), Own);
}

#[test]
fn what_comes_of_an_address_counts_in_the_hour_in_which_it_was_new() {
    let mut script = Script::new();
    script.named(Source::Tracker, HOME);
    let hour = script.now.hour();
    script.wait(3 * 3600);
    script.visit(HOME, LIBTORRENT, 5);
    let rows = script.book.tally().take_sources();
    let then = rows.iter().find(|(at, ..)| *at == hour).unwrap();
    assert_eq!((then.2.new, then.2.came_to.of(Met)), (1, 1));
    let others = rows.iter().filter(|(at, ..)| *at != hour);
    assert_eq!(others.map(|it| it.2.came_to.total()).sum::<u64>(), 0);
}

#[test]
fn successor_knows_what_came_of_each_address() {
    let mut script = Script::new();
    script.in_vain(HOME, TurnedAway, Outcome::Closed);
    let known: Vec<_> = script.book.addresses().collect();
    let mut next = Script::new();
    next.book.recall(next.now, &known);
    assert_eq!(next.book.addresses().collect::<Vec<_>>(), known);
    let counts = next.came_to_by(Source::Tracker);
    assert_eq!(counts.total(), 0, "counted by the predecessor");
}
