//! Pex: what the peers of one torrent gossip about each other.
//!
//! Owns: the rumours of its swarm. Receives: [`Gossip`], [`Finish`]. Sends:
//! [`Rumoured`] to its Swarm, at most one a second.
//! Stops when: told to.
//! When full: the Swarm drops gossip that it cannot hand on, and counts it in the
//! log; addresses that the Swarm does not take are offered again with the next
//! batch, up to a bound.

use std::net::IpAddr;

use actix::prelude::*;
use slog::{Logger, debug};

use crate::clock::Clock;
use crate::protocol::peer::pex::PeerExchange;
use crate::swarm::book::SessionId;
use crate::swarm::gossip::{Refused, RumourCounts, Rumours};
use crate::swarm::pace::Pace;
use crate::swarm::rendezvous::View;

use super::supervision::{Die, Lifeline};
use super::swarm::Rumoured;

/// Peer -> Swarm -> Pex: whom a peer says it is connected to.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Gossip {
    /// The session.
    pub session: SessionId,
    /// Who says so may introduce us to them (BEP 55), and sees us so.
    pub relay: Option<View>,
    /// Who says so.
    pub from: IpAddr,
    /// What it says.
    pub said: Box<PeerExchange>,
    /// What was not taken from it since its last gossip.
    pub refused: Refused,
}

/// Swarm -> Pex: end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Finish;

/// What the peers of one torrent gossip.
pub struct Pex {
    rumours: Rumours,
    refused: Refused,
    /// The next batch, if there is anything to pass on.
    batch: Option<SpawnHandle>,
    swarm: Recipient<Rumoured>,
    pace: Pace,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Pex {
    /// One that has heard nothing yet.
    pub fn new(
        pace: Pace,
        swarm: Recipient<Rumoured>,
        clock: Clock,
        log: Logger,
        lifeline: Lifeline,
    ) -> Self {
        Pex {
            rumours: Rumours::new(pace),
            refused: Refused::default(),
            batch: None,
            swarm,
            pace,
            clock,
            log,
            lifeline,
        }
    }

    fn arm(&mut self, ctx: &mut Context<Self>) {
        if self.batch.is_none() {
            let batch = ctx.run_later(self.pace.gossip_batch(), Self::pass_on);
            self.batch = Some(batch);
        }
    }

    fn pass_on(&mut self, ctx: &mut Context<Self>) {
        self.batch = None;
        let named = self.rumours.take();
        if named.is_empty() {
            return;
        }
        let RumourCounts {
            taken,
            repeated,
            dropped,
        } = self.rumours.counts();
        let Refused {
            hasty,
            unreadable,
            addresses: excess,
        } = self.refused;
        debug!(self.log, "peers were named by gossip"; "addresses" => named.len(),
            "taken" => taken, "repeated" => repeated, "dropped" => dropped,
            "hasty" => hasty, "unreadable" => unreadable, "excess" => excess);
        // A Swarm that is gone starts its successor with a Pex of its own.
        if let Err(SendError::Full(Rumoured(named))) = self.swarm.try_send(Rumoured(named)) {
            self.rumours.put_back(named);
            self.arm(ctx);
        }
    }
}

impl Actor for Pex {
    type Context = Context<Self>;
}

impl Handler<Gossip> for Pex {
    type Result = ();

    fn handle(&mut self, gossip: Gossip, ctx: &mut Self::Context) {
        let now = self.clock.now();
        self.refused.add(gossip.refused);
        self.rumours.hear(now, gossip.from, &gossip.said.added);
        self.arm(ctx);
    }
}

impl Handler<Finish> for Pex {
    type Result = ();

    fn handle(&mut self, _: Finish, ctx: &mut Self::Context) {
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Handler<Die> for Pex {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the exchange was asked to die");
    }
}
