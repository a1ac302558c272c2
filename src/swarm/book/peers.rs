//! One peer's record.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::swarm::confirmation::{History, Rise};
use crate::swarm::facts::{
    Direction, Observation, PeerNumber, PeerState, SessionLink, Source, Sources,
};
use crate::swarm::identity::{Download, Ids, Known, Lair};
use crate::swarm::place::Whereabouts;
use crate::swarm::presence::Presence;
use crate::swarm::progress::{Report, Seen};
use crate::swarm::schedule::Standing;
use crate::swarm::yardstick::Yardstick;

use super::Observed;

/// What is known of one peer over all its sessions.
#[derive(Clone, Debug)]
pub struct Peer {
    /// By what it is recognised.
    pub ids: Ids,
    /// Where it listens, as far as that is stored.
    pub lair: Lair,
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
    /// It was reached by dialling its endpoint.
    pub dialled: bool,
    /// Where its address is, once that was looked up; both texts may be empty.
    pub whereabouts: Option<Box<Whereabouts>>,
    /// Its address, while this process runs.
    pub address: Option<SocketAddr>,
    /// When it will reach the threshold at the last speed seen.
    pub expected_finish: Option<Moment>,
    /// Whether it could be met again.
    pub presence: Presence,
    /// The record of the peer that it turned out to be.
    pub merged_into: Option<PeerNumber>,
    /// Its last rise, to be sent again if the recorder dies, and compared with
    /// those of other records.
    pub rise: Option<Box<(Rise, SessionLink)>>,
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
    /// A peer of whom nothing is known but that it was met; whose endpoint it
    /// claims is to be seen.
    pub(super) fn met(now: Moment, it: &Observed) -> Self {
        let ids = Ids {
            endpoint: None,
            ..it.who.claim.ids
        };
        Peer {
            ids,
            lair: it.who.claim.lair,
            prefix: Arc::clone(&it.who.claim.prefix),
            client: Arc::clone(&it.who.client),
            family: it.who.family,
            history: History::default(),
            best_speed: 0,
            visits: 0,
            sources: Sources::default(),
            first_source: Source::Incoming,
            seen_at: now,
            direction: Direction::Incoming,
            dialled: false,
            whereabouts: None,
            address: None,
            expected_finish: None,
            presence: Presence::default(),
            merged_into: None,
            rise: None,
        }
    }

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

    /// Whether a client of this name that listens there is another one.
    pub(super) fn unlike(&self, prefix: &Arc<str>, lair: Lair) -> bool {
        let told = !self.lair.lacks_port() && !lair.lacks_port();
        self.prefix != *prefix || told && !self.lair.may_share_port(lair)
    }

    /// What identity asks.
    pub(super) fn known(&self, live: bool) -> Known {
        Known {
            prefix: Arc::clone(&self.prefix),
            lair: self.lair,
            seen_at: self.seen_at,
            live,
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

    /// Who matters least when there are too many.
    pub(super) fn worth(&self) -> u8 {
        match self.state() {
            PeerState::Merged => 0,
            _ if !self.dialled && self.visits <= 1 => 1,
            PeerState::CompleteAtFirst | PeerState::NotCounted | PeerState::Confirmed => 2,
            PeerState::Unknown | PeerState::Below | PeerState::PartialSeed => 3,
        }
    }

    /// Whether both were seen in the same span of time.
    pub(super) fn coexisted(&self, other: &Peer) -> bool {
        let begun = |it: &Peer| it.history.first().map_or(it.seen_at, |first| first.at);
        begun(self) <= other.seen_at && begun(other) <= self.seen_at
    }

    /// What a session says of it, beside its progress.
    pub(super) fn hear(&mut self, now: Moment, direction: Direction, it: &Observed) {
        self.seen_at = now;
        self.direction = direction;
        self.best_speed = self.best_speed.max(it.best_speed);
        self.family = it.who.family;
        self.lair = it.who.claim.lair.or(self.lair);
        if self.client != it.who.client {
            self.client = Arc::clone(&it.who.client);
        }
    }

    /// A session begins with what was gained since the last visit: the best measure
    /// of its speed that there is.
    pub(super) fn measure(&mut self, now: Moment, seen: &Seen, by: &Yardstick) {
        let rest = self.history.last().and_then(|last| {
            let gained = seen.pieces.checked_sub(last.pieces).filter(|it| *it > 0)?;
            let missing = by.threshold.checked_sub(seen.pieces)?;
            let span = seen.at.since(last.at);
            (!span.is_zero()).then(|| span.saturating_mul(missing) / gained)
        });
        self.expected_finish = rest.map(|it| now + it).or(self.expected_finish);
    }

    /// A session tells when it expects the finish; it was long enough to measure
    /// (`measured`), or guesses. Of two measures, each over a few pieces, the sooner
    /// one is to be reckoned with; one that has passed says nothing any more.
    pub(super) fn foresee(&mut self, now: Moment, told: Option<Moment>, measured: bool) {
        let before = self.expected_finish.filter(|finish| *finish > now);
        let told = told.or(self.expected_finish);
        self.expected_finish = match before {
            Some(before) if measured => told.map(|told| told.min(before)),
            Some(before) => Some(before),
            None => told,
        };
    }

    /// A session sends its crossing again when the recorder died on it.
    pub(super) fn sent_already(&self, number: PeerNumber, report: &Report) -> Option<Rising> {
        let (rise, link) = *self.rise.clone()?;
        let reached = match report {
            Report::Crossed(crossing) => &crossing.seen,
            Report::Settled(seen) | Report::Replaced(seen) => seen,
            Report::Step(_) | Report::FellBack(_) | Report::PartialSeed(_) => return None,
        };
        (reached.observation() == rise.reached).then(|| Rising {
            peer: number,
            rise,
            link,
            record: self.clone(),
        })
    }

    /// Its confirmed download, to be compared with those of other records.
    pub(super) fn download(&self, number: PeerNumber) -> Option<Download> {
        let (rise, _) = *self.rise.clone()?;
        if !rise.is_confirmed() {
            return None;
        }
        Some(Download {
            peer: number,
            prefix: Arc::clone(&self.prefix),
            address: self.ids.address,
            lair: self.lair,
            port: None,
            first: self.history.first().unwrap_or(rise.below),
            below: rise.below,
            reached: rise.reached,
            crossed_with: None,
        })
    }

    /// Of two records of one peer the one of higher standing stays: what was
    /// acknowledged is not taken back, and who was complete is not counted.
    pub(super) fn standing_of_record(&self) -> u8 {
        match self.history.state() {
            PeerState::Confirmed => 2,
            _ if !self.history.open() => 1,
            _ => 0,
        }
    }

    /// The other record is of the same peer.
    pub(super) fn absorb(&mut self, gone: &Peer) {
        self.history.absorb(&gone.history);
        if gone.seen_at > self.seen_at {
            self.presence = gone.presence;
        }
        self.seen_at = self.seen_at.max(gone.seen_at);
        self.best_speed = self.best_speed.max(gone.best_speed);
        self.visits = self.visits.saturating_add(gone.visits);
        self.sources = self.sources.and(gone.sources);
        self.address = self.address.or(gone.address);
        if self.whereabouts.as_ref().is_none_or(|it| it.is_blank()) {
            self.whereabouts = gone.whereabouts.clone().or(self.whereabouts.take());
        }
        self.expected_finish = gone.expected_finish.or(self.expected_finish);
        self.rise = self.rise.take().or_else(|| gone.rise.clone());
        if !self.dialled && gone.ids.endpoint.is_some() {
            self.ids.endpoint = gone.ids.endpoint;
            self.dialled = gone.dialled;
        }
    }
}

impl Rising {
    /// Whether it counts.
    pub fn is_confirmed(&self) -> bool {
        self.rise.is_confirmed()
    }
}
