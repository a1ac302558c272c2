//! What the peers of a Swarm say of each other, on its way to its Pex and back.

use std::sync::Arc;

use actix::prelude::*;
use slog::debug;

use crate::actors::pex::Gossip;

use super::{Rumoured, Swarm};

impl Swarm {
    /// Sessions tell their peers of those on the newest roster.
    pub(super) fn publish_roster(&mut self) {
        if let Some(roster) = self.book.roster(self.now()) {
            self.roster.send_replace(Arc::new(roster));
        }
    }
}

impl Handler<Gossip> for Swarm {
    type Result = ();

    fn handle(&mut self, gossip: Gossip, _: &mut Self::Context) {
        if let Some(view) = gossip.relay {
            self.relay_gossiped(&gossip, view);
        }
        if !self.children.hand_on(gossip) {
            debug!(self.log, "a peer's gossip was dropped");
        }
    }
}

impl Handler<Rumoured> for Swarm {
    type Result = ();

    fn handle(&mut self, Rumoured(named): Rumoured, ctx: &mut Self::Context) {
        if !self.plan.greeting.gossip {
            // It was on its way when the torrent turned out to be private.
            return;
        }
        self.book.rumoured(self.now(), &named);
        self.contact(ctx);
    }
}
