//! The book, driven by scripted facts.

mod any_order;
mod bounds;
mod callers;
mod company;
mod counters;
mod fates;
mod hearsay;
mod introductions;
mod neighbours;
mod outages;
mod places;
mod recognition;
mod replays;
mod twins;
mod visits;
mod ways;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::handshake::PeerId;
use crate::swarm::facts::{
    Attempt, Direction, Evidence, Observation, Outcome, PeerState, SessionLink, Source, Verdict,
};
use crate::swarm::identity::IdentityHasher;
use crate::swarm::progress::{Crossing, Few, Seen, Showing};
use crate::swarm::schedule::{Discipline, Parting};
use Direction::{Incoming, Outgoing};
use Parting::{NotReached, TheyLeft, TurnedAway, WeLeft};

/// 1,000 pieces of 1 MB, T = 980; real time; at most ten minutes between visits.
fn terms() -> BookTerms {
    BookTerms {
        yardstick: Yardstick::new(1_000, 1_000_000, 980),
        pace: Pace::default(),
        delay: Duration::from_secs(600),
        discipline: Discipline::default(),
        policy: AddressPolicy::default(),
        listen_port: Some(6_889),
        hasher: hasher(),
        ways: Allowed::PLAIN_TCP,
    }
}

fn hasher() -> IdentityHasher {
    IdentityHasher::new(&[7; 32], &InfoHash([1; 20]))
}

/// Who is at the other end of a session.
#[derive(Clone, Copy, Debug)]
struct Client {
    prefix: &'static str,
    /// Fills up its peer id.
    id: u32,
    family: Family,
    /// The port that it says it listens on.
    port: Option<u16>,
    /// The set of pieces that it shows; 0 tells nothing.
    set_sum: u64,
}

/// Changes its peer id with each connection.
const LIBTORRENT: Client = Client {
    prefix: "-LT20B0-",
    id: 1,
    family: Family::Libtorrent,
    port: Some(6881),
    set_sum: 0,
};

/// Keeps its peer id.
const TRANSMISSION: Client = Client {
    prefix: "-TR3000-",
    family: Family::Transmission,
    ..LIBTORRENT
};

impl Client {
    fn id(self, id: u32) -> Self {
        Client { id, ..self }
    }

    fn port(self, port: impl Into<Option<u16>>) -> Self {
        let port = port.into();
        Client { port, ..self }
    }

    fn set(self, set_sum: u64) -> Self {
        Client { set_sum, ..self }
    }

    fn who(self, remote: SocketAddr, direction: Direction) -> Arc<Who> {
        let mut peer_id = [b'x'; 20];
        peer_id[..8].copy_from_slice(self.prefix.as_bytes());
        peer_id[8..12].copy_from_slice(&self.id.to_be_bytes());
        let (peer_id, prefix) = (PeerId(peer_id), self.prefix.into());
        Arc::new(Who {
            claim: Claim::new(&hasher(), remote, direction, &peer_id, prefix, self.port),
            client: self.prefix.into(),
            family: self.family,
            listen_port: self.port,
        })
    }
}

/// Times that a script looks again whether a contact is due.
const PATIENCE: u32 = 10_000;

/// A book, the time, and what is open.
struct Script {
    book: Book,
    now: Moment,
    open: HashMap<SessionId, (SocketAddr, Direction)>,
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Script {
    fn new() -> Self {
        Script {
            book: Book::new(terms(), PeerNumber(1)),
            now: Moment::from_millis(3_600_000_000),
            open: HashMap::new(),
        }
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }

    fn named(&mut self, source: Source, at: &str) {
        self.book.found(self.now, source, &[address(at)]);
    }

    /// Whom the book wants to contact now; the contact starts.
    fn contact(&mut self) -> Option<Contact> {
        let contact = self.book.next_contact(self.now)?;
        self.book.contacting(self.now, &contact);
        let session = (contact.address, Outgoing);
        self.open.insert(contact.session, session);
        Some(contact)
    }

    /// Seconds until this address is contacted next; it must be the next one.
    fn due(&mut self, at: &str) -> u64 {
        let begun = self.now;
        for _ in 0..PATIENCE {
            let due = self.book.next_due().unwrap().max(self.now);
            self.now = due;
            if let Some(contact) = self.book.next_contact(due) {
                assert_eq!(contact.address, address(at));
                self.book.put_off(&contact, due);
                self.now = begun;
                return due.since(begun).as_secs();
            }
        }
        panic!("{at} is never due");
    }

    /// Names an address if it is new, waits until the book wants to contact it.
    fn dial(&mut self, at: &str) -> SessionId {
        if self.book.addresses().all(|it| it.address != address(at)) {
            self.named(Source::Tracker, at);
        }
        for _ in 0..PATIENCE {
            self.now = self.book.next_due().unwrap().max(self.now);
            if let Some(contact) = self.contact() {
                assert_eq!(contact.address, address(at), "another one was due");
                return contact.session;
            }
        }
        panic!("{at} is never due");
    }

    fn accept(&mut self, remote: &str) -> SessionId {
        let id = self.book.accepted(self.now, address(remote));
        self.open.insert(id, (address(remote), Incoming));
        id
    }

    fn observed(&self, id: SessionId, client: Client, report: Report) -> Observed {
        let (remote, direction) = self.open[&id];
        Observed {
            who: client.who(remote, direction),
            report,
            best_speed: 0,
            expected_finish: None,
        }
    }

    fn say(&mut self, id: SessionId, client: Client, report: Report) -> Reaction {
        let observed = self.observed(id, client, report);
        self.book.observed(self.now, id, &observed).unwrap()
    }

    fn seen(&self, client: Client, pieces: u32) -> Seen {
        Seen {
            at: self.now,
            pieces,
            set_sum: client.set_sum,
            showing: Showing::Honest,
            revealed: Few::default(),
            provisional: false,
            implausible: false,
            holds_back: false,
        }
    }

    /// The session's first observation.
    fn settles(&mut self, id: SessionId, client: Client, pieces: u32) -> Reaction {
        let seen = self.seen(client, pieces);
        self.say(id, client, Report::Settled(seen))
    }

    fn steps(&mut self, id: SessionId, client: Client, pieces: u32) -> Reaction {
        let seen = self.seen(client, pieces);
        self.say(id, client, Report::Step(seen))
    }

    fn crosses(&mut self, id: SessionId, client: Client) -> Reaction {
        let report = Report::Crossed(Crossing {
            from: Observation {
                at: self.now,
                pieces: 979,
            },
            seen: self.seen(client, 980),
            checking: false,
        });
        self.say(id, client, report)
    }

    fn ends_as(&mut self, id: SessionId, parting: Parting, outcome: Outcome, finish: Option<u64>) {
        self.open.remove(&id);
        let end = self.end(parting, outcome, finish);
        self.book.ended(self.now, id, &end);
    }

    fn end(&self, parting: Parting, outcome: Outcome, finish: Option<u64>) -> End {
        End {
            outcome,
            parting,
            lost: false,
            dials: Vec::new(),
            family: Family::Other,
            last: None,
            unsettled: None,
            expected_finish: finish.map(|seconds| self.now + Duration::from_secs(seconds)),
            heard_at: Some(self.now),
            told_at: None,
            kept: None,
        }
    }

    fn ends(&mut self, id: SessionId, parting: Parting) {
        self.ends_as(id, parting, Outcome::Success, None);
    }

    fn fails(&mut self, id: SessionId) {
        self.ends_as(id, NotReached, Outcome::TimedOut, None);
    }

    /// One dialled session of one observation, which we end.
    fn visit(&mut self, at: &str, client: Client, pieces: u32) -> Reaction {
        let id = self.dial(at);
        let reaction = self.settles(id, client, pieces);
        self.ends(id, WeLeft);
        reaction
    }

    /// One session of one observation that somebody opens and closes.
    fn call(&mut self, remote: &str, client: Client, pieces: u32) -> Reaction {
        let id = self.accept(remote);
        let reaction = self.settles(id, client, pieces);
        self.ends(id, TheyLeft);
        reaction
    }

    fn state(&self, peer: PeerNumber) -> PeerState {
        self.book.peer(peer).unwrap().state()
    }

    /// The same store, a new process: addresses are not stored.
    fn restart(&mut self) {
        let mut peers: Vec<_> = (1..)
            .map(PeerNumber)
            .map_while(|number| Some((number, self.book.peer(number)?.clone())))
            .collect();
        for (_, peer) in &mut peers {
            (peer.address, peer.expected_finish) = (None, None);
            peer.rise = peer.rise.take().filter(|it| it.0.is_confirmed());
        }
        *self = Script {
            now: self.now,
            ..Script::new()
        };
        for (number, peer) in peers {
            self.book.restore(number, peer);
        }
    }
}

fn verdict(reaction: &Reaction) -> Option<Verdict> {
    reaction.rising.as_ref().map(|it| it.rise.verdict)
}

const CONFIRMED: Option<Verdict> = Some(Verdict::Confirmed);

#[test]
fn rise_within_a_session_is_confirmed_once() {
    let mut script = Script::new();
    let id = script.dial("45.0.0.1:6881");
    let first = script.settles(id, LIBTORRENT, 500);
    assert_eq!(
        (verdict(&first), script.state(first.peer)),
        (None, PeerState::Below)
    );
    let crossed = script.wait(600).crosses(id, LIBTORRENT);
    assert_eq!(verdict(&crossed), CONFIRMED);
    let rising = crossed.rising.unwrap();
    assert_eq!(
        (rising.peer, rising.link),
        (first.peer, SessionLink::SameSession)
    );
    assert_eq!(rising.rise.evidence, Evidence::InSession);
    assert_eq!(rising.record.first_source, Source::Tracker);

    let seen = script.seen(LIBTORRENT, 100);
    script.say(id, LIBTORRENT, Report::FellBack(seen));
    let again = script.wait(600).crosses(id, LIBTORRENT);
    assert_eq!(
        verdict(&again),
        Some(Verdict::Again),
        "one a record and run"
    );
    assert_eq!(script.book.figures().confirmed, 1);
}

#[test]
fn complete_when_first_seen_is_no_download() {
    let mut script = Script::new();
    let seed = script.visit("45.0.0.1:6881", LIBTORRENT, 980);
    let still = script.visit("45.0.0.1:6881", LIBTORRENT, 1_000);
    assert_eq!((verdict(&seed), verdict(&still)), (None, None));
    assert_eq!(script.state(seed.peer), PeerState::CompleteAtFirst);
    // The control: one piece fewer.
    script.visit("45.0.0.2:6881", LIBTORRENT.id(2), 979);
    let risen = script.visit("45.0.0.2:6881", LIBTORRENT.id(3), 1_000);
    assert_eq!(verdict(&risen), CONFIRMED);
}

#[test]
fn tells_nothing_of_a_session_that_it_does_not_know() {
    let mut script = Script::new();
    let id = script.accept("45.0.0.1:40000");
    script.ends(id, TheyLeft);
    script
        .open
        .insert(id, (address("45.0.0.1:40000"), Incoming));
    let seen = script.seen(LIBTORRENT, 5);
    let observed = script.observed(id, LIBTORRENT, Report::Settled(seen));
    assert!(script.book.observed(script.now, id, &observed).is_none());
    assert_eq!(script.book.figures(), Figures::default());
}
