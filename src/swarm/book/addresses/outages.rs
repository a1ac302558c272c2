//! What becomes of contacts while our own network is down.

use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::swarm::facts::{Attempt, Direction, PeerNumber};
use crate::swarm::outage::Asked;
use crate::swarm::schedule::{Parting, Standing};

use super::{Address, Addresses};

/// Who called us in this time should still be there.
const LATELY: Duration = Duration::from_secs(600);

impl Address {
    /// By what it is expected to answer when it is dialled, if it is.
    pub(in crate::swarm::book) fn expected(&self, now: Moment) -> Option<Asked> {
        let called = self.peer.is_some() && self.contacts.contacts == 0;
        match self.answers() {
            true => Some(Asked::Peer),
            false if called && now.since(self.known_at) < LATELY => Some(Asked::Caller),
            false => None,
        }
    }
}

impl Addresses {
    /// Who is to be tried although the network of a family is down.
    /// Who is met elsewhere, or came in, is left alone.
    pub(in crate::swarm::book) fn next_parked(
        &mut self,
        family: IpFamily,
        is_met: impl Fn(PeerNumber) -> bool,
    ) -> Option<(SocketAddr, Attempt)> {
        let index = self.parked.iter().position(|at| {
            let known = self.known.get(at);
            let alone = known.is_some_and(|it| {
                let met = it.peer.is_some_and(&is_met);
                !it.busy && !it.own && !met
            });
            alone && IpFamily::of(at.ip()) == family
        });
        let at = self.parked.remove(index?)?;
        Some((at, self.known.get_mut(&at)?.occupy()))
    }

    /// The network of a family is back: whoever was parked is due.
    pub(in crate::swarm::book) fn unpark(&mut self, now: Moment, family: IpFamily) {
        for at in std::mem::take(&mut self.parked) {
            if IpFamily::of(at.ip()) != family {
                self.parked.push_back(at);
            } else if let Some(address) = self.known.get(&at)
                && !address.busy
                && self.agenda.due(at).is_none()
            {
                self.agenda.plan(at, now, address.rank);
            }
        }
    }

    /// Plans contacts now with some who are expected to answer, and are alone; how many.
    pub(in crate::swarm::book) fn call_on(
        &mut self,
        now: Moment,
        family: IpFamily,
        most: u32,
        is_met: impl Fn(PeerNumber) -> bool,
    ) -> u32 {
        let may = |at: &SocketAddr, it: &Address| {
            let alone = !it.busy && !it.own && !it.peer.is_some_and(&is_met);
            let answers = it.expected(now).is_some() && it.contacts.earliest(self.pace) <= now;
            alone && answers && IpFamily::of(at.ip()) == family
        };
        let known = self.known.iter().filter(|(at, it)| may(at, it));
        let known = known.map(|(at, it)| (it.answers(), *at, it.rank));
        let mut known: Vec<_> = known.collect();
        known.sort_unstable_by_key(|it| !it.0);
        known.truncate(most as usize);
        for (_, at, rank) in &known {
            self.agenda.plan(*at, now, *rank);
        }
        known.len() as u32
    }

    /// Our own network ended the session or contact: the peer is looked for again soon.
    pub(in crate::swarm::book) fn release_unheard(
        &mut self,
        now: Moment,
        at: SocketAddr,
        direction: Direction,
        parting: Parting,
        standing: Option<&Standing>,
    ) {
        if parting.reached() {
            self.release(now, at, direction, parting, standing);
        }
        let Some(address) = self.known.get_mut(&at) else {
            return;
        };
        address.busy &= direction == Direction::Incoming;
        if address.busy || address.own {
            return;
        }
        let due = address.contacts.after_outage(now, self.pace);
        if parting.reached() && self.agenda.due(at).is_some_and(|it| it <= due) {
            return;
        }
        self.agenda.plan(at, due, address.rank);
    }
}

#[cfg(test)]
impl Address {
    pub(in crate::swarm::book) fn failures(&self) -> u32 {
        self.contacts.failures
    }
}
