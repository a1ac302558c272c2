//! Whom our peers may be told of (BEP 11): peers that we observed, where they are met,
//! while a session is open, or for a while where we dialled them. Never who was only
//! named to us.

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::peer::pex::PexFlags;
use crate::swarm::facts::PeerNumber;
use crate::swarm::roster::Roster;
use crate::swarm::schedule::Parting;

use super::sessions::Session;
use super::{Book, End};

impl Book {
    /// Whom our peers are told of, if that has changed since the last call.
    pub fn roster(&mut self, now: Moment) -> Option<Roster> {
        self.roster.publish(now)
    }

    /// A session observed its peer where it lives.
    pub(super) fn enlist(&mut self, session: &Session, number: PeerNumber) {
        let Some((at, address)) = session
            .home
            .and_then(|at| Some((at, self.addresses.get(at)?)))
        else {
            return;
        };
        if address.peer.map(|it| self.records.root(it)) != Some(number) {
            return;
        }
        let mut flags = PexFlags::default();
        if address.answers() || session.shows_a_way_in() {
            flags = flags.with(PexFlags::REACHABLE);
        }
        let last = self.records.get(number).and_then(|it| it.history.last());
        if last.is_some_and(|it| it.pieces == self.terms.yardstick.pieces) {
            flags = flags.with(PexFlags::SEED);
        }
        self.roster.meet(at, flags);
    }

    /// A session or contact is over. Who left us may have left the swarm.
    pub(super) fn delist(&mut self, now: Moment, session: &Session, end: &End) {
        let Some(at) = session.home else {
            return;
        };
        let answers = self.addresses.get(at).is_some_and(|it| it.answers());
        match end.parting {
            // It was one too many, or a dial to who came in meanwhile.
            _ if self.is_met_at(at) => {}
            Parting::WeLeft if answers => {
                let until = now + self.terms.pace.gossip_recent();
                self.roster.part(at, until);
            }
            _ => self.roster.leave(at),
        }
        if let Some(address) = self.addresses.get_mut(at) {
            address.told_at = end.told_at.or(address.told_at);
        }
    }

    /// Whether a session is open to the peer that lives there.
    fn is_met_at(&self, at: SocketAddr) -> bool {
        let peer = self.addresses.get(at).and_then(|it| it.peer);
        let sessions = peer.map(|it| self.sessions.of(self.records.root(it)));
        let mut homes = sessions.into_iter().flatten();
        homes.any(|it| self.sessions.get(it).is_some_and(|it| it.home == Some(at)))
    }
}
