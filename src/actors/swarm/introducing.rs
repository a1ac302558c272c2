//! Peers that cannot be dialled, and the sessions whose peers may introduce us to them
//! (BEP 55).

use std::net::SocketAddr;

use actix::prelude::*;
use slog::debug;

use crate::actors::peer::{Introduce, Remain};
use crate::actors::pex::Gossip;
use crate::protocol::peer::Holepunch;
use crate::swarm::book::SessionId;
use crate::swarm::facts::Outcome;
use crate::swarm::rendezvous::{Introduction, Step, View};

use super::{HolepunchHeard, Swarm};

impl Swarm {
    /// A relay says whom it is connected to: some of them may be those who do not answer.
    pub(super) fn relay_gossiped(&mut self, gossip: &Gossip, view: View) {
        let (now, relay) = (self.now(), gossip.session);
        let added = || gossip.said.added.iter().map(|(at, _)| *at);
        let dropped = gossip.said.dropped.iter().copied();
        self.rendezvous.named(relay, view, added(), dropped);
        added().for_each(|at| self.seek_introduction(at));
        if self.plan.shared.slots.has_room()
            && added().any(|at| self.book.is_unmet(at))
            && let Some(until) = self.rendezvous.hold(now, relay)
        {
            self.children.try_tell(relay, Remain(until));
        }
    }

    /// Where nobody answers, a relay may help.
    pub(super) fn seek_introduction(&mut self, at: SocketAddr) {
        let now = self.now();
        if let Some(earliest) = self.book.unanswered(at)
            && self.rendezvous.seek(now, at, earliest)
        {
            self.book.await_introduction(at, earliest.max(now));
        }
    }

    /// Asks for the introductions that are due.
    pub(super) fn ask_for_introductions(&mut self) {
        let now = self.now();
        let (book, mut steps) = (&self.book, Vec::new());
        let is_wanted = |at| book.unanswered(at).is_some_and(|due| due <= now);
        while let Some(step) = self.rendezvous.next(now, is_wanted) {
            steps.push(step);
        }
        for step in steps {
            match step {
                Step::Ask(relay, at) => {
                    debug!(self.log, "asking for an introduction"; "session" => relay.0,
                        "address" => self.shown(at));
                    // One that is not told counts as unanswered.
                    self.children.try_tell(relay, Introduce(at));
                }
                Step::Redial(relay) => {
                    if self.book.redial(now, relay) {
                        debug!(self.log, "a relay is dialled anew"; "session" => relay.0);
                        self.children.dismiss(relay, Outcome::Unsettled);
                    }
                }
            }
        }
    }

    /// The peer there dials us now, and we are to dial it.
    fn introduced(&mut self, relay: SessionId, at: SocketAddr, ctx: &mut Context<Self>) {
        let now = self.now();
        let introduction = self.rendezvous.introduced(now, relay, at);
        debug!(self.log, "introduced"; "session" => relay.0, "address" => self.shown(at),
            "how" => ?introduction);
        if self.stopping || introduction == Introduction::TooMuch {
            return;
        }
        if let Some(slot) = self.plan.shared.slots.take(now, self.plan.torrent)
            && let Some(contact) = self.book.introduced(now, at)
        {
            self.begin(contact, slot, ctx);
        }
    }
}

impl Handler<HolepunchHeard> for Swarm {
    type Result = ();

    fn handle(&mut self, message: HolepunchHeard, ctx: &mut Self::Context) {
        match message.heard {
            Holepunch::Connect(at) => self.introduced(message.session, at, ctx),
            Holepunch::Error(at, why) => {
                let now = self.now();
                self.rendezvous.refused(now, message.session, at, why);
            }
            // The conversation refuses it.
            Holepunch::Rendezvous(_) => {}
        }
    }
}
