//! What a scripted peer is told of others.

use std::net::SocketAddr;
use std::time::Duration;

use crate::lab::conduct::Offence;
use crate::lab::pace::Pace;
use crate::lab::peer::Plan;
use crate::moment::Moment;
use crate::protocol::peer::pex::{PeerExchange, PexFlags};

/// The number under which a peer takes peer exchange.
pub(super) const ID: u8 = 1;

/// A guest tells of others no more than once in this time (BEP 11).
const GAP: Duration = Duration::from_secs(60);

/// What was told in one connection.
#[derive(Debug, Default)]
pub(in crate::lab::peer) struct Rumours {
    last: Option<Moment>,
    heard: Vec<(SocketAddr, PexFlags)>,
}

impl Rumours {
    /// Whom it was told of since the last call.
    pub(in crate::lab::peer) fn take(&mut self) -> Vec<(SocketAddr, PexFlags)> {
        std::mem::take(&mut self.heard)
    }

    /// The other side tells of others; what is wrong with that.
    pub(super) fn hear(
        &mut self,
        plan: &Plan,
        pace: Pace,
        now: Moment,
        payload: &[u8],
    ) -> Option<Offence> {
        let Ok(mut said) = PeerExchange::decode(payload) else {
            return Some(Offence::BrokenFrame);
        };
        let last = self.last.replace(now);
        // Of who has two addresses nobody knows at once that both are the same.
        let of_itself = |(at, _): &(SocketAddr, _)| plan.also.is_none() && *at == plan.address;
        let of_itself = said.added.iter().any(of_itself);
        self.heard.append(&mut said.added);
        match last {
            Some(last) if now.since(last) < pace.of(GAP) => Some(Offence::HastyGossip),
            _ => of_itself.then_some(Offence::ToldOfItself),
        }
    }
}
