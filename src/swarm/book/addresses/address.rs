//! One address and port of a swarm, as the book has it.

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::swarm::address_state::AddressState;
use crate::swarm::book::hearsay::Said;
use crate::swarm::facts::{Attempt, PeerNumber, Source, Sources};
use crate::swarm::pace::Pace;
use crate::swarm::presence::Door;
use crate::swarm::schedule::{ContactHistory, Rank};
use crate::swarm::ways::Lessons;

/// An address as the book of a swarm's successor has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// The address and port.
    pub address: SocketAddr,
    /// The source that named it first.
    pub source: Source,
    /// The hour in which it did ([`Moment::hour`]).
    pub hour: u32,
    /// What came of it.
    pub state: AddressState,
}

/// One address and port.
#[derive(Clone, Debug)]
pub(in crate::swarm::book) struct Address {
    pub(in crate::swarm::book) sources: Sources,
    /// The source that named it first: figures are credited to it.
    pub(in crate::swarm::book) first_source: Source,
    /// The hour in which it did.
    pub(super) hour: u32,
    /// What came of it.
    pub(super) state: AddressState,
    /// When a source last named it, or somebody was last met there.
    pub(super) known_at: Moment,
    pub(super) contacts: ContactHistory,
    /// What the next contact is worth.
    pub(super) rank: Rank,
    /// We are dialling it, or have a session that we dialled there.
    pub(super) busy: bool,
    /// Somebody answered there when we dialled.
    pub(in crate::swarm::book) dialable: bool,
    /// It is ourselves.
    pub(super) own: bool,
    /// The next contact was put off, for an introduction.
    pub(super) delayed: bool,
    /// The last contact came by an introduction.
    pub(super) introduced: bool,
    /// The session there is given up for one by uTP.
    pub(super) to_redial: bool,
    pub(super) redialled_at: Option<Moment>,
    /// The peer that is met there.
    pub(in crate::swarm::book) peer: Option<PeerNumber>,
    /// What gossip says of it.
    pub(in crate::swarm::book) said: Option<Said>,
    /// When who is there was last told of others.
    pub(in crate::swarm::book) told_at: Option<Moment>,
    /// What the last contacts teach the next.
    pub(in crate::swarm::book) lessons: Lessons,
}

impl Address {
    /// Dialling it works, as far as is known.
    pub(in crate::swarm::book) fn answers(&self) -> bool {
        self.dialable && self.contacts.failures == 0
    }

    /// Whether who was met here can be called.
    pub(in crate::swarm::book) fn door(&self) -> Door {
        match (self.dialable, self.contacts.contacts) {
            (true, _) => Door::Opens,
            (false, 0) => Door::Untried,
            (false, _) => Door::Shut,
        }
    }

    /// When a peer may introduce us to who is there: at once where nobody answered our own
    /// dials, for a dial through a hole goes on with the same contact; once.
    pub(super) fn introducible(&self, pace: Pace) -> Moment {
        match self.contacts.is_silent() && !self.introduced {
            true => self.contacts.last_start,
            false => self.contacts.earliest(pace),
        }
    }

    /// A contact is under way from here on.
    pub(super) fn occupy(&mut self) -> Attempt {
        (self.busy, self.introduced) = (true, false);
        match self.contacts.contacts {
            0 => Attempt::First,
            _ => Attempt::Later,
        }
    }
}
