//! What one swarm's peers are known to have done, and whom to contact next.
//!
//! The book is a machine: facts go in with their time, orders and rows come out.
//! It never sees a socket, and it decides alone whether a rise counts.

mod addresses;
mod ceiling;
mod company;
mod contacts;
mod ending;
mod fates;
mod hearsay;
mod introductions;
mod meeting;
mod merging;
mod overlaps;
mod peers;
mod records;
mod rises;
mod sessions;
mod tally;
mod totals;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::AddressPolicy;
use crate::protocol::peer::family::Family;

use super::facts::{PeerNumber, PeerState};
use super::identity::{Claim, Doubles, Identities, IdentityHasher, Twins};
use super::outage::Asked;
use super::pace::Pace;
use super::place::Whereabouts;
use super::presence::PresenceCounts;
use super::progress::Report;
use super::roster::Roster;
use super::schedule::Discipline;
use super::ways::{Allowed, Ways};
use super::yardstick::Yardstick;
use addresses::Addresses;
use ceiling::Ceiling;
use overlaps::Overlaps;
use records::Records;
use sessions::Sessions;

pub use addresses::KnownAddress;
pub use hearsay::Hearsay;
pub use peers::{Peer, Rising};
pub use sessions::{End, SessionId};
pub use tally::{OutcomeKey, SourceTally, Tally};
pub use totals::Totals;

/// What one swarm is measured and visited by.
#[derive(Clone, Debug)]
pub struct BookTerms {
    /// The torrent's measures.
    pub yardstick: Yardstick,
    /// The rhythm of the run.
    pub pace: Pace,
    /// Longest time between visits to an unfinished peer.
    pub delay: Duration,
    /// By what contacts are chosen and sessions held.
    pub discipline: Discipline,
    /// Whom we may contact.
    pub policy: AddressPolicy,
    /// The port on which we accept peers.
    pub listen_port: Option<u16>,
    /// In which ways we may dial.
    pub ways: Allowed,
    /// By what an earlier run's peers are found again.
    pub hasher: IdentityHasher,
}

/// An order to contact somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The session that comes of it.
    pub session: SessionId,
    /// Whom.
    pub address: SocketAddr,
    /// In which ways, one after the other.
    pub ways: Ways,
    /// Somebody was reached there before.
    pub dialable: bool,
    /// By what it is expected to answer, if it is.
    pub expected: Option<Asked>,
    /// When who is there was last told of others.
    pub told_at: Option<Moment>,
}

/// Who the peer of a session is, as far as it has shown.
#[derive(Clone, Debug)]
pub struct Who {
    /// By what it is recognised.
    pub claim: Claim,
    /// Client and version as shown to people.
    pub client: Arc<str>,
    /// Its family.
    pub family: Family,
    /// The port that it claims to listen on (incoming sessions).
    pub listen_port: Option<u16>,
}

/// What a session showed, as the book learns it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Whom.
    pub who: Arc<Who>,
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
    /// When it will reach the threshold, by all that its sessions have shown.
    pub expected_finish: Option<Moment>,
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
    /// Peers that were met and never observed.
    pub unsettled: usize,
    /// Peers that were observed.
    pub observed: usize,
    /// Of these, complete when first seen.
    pub complete_at_first: usize,
    /// Of these, below the threshold when last seen.
    pub below: usize,
    /// Of these, those of which nobody knows whether they finished (partial seeds are
    /// not among them), and why.
    pub unknown: PresenceCounts,
    /// Confirmed downloads.
    pub confirmed: usize,
    /// Rises that were not counted.
    pub not_counted: usize,
    /// Sessions open now, contacts under way included.
    pub sessions: usize,
    /// Peers below the threshold with whom a session is open.
    pub watched: usize,
}

/// What one swarm's peers are known to have done.
#[derive(Debug)]
pub struct Book {
    terms: BookTerms,
    addresses: Addresses,
    sessions: Sessions,
    records: Records,
    identities: Identities,
    /// Of identity.
    marks: Ceiling,
    overlaps: Overlaps,
    twins: Twins,
    doubles: Doubles,
    tally: Tally,
    /// What gossip said of peers, to be stored.
    hearsay: Vec<Hearsay>,
    /// Whom our peers are told of.
    roster: Roster,
    /// The run ends.
    closing: bool,
}

impl Book {
    /// An empty book; `next_peer` is the first number that may be given.
    pub fn new(terms: BookTerms, next_peer: PeerNumber) -> Self {
        Book {
            addresses: Addresses::new(terms.delay, terms.pace, terms.discipline),
            sessions: Sessions::default(),
            records: Records::new(next_peer),
            identities: Identities::default(),
            marks: Ceiling::at(MAX_MARKS),
            overlaps: Overlaps::default(),
            twins: Twins::new(terms.yardstick.pieces, Pace::TWIN_WINDOW),
            doubles: Doubles::new(Pace::PLAUSIBLE_WINDOW),
            tally: Tally::default(),
            hearsay: Vec::new(),
            roster: Roster::default(),
            closing: false,
            terms,
        }
    }

    /// The torrent's metadata is there: observations may come.
    pub fn measure(&mut self, yardstick: Yardstick) {
        self.terms.yardstick = yardstick;
        self.twins = Twins::new(yardstick.pieces, Pace::TWIN_WINDOW);
    }

    /// The torrent turned out to be private (BEP 27): addresses that only gossip named
    /// are forgotten. Answers with the sessions to them, which are to be closed.
    pub fn make_private(&mut self) -> Vec<SessionId> {
        self.roster.clear();
        let hearsay = self.addresses.forget_hearsay();
        self.sessions.dialled(&hearsay)
    }

    /// A peer as an earlier run of the same store left it. A record that was merged
    /// into another leads there.
    pub fn restore(&mut self, number: PeerNumber, mut peer: Peer) {
        if let Some(into) = peer.merged_into
            && self.records.root(into) == number
        {
            // A damaged store: nothing is merged into itself.
            peer.merged_into = None;
        }
        self.restore_marks(number, &peer);
        if let Some(download) = peer.download(number) {
            self.doubles.remember(download);
        }
        let presence = peer.presence;
        peer.presence = presence.interrupted();
        let told = peer.presence == presence;
        self.records.restore(number, peer);
        if !told {
            self.records.mark_dirty(&[number]);
        }
        self.make_room();
    }

    /// The counters.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// One peer.
    pub fn peer(&self, number: PeerNumber) -> Option<&Peer> {
        self.records.get(number)
    }

    /// Looks up where a peer's address is, unless that was done: to be called before
    /// its row is made.
    pub fn locate(&mut self, number: PeerNumber, look_up: impl FnOnce(IpAddr) -> Whereabouts) {
        let peer = self.records.get(number);
        let peer = peer.filter(|it| it.whereabouts.is_none());
        if let Some(address) = peer.and_then(|it| it.address) {
            self.records.located(number, look_up(address.ip()));
        }
    }

    /// Whether anything is still to be stored.
    pub fn has_news(&self) -> bool {
        self.records.has_news() || self.tally.has_news() || !self.hearsay.is_empty()
    }

    /// Peers whose rows changed, at most `most` of them; they count as stored.
    pub fn take_dirty(&mut self, most: usize) -> Vec<PeerNumber> {
        self.records.take_dirty(most)
    }

    /// Peers whose rows changed and are still to be stored.
    pub fn dirty(&self) -> usize {
        self.records.dirty()
    }

    /// These rows were not stored after all.
    pub fn mark_dirty(&mut self, numbers: &[PeerNumber]) {
        self.records.mark_dirty(numbers);
    }

    /// Figures for a person who watches.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures {
            addresses: self.addresses.len(),
            sessions: self.sessions.len(),
            watched: self
                .sessions
                .peers()
                .filter(|it| self.is_below(*it))
                .count(),
            ..Figures::default()
        };
        self.records.count_in(&mut figures);
        figures
    }

    fn is_below(&self, peer: PeerNumber) -> bool {
        let state = self.records.get(peer).map(Peer::state);
        matches!(state, Some(PeerState::Below | PeerState::PartialSeed))
    }

    /// Keeps records and marks within their bounds.
    fn make_room(&mut self) {
        let crowded = self.marks.is_reached(self.identities.len());
        if !self.records.is_full() && !crowded {
            return;
        }
        if self.records.is_full() {
            self.records.forget(|peer| self.sessions.is_live(peer));
        }
        let records = &self.records;
        self.identities
            .retain(|peer| records.get(peer).map(|it| it.ids));
        self.marks.cleared(self.identities.len());
    }
}

/// Marks of identity kept: two a record, and the endpoints at which peers were
/// reached.
const MAX_MARKS: usize = 1_000_000;

#[cfg(test)]
mod tests;
