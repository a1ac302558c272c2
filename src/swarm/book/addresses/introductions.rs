//! Addresses that are contacted out of turn, or in another way, because peers introduce
//! us to who is there (BEP 55).

use std::net::SocketAddr;

use crate::moment::Moment;
use crate::swarm::facts::{Attempt, PeerNumber};

use super::{Address, Addresses};

impl Addresses {
    /// An address out of turn, if it may be contacted now; it is busy from here on.
    pub(in crate::swarm::book) fn take(
        &mut self,
        now: Moment,
        at: SocketAddr,
        is_met: impl Fn(PeerNumber) -> bool,
    ) -> Option<Attempt> {
        let address = self.known.get_mut(&at)?;
        let taken = address.busy || address.own || address.peer.is_some_and(&is_met);
        if taken || address.introducible(self.pace) > now {
            return None;
        }
        self.agenda.cancel(at);
        let attempt = address.occupy();
        address.introduced = true;
        Some(attempt)
    }

    /// The next contact is to come no sooner than `due`: a better one may come first. Once
    /// a contact: who names the address again and again does not keep us from it.
    pub(in crate::swarm::book) fn delay(&mut self, at: SocketAddr, due: Moment) {
        if let Some(address) = self.known.get_mut(&at).filter(|it| !it.delayed)
            && self.agenda.due(at).is_some_and(|planned| planned < due)
        {
            address.delayed = true;
            self.agenda.plan(at, due, address.rank);
        }
    }

    /// Where nobody answered the last contact, and none is under way: when an introduction
    /// may lead there.
    pub(in crate::swarm::book) fn unanswered(&self, at: SocketAddr) -> Option<Moment> {
        let address = self.known.get(&at)?;
        let silent = address.contacts.is_silent() && !address.busy && !address.own;
        silent.then(|| address.introducible(self.pace))
    }

    /// The session there is given up for one by uTP: once an hour at most.
    pub(in crate::swarm::book) fn redial(&mut self, now: Moment, at: SocketAddr) -> bool {
        let hour = self.pace.rendezvous_hour();
        let address = self.known.get_mut(&at).filter(|it| it.busy);
        let due = |it: &Address| it.redialled_at.is_none_or(|then| now.since(then) >= hour);
        let Some(address) = address.filter(|it| due(it)) else {
            return false;
        };
        (address.to_redial, address.redialled_at) = (true, Some(now));
        true
    }
}
