//! A session whose peer may introduce us to others (BEP 55).

use std::net::SocketAddr;

use actix::prelude::*;

use crate::actors::swarm::HolepunchHeard;
use crate::moment::Moment;
use crate::protocol::peer::{Holepunch, Transport};
use crate::swarm::facts::Direction;
use crate::swarm::rendezvous::View;

use super::{Peer, Stage};

/// Swarm -> Peer: ask your peer to introduce us to the one at this address.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Introduce(pub SocketAddr);

/// Swarm -> Peer: your peer may yet have to introduce us: do not leave it before then.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Remain(pub Moment);

impl Peer {
    /// Where the peer sees us, if it takes part in hole punching.
    pub(super) fn relay(&self) -> Option<View> {
        let hello = self.conversation.hello();
        let takes_part = hello.is_some_and(|it| it.ids.ut_holepunch.is_some())
            && self.context.greeting.introduced();
        let by_tcp = self.ways.way().transport == Transport::Tcp;
        takes_part.then_some(match self.direction == Direction::Outgoing && by_tcp {
            true => View::Abroad,
            false => View::AtHome,
        })
    }

    /// The peer introduces us, or does not. A Swarm that has no room does without.
    pub(super) fn heard_of_holes(&mut self, now: Moment, heard: Holepunch) {
        let pace = self.context.pace;
        if self.ear().hears_of_holes(now, pace) {
            let session = self.session;
            let message = HolepunchHeard { session, heard };
            let _ = self.context.holes.try_send(message);
        }
    }
}

impl Handler<Introduce> for Peer {
    type Result = ();

    fn handle(&mut self, Introduce(target): Introduce, _: &mut Self::Context) {
        let now = self.context.clock.now();
        if matches!(self.stage, Stage::Open(_)) {
            self.conversation.ask_rendezvous(now, target);
        }
    }
}

impl Handler<Remain> for Peer {
    type Result = ();

    fn handle(&mut self, Remain(until): Remain, _: &mut Self::Context) {
        self.remains_until = Some(until);
    }
}
