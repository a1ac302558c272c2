//! What a session showed of its peer's progress, and whether it is a rise.

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::swarm::confirmation::Rise;
use crate::swarm::facts::{Attempt, Direction, Evidence, PeerNumber, SessionLink, Source};
use crate::swarm::identity::Download;
use crate::swarm::presence::Presence;
use crate::swarm::progress::{Report, Seen};

use super::sessions::Session;
use super::{Book, Observed, Reaction, Rising};

impl Book {
    /// Takes the report into the peer's record.
    pub(super) fn fold(
        &mut self,
        now: Moment,
        number: PeerNumber,
        session: &Session,
        it: &Observed,
    ) -> Option<Rising> {
        let yardstick = self.terms.yardstick;
        let measured = session.has_measured(now, self.terms.pace);
        let (sent, rise) = self.records.change(number, |peer| {
            peer.hear(now, session.direction, it);
            if let Some(sent) = peer.sent_already(number, &it.report) {
                return (Some(sent), None);
            }
            if let Report::Settled(seen) = &it.report {
                peer.measure(now, seen, &yardstick);
            }
            peer.foresee(now, it.expected_finish, measured);
            (None, peer.history.take(&it.report, &yardstick))
        })?;
        if sent.is_some() {
            return sent;
        }
        let rise = rise?;
        let link = match rise.evidence {
            Evidence::InSession => SessionLink::SameSession,
            Evidence::AcrossSessions => session.link,
        };
        let rising = self.note_rise(number, rise, link)?;
        if let Some(earlier) = self.find_double(&rising, session, it) {
            self.merge(number, earlier, SessionLink::Twin);
            return None;
        }
        if rising.is_confirmed() {
            let source = rising.record.first_source;
            self.tally.source(now, source, |it| it.confirmed += 1);
        }
        Some(rising)
    }

    /// A crossing that a session of this swarm's predecessor saw, handed on when
    /// that died. `first` is what the session settled with.
    pub fn replayed(
        &mut self,
        now: Moment,
        remote: SocketAddr,
        first: &Seen,
        it: &Observed,
    ) -> Option<Reaction> {
        let (peer, link) = match self.recognise(now, &it.who.claim) {
            Some(known) => known,
            None => (self.enter(now, it), SessionLink::SameSession),
        };
        let direction = match it.who.claim.dialled {
            true => Direction::Outgoing,
            false => Direction::Incoming,
        };
        let remote = canonical(remote);
        let named = self.addresses.get(remote).map(|it| it.first_source);
        let mut session = Session::new(now, remote, direction, Attempt::Incoming, Source::Incoming);
        session.link = link;
        self.adopt(now, peer, it);
        self.records.change(peer, |peer| {
            peer.address = peer.address.or(Some(remote));
            if peer.visits == 0 {
                peer.first_source = named.unwrap_or(Source::Incoming);
                peer.presence = Presence::Interrupted;
            }
        });
        let mut rising = None;
        // What was decided before is decided: it was acknowledged, or will not be
        // counted.
        if self.records.get(peer)?.history.open() {
            let settled = Observed {
                report: Report::Settled(*first),
                ..it.clone()
            };
            rising = self.fold(now, peer, &session, &settled);
            if rising.is_none() && it.report != settled.report {
                rising = self.fold(now, peer, &session, it);
            }
        }
        Some(Reaction {
            peer,
            dialable: false,
            expected_finish: None,
            rising,
            close: Vec::new(),
        })
    }

    /// Notes what a rise came to.
    fn note_rise(&mut self, number: PeerNumber, rise: Rise, link: SessionLink) -> Option<Rising> {
        self.records.change(number, |peer| {
            peer.rise = Some(Box::new((rise, link)));
            Rising {
                peer: number,
                rise,
                link,
                record: peer.clone(),
            }
        })
    }

    /// The record under which this very download was confirmed before: of a client
    /// that changes its peer id.
    fn find_double(
        &mut self,
        rising: &Rising,
        session: &Session,
        it: &Observed,
    ) -> Option<PeerNumber> {
        if it.who.claim.keeps_peer_id {
            return None;
        }
        let crossed_with = match &it.report {
            Report::Crossed(crossing) => Some(crossing.seen.set_sum),
            _ => None,
        };
        let double = self.doubles.compare(Download {
            address: it.who.claim.ids.address,
            lair: it.who.claim.lair,
            port: session.listen_port(it.who.listen_port),
            crossed_with,
            ..rising.record.download(rising.peer)?
        });
        let earlier = self.records.root(double?);
        self.records.get(earlier).map(|_| earlier)
    }
}
