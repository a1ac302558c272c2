//! Our nodes of the DHT, and who has to know of them.

use std::sync::Arc;

use actix::prelude::*;

use crate::actors::dht::{Dht, Follow, Unfollow};
use crate::actors::listener::{DhtIs, Listener};
use crate::actors::supervision::Class;
use crate::actors::swarm::{RecorderIs, RecorderLinks};
use crate::protocol::dht::IpFamily;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::conversation::Greeting;

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

    /// Has a torrent's peers looked for, unless it is private (BEP 27).
    pub(super) fn follow(&self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        let plan = self.plans.get(&info_hash);
        let (Some(plan), Some(swarm)) = (plan, self.swarms.get(&info_hash)) else {
            return;
        };
        if !plan.greeting.gossip {
            return;
        }
        for info_hash in plan.row.hashes().iter() {
            for dht in self.dhts.values() {
                let follow = Follow {
                    info_hash,
                    torrent: plan.torrent,
                    finds: swarm.clone().recipient(),
                };
                self.deliver(dht, follow, ctx);
            }
        }
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
        }
    }
}
