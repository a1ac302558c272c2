//! When two records turn out to be one peer's.

use std::sync::Arc;

use crate::moment::Moment;
use crate::swarm::facts::{PeerNumber, SessionLink};
use crate::swarm::identity::Glimpse;
use crate::swarm::presence::Presence;
use crate::swarm::progress::{Report, Seen};
use crate::swarm::schedule::Parting;

use super::overlaps::Overlap;
use super::{Book, Observed, SessionId};

/// Two sessions to one client show counts that differ by no more than this share
/// of all pieces: what a session may learn before it speaks up again.
const UNSAID_SHARE: u32 = 16;

impl Book {
    /// If another peer showed the same set of pieces just now, both are one: the
    /// record that stays. A client that keeps its peer id needs no such mark.
    pub(super) fn merge_twin(
        &mut self,
        now: Moment,
        id: SessionId,
        number: PeerNumber,
        it: &Observed,
    ) -> PeerNumber {
        let seen = match &it.report {
            Report::Settled(seen) | Report::Step(seen) => seen,
            Report::Crossed(crossing) => &crossing.seen,
            Report::Replaced(_) | Report::FellBack(_) | Report::PartialSeed(_) => return number,
        };
        let Some(session) = self
            .sessions
            .get(id)
            .filter(|_| !it.who.claim.keeps_peer_id)
        else {
            return number;
        };
        let glimpse = Glimpse {
            at: now,
            peer: number,
            prefix: Arc::clone(&it.who.claim.prefix),
            remote: session.address,
            direction: session.direction,
            listen_port: session.listen_port(it.who.listen_port),
            pieces: seen.pieces,
            set_sum: seen.set_sum,
        };
        let twin = self.twins.compare(glimpse);
        match twin.map(|twin| self.records.root(twin)) {
            Some(twin) if twin != number => self.unite(number, twin, SessionLink::Twin),
            _ => number,
        }
    }

    /// Two records are one peer's. Which one stays.
    fn unite(&mut self, one: PeerNumber, other: PeerNumber, link: SessionLink) -> PeerNumber {
        let (older, younger) = (one.min(other), one.max(other));
        let standing = |number| self.records.get(number).map(|it| it.standing_of_record());
        let (from, into) = match standing(younger) > standing(older) {
            true => (older, younger),
            false => (younger, older),
        };
        self.merge(from, into, link);
        into
    }

    /// The record `from` is of the peer of `into`, and so are its sessions.
    pub(super) fn merge(&mut self, from: PeerNumber, into: PeerNumber, link: SessionLink) {
        if from == into || self.records.get(into).is_none() {
            return;
        }
        let gone = self.records.change(from, |it| {
            it.merged_into = Some(into);
            let gone = it.clone();
            it.presence = Presence::Untold;
            gone
        });
        let Some(gone) = gone else {
            return;
        };
        self.identities.redirect(from, &gone.ids, into);
        self.sessions.reassign(from, into, link);
        let live = self.sessions.is_live(into);
        let newest = self.records.change(into, |it| {
            it.absorb(&gone);
            if live {
                it.presence = Presence::Watched;
            }
            let old = it.ids.peer_id;
            if into < from {
                // The younger record was made by the later session.
                it.ids.peer_id = gone.ids.peer_id;
            }
            (old, it.ids.peer_id)
        });
        if let Some((old, newest)) = newest {
            self.identities.rename(into, gone.ids.peer_id, newest);
            self.identities.rename(into, old, newest);
        }
    }

    /// The endpoint that this peer claims is that of another one, with a session
    /// open and under the same client name: one client with two connections, or
    /// two clients behind one NAT. Those who show different progress are two, and
    /// so are those whose peer id would be the same if they were one.
    pub(super) fn begin_overlap(
        &mut self,
        now: Moment,
        guest: PeerNumber,
        it: &Observed,
        endpoint: u64,
    ) {
        let Some(held) = self.identities.by_endpoint(endpoint) else {
            return;
        };
        let host = self.records.root(held.peer);
        let rival = self
            .records
            .get(host)
            .filter(|host| host.prefix == it.who.claim.prefix);
        let Some(rival) = rival.filter(|_| self.sessions.is_sure(host)) else {
            return;
        };
        let last = rival.history.last();
        let alike = !it.who.claim.keeps_peer_id
            && last.is_some_and(|last| self.alike(last.pieces, seen_in(&it.report)));
        let overlap = Overlap {
            host,
            guest,
            endpoint,
            guest_dialled: it.who.claim.dialled,
            since: now,
        };
        if !alike || !self.overlaps.begin(overlap) {
            self.part(&overlap);
        }
    }

    fn alike(&self, told: u32, seen: &Seen) -> bool {
        let by = &self.terms.yardstick;
        let unsaid = (by.pieces / UNSAID_SHARE).max(1);
        let same_side = by.reached(told) == by.reached(seen.pieces);
        same_side && !seen.provisional && seen.pieces.saturating_add(unsaid) >= told
    }

    /// Two sessions that lasted side by side are two peers behind one endpoint.
    pub(super) fn end_overlaps(&mut self, now: Moment) {
        for overlap in self.overlaps.lasted(now) {
            self.part(&overlap);
        }
    }

    /// They are two: the endpoint links no session to either of them any more, but
    /// for who is reached there by dialling.
    fn part(&mut self, overlap: &Overlap) {
        self.identities.mark_shared(overlap.endpoint);
        let guest = self.records.root(overlap.guest);
        self.records.change(guest, |it| {
            if !it.dialled {
                it.ids.endpoint = Some(overlap.endpoint);
            }
        });
        if overlap.guest_dialled {
            self.hand_over(overlap, guest);
        }
    }

    fn hand_over(&mut self, overlap: &Overlap, guest: PeerNumber) {
        let (endpoint, dialled) = (overlap.endpoint, overlap.guest_dialled);
        self.identities.settle(guest, endpoint, dialled);
        self.records.change(guest, |it| {
            it.ids.endpoint = Some(endpoint);
            it.dialled |= dialled;
        });
    }

    /// The last session of a peer has ended. If another one stood beside it only
    /// for a moment, and the client closed the one, they are one peer: the record
    /// that stays.
    pub(super) fn resolve_overlap(&mut self, own: PeerNumber, parting: Parting) -> PeerNumber {
        let Some(overlap) = self.overlaps.take(own) else {
            return own;
        };
        let (host, guest) = (
            self.records.root(overlap.host),
            self.records.root(overlap.guest),
        );
        if parting == Parting::TheyLeft && host != guest {
            return self.unite(host, guest, SessionLink::ListenPort);
        }
        if own == host && self.sessions.is_live(guest) {
            // Nobody knows; but whoever is there is met there.
            self.hand_over(&overlap, guest);
        }
        own
    }
}

fn seen_in(report: &Report) -> &Seen {
    match report {
        Report::Settled(seen)
        | Report::Replaced(seen)
        | Report::Step(seen)
        | Report::FellBack(seen)
        | Report::PartialSeed(seen) => seen,
        Report::Crossed(crossing) => &crossing.seen,
    }
}
