//! How sessions and contacts end.

use std::net::{IpAddr, SocketAddr};

use crate::moment::Moment;
use crate::swarm::address_state::AddressState;
use crate::swarm::facts::{Direction, Outcome, PeerNumber};
use crate::swarm::progress::Report;
use crate::swarm::schedule::Parting;

use super::addresses::Addresses;
use super::sessions::Session;
use super::{Book, End, SessionId};

impl Book {
    /// A session or contact ended. Answers with the address that we dialled, if nobody
    /// was there.
    pub fn ended(&mut self, now: Moment, id: SessionId, end: &End) -> Option<SocketAddr> {
        let home = self.conclude_session(now, id, end, false)?;
        (end.parting == Parting::NotReached).then_some(home)
    }

    /// Our own network ended it: nobody is charged, and the peer is looked for soon.
    pub fn cut_off(&mut self, now: Moment, id: SessionId, end: &mut End) {
        if end.parting == Parting::NotReached {
            end.outcome = Outcome::NetworkDown;
        }
        for dial in end.dials.iter_mut().filter(|it| it.outcome.is_silence()) {
            dial.outcome = Outcome::NetworkDown;
        }
        self.conclude_session(now, id, end, true);
    }

    /// Whose line a session or contact had, and when it was last known to work: at the
    /// peer's last word, or when it began.
    pub fn line(&self, id: SessionId, end: &End) -> Option<(IpAddr, Moment)> {
        let session = self.sessions.get(id)?;
        let alive_at = end.heard_at.unwrap_or(session.began_at);
        Some((session.address.ip(), alive_at))
    }

    fn conclude_session(
        &mut self,
        now: Moment,
        id: SessionId,
        end: &End,
        is_cut: bool,
    ) -> Option<SocketAddr> {
        self.end_overlaps(now);
        let session = self.sessions.close(id)?;
        self.tally
            .ended(now, session.attempt, end.family, end.outcome);
        let span = now.since(session.began_at);
        self.tally.had_slot(now, span, end.family, end.outcome);
        self.count_dials(now, &session, end);
        if end.outcome == Outcome::SelfConnection {
            self.met_ourselves(&session);
        }
        if end.parting.reached() {
            self.count_reached(now, &session);
        }
        let number = self.conclude(now, &session, end);
        // What our own network did says nothing of them.
        if !is_cut || end.parting.reached() {
            self.learn(&session, end);
            self.conclude_contact(&session, end, number);
        }
        self.plan_return(now, &session, end, number, is_cut);
        self.delist(now, &session, end);
        session.home
    }

    /// At one of the two ends: the accepting one sees where the connection came from,
    /// and knows at which port it arrived.
    fn met_ourselves(&mut self, session: &Session) {
        let mut address = session.address;
        if session.direction == Direction::Incoming {
            match self.terms.listen_port {
                Some(port) => address.set_port(port),
                None => return,
            }
        }
        self.addresses.is_own(address);
        self.came(address, AddressState::Own);
    }

    /// What each connection gave, by the family that it was to, as far as that is known.
    fn count_dials(&mut self, now: Moment, session: &Session, end: &End) {
        let known = match end.parting.reached() {
            true => None,
            false => session.home.and_then(|at| self.family_at(at)),
        };
        let family = known.unwrap_or(end.family);
        for dial in &end.dials {
            self.tally.connected(now, session.direction, dial, family);
        }
    }

    /// What the session or contact teaches the next one.
    fn learn(&mut self, session: &Session, end: &End) {
        let home = session.home.and_then(|at| self.addresses.get_mut(at));
        let Some(address) = home else {
            return;
        };
        if session.direction == Direction::Incoming {
            let mut met = end.dials.iter();
            if let Some(dial) = met.find(|it| it.outcome == Outcome::Success) {
                address.lessons.called(dial.way);
            }
            return;
        }
        // A contact that our own actor did not survive has tried nothing.
        if !end.dials.is_empty() {
            address.lessons.learn(&end.dials);
        }
    }

    fn count_reached(&mut self, now: Moment, session: &Session) {
        if session.direction == Direction::Outgoing {
            self.tally.source(now, session.source, |it| it.reached += 1);
            if let Some(address) = self.addresses.get_mut(session.address) {
                address.dialable |= session.shows_a_way_in();
            }
        }
    }

    /// Takes the last words of a session into its peer's record: whose that is now.
    fn conclude(&mut self, now: Moment, session: &Session, end: &End) -> Option<PeerNumber> {
        let number = match session.peer {
            Some(number) if self.sessions.is_live(number) => number,
            Some(number) => self.resolve_overlap(number, end.parting),
            // One too many says nothing new of the peer.
            None if end.outcome == Outcome::Duplicate => return None,
            None => self.greeted(now, session)?,
        };
        let yardstick = self.terms.yardstick;
        let measured = session.has_measured(now, self.terms.pace);
        self.records.change(number, |peer| {
            peer.seen_at = peer.seen_at.max(end.heard_at.unwrap_or(now));
            if let Some(seen) = end.last {
                peer.history.take(&Report::Step(seen), &yardstick);
            } else if let Some(glimpse) = end.unsettled {
                peer.history.glimpsed(glimpse);
            }
            peer.foresee(now, end.expected_finish, measured);
        });
        self.part_from(number, session, end);
        Some(number)
    }

    /// Plans the next contact with the address where the peer is met.
    fn plan_return(
        &mut self,
        now: Moment,
        session: &Session,
        end: &End,
        number: Option<PeerNumber>,
        is_cut: bool,
    ) {
        let Some(home) = session.home else {
            return;
        };
        let number = number.or_else(|| self.addresses.get(home)?.peer);
        let number = number.map(|it| self.records.root(it));
        let mut standing = number.and_then(|it| self.records.get(it)?.standing());
        let pace = self.terms.pace;
        if end.parting == Parting::TheyLeft && !session.has_measured(now, pace) {
            // Thrown out after seconds: a far forecast made of them is no reason to come late.
            standing = standing.map(|it| it.forecast_within(now, pace.reconnect_expected()));
        }
        let direction = session.direction;
        let release = match is_cut {
            true => Addresses::release_unheard,
            false => Addresses::release,
        };
        let addresses = &mut self.addresses;
        release(
            addresses,
            now,
            home,
            direction,
            end.parting,
            standing.as_ref(),
        );
    }
}
