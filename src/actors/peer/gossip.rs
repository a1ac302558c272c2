//! What a session's peer says of others, on its way to the Swarm's Pex, and of its own
//! node of the DHT; and what it is told of others.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::actors::dht::NodeNamed;
use crate::actors::pex::Gossip;
use crate::actors::swarm::TrackersNamed;
use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::protocol::peer::pex::{PeerExchange, PexError};
use crate::protocol::tracker::TrackerUrl;

use crate::swarm::gossip::Ear;

use super::Peer;

impl Peer {
    pub(super) fn ear(&mut self) -> &mut Ear {
        self.ear.get_or_insert_default()
    }

    /// The peer gossips. A Swarm that has no room does without.
    pub(super) fn gossiped(&mut self, now: Moment, message: Result<Box<PeerExchange>, PexError>) {
        let pace = self.context.pace;
        let Some(said) = self.ear().hear(now, message, pace) else {
            return;
        };
        if said.added.is_empty() && said.dropped.is_empty() {
            return;
        }
        let relay = self.relay();
        if relay.is_some() {
            // Until the Swarm has said whether it is worth more.
            self.remains_until
                .get_or_insert(now + self.context.pace.await_orders());
        }
        let gossip = Gossip {
            session: self.session,
            relay,
            from: self.remote.ip(),
            said,
            refused: self.ear().take_refused(),
        };
        let _ = self.context.gossip.try_send(gossip);
    }

    /// The peer names trackers. A Swarm that has no room does without.
    pub(super) fn named_trackers(&mut self, now: Moment, trackers: Vec<TrackerUrl>) {
        let pace = self.context.pace;
        if !trackers.is_empty() && self.ear().hears_of_trackers(now, pace) {
            let from = self.remote.ip();
            let _ = self
                .context
                .trackers
                .try_send(TrackersNamed { from, trackers });
        }
    }

    /// The peer has a node of the DHT: one a session is worth asking.
    pub(super) fn node_named(&mut self, port: u16) {
        let open = self.context.greeting.open_dht().is_some();
        if open && !std::mem::replace(&mut self.has_named_node, true) {
            let node = NodeNamed(SocketAddr::new(self.remote.ip(), port));
            // A Root that has no room does without.
            let _ = self.context.nodes.try_send(node);
        }
    }

    /// The peer has told which extension messages it takes.
    pub(super) fn open_mouth(&mut self, now: Moment) {
        let listens = self
            .conversation
            .hello()
            .is_some_and(|it| it.ids.ut_pex.is_some());
        match listens && self.context.greeting.gossip && self.context.roster.is_some() {
            true => self.mouth.open(now, self.context.pace),
            false => self.mouth.shut(),
        }
    }

    /// Tells the peer what is due of those we met since it was told last (BEP 11).
    pub(super) fn gossip(&mut self, now: Moment) {
        if self.mouth.due().is_none_or(|due| due > now) {
            return;
        }
        let Some(roster) = self
            .context
            .roster
            .as_ref()
            .filter(|_| self.context.greeting.gossip)
        else {
            return self.mouth.shut();
        };
        let roster = Arc::clone(&roster.borrow());
        let listens_at = self
            .listen_port()
            .map(|port| SocketAddr::new(self.remote.ip(), port));
        let own = [self.remote, listens_at.unwrap_or(self.remote)].map(canonical);
        if let Some(said) = self.mouth.speak(now, &roster, &own, self.context.pace) {
            self.conversation.gossip(now, &said);
        }
    }

    /// Whether the peer's first gossip may still come.
    pub(super) fn awaits_gossip(&self) -> bool {
        let exchanges = match self.conversation.hello() {
            Some(hello) => hello.ids.ut_pex.is_some(),
            // Its extension handshake may follow its bitfield.
            None => self.conversation.reserved().is_some_and(|it| it.extended()),
        };
        exchanges
            && self.context.greeting.gossip
            && !self.ear.as_ref().is_some_and(|it| it.has_heard())
    }
}
