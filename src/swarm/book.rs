//! What one swarm's peers are known to have done, and whom to contact next.
//!
//! The book is a machine: facts go in with their time, orders and rows come out.
//! It never sees a socket, and it decides alone whether a rise counts.

mod addresses;
mod meeting;
mod peers;
mod sessions;
mod tally;

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::{AddressPolicy, canonical};
use crate::protocol::peer::family::Family;

use super::facts::{Attempt, Direction, Outcome, PeerNumber, Source};
use super::identity::{Claim, Identities, Twins};
use super::pace::Pace;
use super::progress::Report;
use super::schedule::Parting;
use super::yardstick::Yardstick;
use addresses::{Addresses, Named};

pub use peers::{Peer, Rising};
pub use sessions::{End, SessionId};
use sessions::{Session, Sessions};
pub use tally::{OutcomeKey, SourceTally, Tally};

/// What one swarm is measured and visited by.
#[derive(Clone, Copy, Debug)]
pub struct BookTerms {
    /// The torrent's measures.
    pub yardstick: Yardstick,
    /// The rhythm of the run.
    pub pace: Pace,
    /// Longest time between visits to an unfinished peer.
    pub delay: Duration,
    /// Whom we may contact.
    pub policy: AddressPolicy,
}

/// An order to contact somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The session that comes of it.
    pub session: SessionId,
    /// Whom.
    pub address: SocketAddr,
    /// Somebody was reached there before.
    pub dialable: bool,
}

/// What a session showed, as the book learns it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Who the peer is, as far as it shows.
    pub claim: Claim,
    /// Client and version as shown to people.
    pub client: Arc<str>,
    /// Its family.
    pub family: Family,
    /// The port that it claims to listen on (incoming sessions).
    pub listen_port: Option<u16>,
    /// What was seen.
    pub report: Report,
    /// Highest speed seen in this session, bytes per second.
    pub best_speed: u32,
    /// When it will reach the threshold at the speed seen.
    pub expected_finish: Option<Moment>,
}

/// What follows from an observation.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// The peer's number.
    pub peer: PeerNumber,
    /// Whether dialling it is known to work.
    pub dialable: bool,
    /// It rose to the threshold: to be recorded.
    pub rising: Option<Rising>,
    /// Sessions to be closed: there is another to the same peer.
    pub close: Vec<SessionId>,
}

/// Figures of the swarm for a person who watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Addresses known.
    pub addresses: usize,
    /// Peers that were observed.
    pub observed: usize,
    /// Of these, complete when first seen.
    pub complete_at_first: usize,
    /// Of these, below the threshold when last seen.
    pub below: usize,
    /// Confirmed downloads.
    pub confirmed: usize,
    /// Rises that were not counted.
    pub not_counted: usize,
    /// Sessions open now.
    pub sessions: usize,
}

/// What one swarm's peers are known to have done.
#[derive(Debug)]
pub struct Book {
    terms: BookTerms,
    addresses: Addresses,
    sessions: Sessions,
    peers: HashMap<PeerNumber, Peer>,
    next_peer: PeerNumber,
    identities: Identities,
    twins: Twins,
    tally: Tally,
    dirty: BTreeSet<PeerNumber>,
}

impl Book {
    /// An empty book; `next_peer` is the first number that may be given.
    pub fn new(terms: BookTerms, next_peer: PeerNumber) -> Self {
        Book {
            addresses: Addresses::new(terms.delay, terms.pace),
            sessions: Sessions::default(),
            peers: HashMap::new(),
            next_peer: PeerNumber(next_peer.0.max(1)),
            identities: Identities::default(),
            twins: Twins::new(terms.yardstick.pieces, Pace::TWIN_WINDOW),
            tally: Tally::default(),
            dirty: BTreeSet::new(),
            terms,
        }
    }

    /// A peer as an earlier run of the same store left it.
    pub fn restore(&mut self, number: PeerNumber, peer: Peer) {
        if peer.counts() {
            self.identities.remember(number, &peer.ids);
        }
        self.peers.insert(number, peer);
        self.next_peer = self.next_peer.max(PeerNumber(number.0 + 1));
    }

    /// The counters.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Addresses known, with the source that named each first.
    pub fn addresses(&self) -> impl Iterator<Item = (SocketAddr, Source)> + '_ {
        self.addresses.iter()
    }

    /// One peer.
    pub fn peer(&self, number: PeerNumber) -> Option<&Peer> {
        self.peers.get(&number)
    }

    /// A source names addresses.
    pub fn found(&mut self, now: Moment, source: Source, found: &[SocketAddr]) {
        let (mut new, mut known) = (0, 0);
        for address in found {
            let address = canonical(*address);
            if !self.terms.policy.permits(address) {
                continue;
            }
            match self.addresses.name(now, address, source) {
                Named::New => new += 1,
                Named::Known => known += 1,
                Named::NoRoom => {}
            }
        }
        self.tally.source(now, source, |it| {
            it.received += found.len() as u64;
            it.new += new;
            it.duplicate += known;
        });
    }

    /// Addresses that the book of this swarm's predecessor knew: they were counted
    /// then.
    pub fn recall(&mut self, now: Moment, known: &[(SocketAddr, Source)]) {
        for (address, source) in known {
            self.addresses.name(now, *address, *source);
        }
    }

    /// Whether anything is still to be stored.
    pub fn has_news(&self) -> bool {
        !self.dirty.is_empty() || self.tally.has_news()
    }

    /// Whom to contact now; to be called while there are slots.
    pub fn next_contact(&mut self, now: Moment) -> Option<Contact> {
        let (address, attempt) = self.addresses.next(now)?;
        let (source, dialable) = self
            .addresses
            .get(address)
            .map_or((Source::Tracker, false), |it| {
                (it.first_source, it.dialable)
            });
        let session =
            self.sessions
                .open(Session::new(address, Direction::Outgoing, attempt, source));
        Some(Contact {
            session,
            address,
            dialable,
        })
    }

    /// The contact cannot start before `due`: it was no attempt.
    pub fn put_off(&mut self, contact: &Contact, due: Moment) {
        self.sessions.close(contact.session);
        self.addresses.put_off(contact.address, due);
    }

    /// The contact does start.
    pub fn contacting(&mut self, now: Moment, contact: &Contact) {
        if let Some(session) = self.sessions.get(contact.session) {
            let source = session.source;
            self.tally.source(now, source, |it| it.contacted += 1);
        }
    }

    /// When [`Self::next_contact`] may have something.
    pub fn next_due(&self) -> Option<Moment> {
        self.addresses.next_due()
    }

    /// Somebody connected to us and asked for this torrent.
    pub fn accepted(&mut self, remote: SocketAddr) -> SessionId {
        let remote = canonical(remote);
        self.sessions.open(Session::new(
            remote,
            Direction::Incoming,
            Attempt::Incoming,
            Source::Incoming,
        ))
    }

    /// An incoming connection that was turned away before it became a session.
    pub fn turned_away(&mut self, now: Moment, outcome: Outcome) {
        self.tally
            .ended(now, Attempt::Incoming, Family::Other, outcome);
    }

    /// Peers whose rows changed, at most `most` of them; they count as stored.
    pub fn take_dirty(&mut self, most: usize) -> Vec<PeerNumber> {
        let taken: Vec<_> = self.dirty.iter().take(most).copied().collect();
        for number in &taken {
            self.dirty.remove(number);
        }
        taken
    }

    /// These rows were not stored after all.
    pub fn mark_dirty(&mut self, numbers: &[PeerNumber]) {
        self.dirty.extend(numbers);
    }

    /// Figures for a person who watches.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures {
            addresses: self.addresses.len(),
            sessions: self.sessions.len(),
            ..Figures::default()
        };
        for peer in self.peers.values() {
            peer.count_in(&mut figures);
        }
        figures
    }

    /// A session or contact ended.
    pub fn ended(&mut self, now: Moment, id: SessionId, end: &End) {
        let Some(session) = self.sessions.close(id) else {
            return;
        };
        self.tally
            .ended(now, session.attempt, end.family, end.outcome);
        if end.outcome == Outcome::SelfConnection {
            self.addresses.is_own(session.address);
        }
        let reached = end.parting != Parting::NotReached;
        if reached && session.direction == Direction::Outgoing {
            self.tally.source(now, session.source, |it| it.reached += 1);
            if let Some(address) = self.addresses.get_mut(session.address) {
                address.dialable = true;
            }
        }
        let number = self.resolve_overlap(now, &session).or(session.peer);
        if let Some(number) = number {
            self.note_end(now, number, &session, end);
        }
        let known = number.or_else(|| self.addresses.get(session.home?)?.peer);
        let standing = known.and_then(|it| self.peers.get(&it)?.standing());
        if let Some(home) = session.home {
            self.addresses
                .release(now, home, end.parting, standing.as_ref());
        }
    }

    fn note_end(&mut self, now: Moment, number: PeerNumber, session: &Session, end: &End) {
        let yardstick = self.terms.yardstick;
        if let Some(peer) = self.peers.get_mut(&number) {
            if session.peer.is_some() {
                peer.live = peer.live.saturating_sub(1);
            }
            peer.seen_at = peer.seen_at.max(end.heard_at.unwrap_or(now));
            if let Some(seen) = end.last {
                peer.history.take(&Report::Step(seen), &yardstick);
            } else if let Some(glimpse) = end.unsettled {
                peer.history.glimpsed(glimpse);
            }
            if end.expected_finish.is_some() || end.last.is_some() {
                peer.expected_finish = end.expected_finish;
            }
            self.dirty.insert(number);
        }
    }
}

#[cfg(test)]
mod tests;
