//! One peer's record.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::swarm::confirmation::{History, Rise};
use crate::swarm::facts::{
    Direction, Observation, PeerNumber, PeerState, SessionLink, Source, Sources,
};
use crate::swarm::identity::{Ids, Known};
use crate::swarm::schedule::Standing;

use super::Figures;

/// What is known of one peer over all its sessions.
#[derive(Clone, Debug)]
pub struct Peer {
    /// By what it is recognised.
    pub ids: Ids,
    /// Client name that identity rests on.
    pub prefix: Arc<str>,
    /// Client and version as shown to people.
    pub client: Arc<str>,
    /// Its family.
    pub family: Family,
    /// What was seen of it.
    pub history: History,
    /// Highest speed seen, bytes per second.
    pub best_speed: u32,
    /// Sessions in which it was observed.
    pub visits: u32,
    /// Every source that named it.
    pub sources: Sources,
    /// The source that named it first.
    pub first_source: Source,
    /// When it was last heard of.
    pub seen_at: Moment,
    /// Who opened its last session.
    pub direction: Direction,
    /// Somebody was reached by dialling its endpoint.
    pub dialled: bool,
    /// Its address, while this process runs.
    pub address: Option<SocketAddr>,
    /// Its sessions open now.
    pub live: u32,
    /// When it will reach the threshold at the last speed seen.
    pub expected_finish: Option<Moment>,
    /// The earlier record that it turned out to be.
    pub merged_into: Option<PeerNumber>,
    /// Its last rise, to be sent again if the recorder dies.
    pub rise: Option<(Rise, SessionLink)>,
}

/// A rise to the threshold, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Rising {
    /// Who.
    pub peer: PeerNumber,
    /// The rise, judged.
    pub rise: Rise,
    /// By what the two sessions were found to be of one peer.
    pub link: SessionLink,
    /// The record as it stands.
    pub record: Peer,
}

impl Peer {
    /// Where it stands, for the store and the schedule.
    pub fn state(&self) -> PeerState {
        match self.merged_into {
            Some(_) => PeerState::Merged,
            None => self.history.state(),
        }
    }

    /// Whether the record stands for a peer of its own.
    pub fn counts(&self) -> bool {
        self.merged_into.is_none()
    }

    /// What identity asks.
    pub(super) fn known(&self) -> Known {
        Known {
            prefix: Arc::clone(&self.prefix),
            seen_at: self.seen_at,
            live: self.live > 0,
            dialled: self.dialled,
        }
    }

    /// What the schedule asks; nothing before it was observed.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.history.first().map(|_: Observation| Standing {
            state: self.state(),
            family: self.family,
            expected_finish: self.expected_finish,
        })
    }

    pub(super) fn count_in(&self, figures: &mut Figures) {
        let slot = match self.state() {
            PeerState::Unknown | PeerState::Merged => return,
            PeerState::Below | PeerState::PartialSeed => &mut figures.below,
            PeerState::CompleteAtFirst => &mut figures.complete_at_first,
            PeerState::Confirmed => &mut figures.confirmed,
            PeerState::NotCounted => &mut figures.not_counted,
        };
        *slot += 1;
        figures.observed += 1;
    }
}
