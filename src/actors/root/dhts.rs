//! Our nodes of the DHT, and who has to know of them.

use std::sync::Arc;

use actix::prelude::*;

use crate::actors::dht::{Dht, Follow, NodeNamed, Unfollow};
use crate::actors::listener::{DhtIs, Listener};
use crate::actors::supervision::Class;
use crate::actors::swarm::{RecorderIs, RecorderLinks};
use crate::protocol::address::{IpFamily, canonical_ip};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::conversation::Greeting;

use super::lineage::RESEND_AFTER;
use super::{ChildName, Root};

impl Root {
    /// Tells the nodes of the Recorder; starts those that are not there.
    pub(super) fn introduce_recorder_to_dhts(
        &mut self,
        links: &RecorderLinks,
        ctx: &mut Context<Self>,
    ) {
        let families: Vec<_> = self.dht_plans.iter().map(|it| it.family).collect();
        for family in families {
            match self.dhts.get(&family) {
                Some(dht) => self.deliver(dht, RecorderIs(links.clone()), ctx),
                None => self.start_dht(family, ctx),
            }
        }
    }

    /// Starts the node of a family, and tells the Listener and it of each other's
    /// world.
    pub(super) fn start_dht(&mut self, family: IpFamily, ctx: &mut Context<Self>) {
        if self.stopping.is_some() || self.dhts.contains_key(&family) {
            return;
        }
        let plan = self.dht_plans.iter().find(|it| it.family == family);
        let (Some(links), Some(plan)) = (self.links(), plan.cloned()) else {
            return;
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Dht(family));
        let (clock, log) = (self.clock, self.log.clone());
        let dht = Dht::create(move |ctx| {
            ctx.set_mailbox_capacity(Class::Dht.spec().mailbox);
            Dht::new(plan, links.writes, clock, &log, lifeline)
        });
        self.dhts.insert(family, dht);
        if let Some(listener) = self.listener.clone() {
            self.introduce_dhts(&listener, ctx);
        }
        for info_hash in self.swarms.keys().copied().collect::<Vec<_>>() {
            self.follow(info_hash, ctx);
        }
    }

    /// Tells the Listener whose the datagrams are.
    pub(super) fn introduce_dhts(&self, listener: &Addr<Listener>, ctx: &mut Context<Self>) {
        for (family, dht) in &self.dhts {
            let it = DhtIs {
                family: *family,
                dht: dht.clone().recipient(),
            };
            self.deliver(listener, it, ctx);
        }
    }

    /// Has a torrent's peers looked for by each of its names, unless it is private
    /// (BEP 27).
    pub(super) fn follow(&self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        for follow in self.orders_to_follow(info_hash) {
            for dht in self.dhts.values() {
                if let Err(SendError::Full(_)) = dht.try_send(follow.clone()) {
                    return self.follow_later(info_hash, ctx);
                }
            }
            for lsd in self.lsds.values() {
                if let Err(SendError::Full(_)) = lsd.try_send(follow.clone()) {
                    return self.follow_later(info_hash, ctx);
                }
            }
        }
    }

    /// By then the torrent may have turned out to be private.
    fn follow_later(&self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        ctx.run_later(RESEND_AFTER, move |it, ctx| it.follow(info_hash, ctx));
    }

    /// None for a private torrent, and for one whose Swarm is not there.
    fn orders_to_follow(&self, info_hash: InfoHash) -> Vec<Follow> {
        let plan = self.plans.get(&info_hash);
        let plan = plan.filter(|it| it.greeting.gossip);
        let (Some(plan), Some(swarm)) = (plan, self.swarms.get(&info_hash)) else {
            return Vec::new();
        };
        let names = plan.row.hashes().iter();
        let order = |info_hash| Follow {
            info_hash,
            torrent: plan.torrent,
            finds: swarm.clone().recipient(),
        };
        names.map(order).collect()
    }

    /// A torrent turned out to be private: nobody but its trackers may know of it, nor
    /// of its successor.
    pub(super) fn unfollow(&mut self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        let plan = self.plans.get_mut(&info_hash);
        let Some(plan) = plan.filter(|it| it.greeting.gossip) else {
            return;
        };
        plan.greeting = Arc::new(Greeting {
            gossip: false,
            ..Greeting::clone(&plan.greeting)
        });
        let names = plan.row.hashes();
        for info_hash in names.iter() {
            for dht in self.dhts.values() {
                self.deliver(dht, Unfollow(info_hash), ctx);
            }
            for lsd in self.lsds.values() {
                self.deliver(lsd, Unfollow(info_hash), ctx);
            }
        }
    }
}

impl Handler<NodeNamed> for Root {
    type Result = ();

    fn handle(&mut self, named: NodeNamed, _: &mut Self::Context) {
        let NodeNamed(address) = named;
        let family = IpFamily::of(canonical_ip(address.ip()));
        if let Some(dht) = self.dhts.get(&family) {
            // One that is lost is one of many.
            let _ = dht.try_send(named);
        }
    }
}
