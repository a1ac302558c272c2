//! Our own network is down: nobody is charged, and all goes on afterwards.

use super::*;
use crate::protocol::address::IpFamily;
use crate::protocol::peer::Way;
use crate::swarm::outage::Asked;
use crate::swarm::ways::Dial;

const HOME: &str = "45.0.0.1:6881";
const OTHER: &str = "45.0.0.2:6881";

impl Script {
    /// Our own network ended it.
    fn cut_off(&mut self, id: SessionId, parting: Parting, outcome: Outcome) -> End {
        self.open.remove(&id);
        let mut end = self.end(parting, outcome, None);
        end.lost = true;
        if parting == NotReached {
            end.heard_at = None;
            end.dials = vec![Dial {
                way: Way::PLAIN_TCP,
                outcome,
                linked: false,
            }];
        }
        self.book.cut_off(self.now, id, &mut end);
        end
    }

    fn pause(&mut self, is_down: bool) {
        self.book.pause(self.now, IpFamily::V4, is_down);
    }

    fn failures(&self, at: &str) -> u32 {
        self.book.addresses.get(address(at)).unwrap().failures()
    }
}

#[test]
fn a_contact_that_our_own_network_ended_is_charged_to_nobody() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.wait(10);
    let end = script.cut_off(id, NotReached, Outcome::TimedOut);
    assert_eq!(end.outcome, Outcome::NetworkDown);
    assert_eq!(end.dials[0].outcome, Outcome::NetworkDown);
    assert_eq!(script.failures(HOME), 0);
    assert_eq!(script.due(HOME), 20, "30 s after the last one");
    let counted = script.book.tally().take_outcomes();
    let outcomes: Vec<_> = counted.iter().map(|it| it.0.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::NetworkDown; 3],
        "contact, slot and dial"
    );
    // The control.
    let id = script.wait(20).dial(HOME);
    script.fails(id);
    assert_eq!(script.failures(HOME), 1);
}

#[test]
fn what_earlier_failures_taught_stays() {
    let mut script = Script::new();
    for _ in 0..3 {
        let id = script.dial(HOME);
        script.fails(id);
    }
    let id = script.dial(HOME);
    script.cut_off(id, NotReached, Outcome::Unreachable);
    assert_eq!(script.failures(HOME), 3);
    assert_eq!(script.due(HOME), 30);
}

#[test]
fn a_session_that_broke_is_taken_up_again_at_once() {
    let mut script = Script::new();
    let id = script.dial(HOME);
    script.settles(id, TRANSMISSION, 500);
    let reached = script.wait(120).cut_off(id, TheyLeft, Outcome::Success);
    assert_eq!(reached.outcome, Outcome::Success);
    assert_eq!(script.due(HOME), 0);
    // The control: a peer of unknown speed that leaves is looked for later.
    let id = script.dial(HOME);
    script.settles(id, TRANSMISSION, 500);
    script.wait(120).ends(id, TheyLeft);
    assert!(script.due(HOME) > 0);
}

#[test]
fn contacts_wait_for_the_network_and_keep_their_order() {
    let mut script = Script::new();
    script.pause(true);
    script.named(Source::Tracker, HOME);
    script.wait(1).named(Source::Tracker, OTHER);
    script.named(Source::Tracker, "[2a01:7::1]:6881");
    let contact = script.contact().unwrap();
    assert!(contact.address.is_ipv6(), "the other family goes on");
    assert!(script.contact().is_none());
    assert!(script.book.is_awaited(IpFamily::V4));
    assert!(!script.book.is_awaited(IpFamily::V6));
    // Named again while it waits, it is contacted once all the same.
    script.wait(60).named(Source::Pex, HOME);
    script.pause(false);
    let order: Vec<_> = std::iter::from_fn(|| script.contact()).collect();
    let order: Vec<_> = order.iter().map(|it| it.address).collect();
    assert_eq!(order, [address(HOME), address(OTHER)]);
}

#[test]
fn one_may_be_tried_while_the_network_is_down() {
    let mut script = Script::new();
    script.pause(true);
    script.named(Source::Tracker, HOME);
    assert!(
        script.book.next_try(script.now, IpFamily::V4).is_none(),
        "nobody is due"
    );
    assert!(script.contact().is_none());
    let contact = script.book.next_try(script.now, IpFamily::V4).unwrap();
    assert_eq!(contact.address, address(HOME));
    script.book.contacting(script.now, &contact);
    script.cut_off(contact.session, NotReached, Outcome::TimedOut);
    assert!(script.wait(30).contact().is_none());
    script.pause(false);
    assert_eq!(script.contact().unwrap().address, address(HOME));
}

#[test]
fn only_who_answered_and_is_alone_is_called_on() {
    let mut script = Script::new();
    let call_on = |it: &mut Script| it.book.call_on(it.now, IpFamily::V4, 6);
    script.visit(HOME, TRANSMISSION, 1_000);
    assert_eq!(call_on(&mut script), 0, "30 s apart");
    script.wait(30);
    let id = script.dial(OTHER);
    script.fails(id);
    script.wait(1);
    assert_eq!(call_on(&mut script), 1);
    let contact = script.contact().unwrap();
    assert_eq!(contact.address, address(HOME));
    assert_eq!(contact.expected, Some(Asked::Peer));
    script.wait(60);
    assert_eq!(call_on(&mut script), 0, "a session is open");
}

#[test]
fn who_called_lately_is_called_on_once() {
    let mut script = Script::new();
    script.call("45.0.0.1:40000", TRANSMISSION.port(6881), 1_000);
    let call_on = |it: &mut Script| it.book.call_on(it.now, IpFamily::V4, 6);
    assert_eq!(call_on(&mut script), 1);
    let contact = script.contact().unwrap();
    assert_eq!(contact.address, address(HOME));
    assert_eq!(contact.expected, Some(Asked::Caller));
    script.fails(contact.session);
    assert_eq!(call_on(script.wait(60)), 0, "it did not answer");
}

/// A client that changes its peer id calls, and again after an outage that its first
/// session slept through; what the second one shows.
fn comes_anew(is_cut: bool, heard_again: bool, client: Client) -> (SessionId, Reaction) {
    let mut script = Script::new();
    let first = script.accept("45.0.0.1:40000");
    script.settles(first, client.id(1), 500);
    if is_cut {
        script.pause(true);
        script.wait(60).pause(false);
    }
    if heard_again {
        script.wait(1).steps(first, client.id(1), 510);
    }
    script.wait(4);
    let second = script.accept("45.0.0.1:40001");
    (first, script.settles(second, client.id(2), 1_000))
}

#[test]
fn who_comes_anew_after_an_outage_is_not_beside_itself() {
    let (first, reaction) = comes_anew(true, false, LIBTORRENT);
    assert_eq!(verdict(&reaction), Some(Verdict::Confirmed));
    assert_eq!(reaction.close, [first]);
    // The controls: two at once are two.
    for heard_again in [false, true] {
        let (_, reaction) = comes_anew(heard_again, heard_again, LIBTORRENT);
        assert_eq!(verdict(&reaction), None);
        assert_eq!(reaction.close, []);
    }
}

#[test]
fn nobody_is_doubted_for_long() {
    let mut script = Script::new();
    let first = script.accept("45.0.0.1:40000");
    script.settles(first, LIBTORRENT.id(1), 500);
    script.pause(true);
    script.wait(60).pause(false);
    script.wait(60).pause(false);
    let second = script.accept("45.0.0.1:40001");
    let reaction = script.settles(second, LIBTORRENT.id(2), 1_000);
    assert_eq!(verdict(&reaction), None);
}

#[test]
fn one_that_keeps_its_peer_id_is_taken_back_after_an_outage() {
    let mut script = Script::new();
    let first = script.accept("45.0.0.1:40000");
    script.settles(first, TRANSMISSION, 500);
    script.pause(true);
    script.wait(60).pause(false);
    let second = script.accept("45.0.0.1:40001");
    let who = TRANSMISSION.who(address("45.0.0.1:40001"), Incoming);
    assert!(script.book.met(second, &who), "it is not one too many");
    let reaction = script.settles(second, TRANSMISSION, 1_000);
    assert_eq!(verdict(&reaction), Some(Verdict::Confirmed));
    assert_eq!(reaction.close, [first]);
    script.ends_as(first, WeLeft, Outcome::Duplicate, None);
    assert_eq!(script.state(reaction.peer), PeerState::Confirmed);
}
