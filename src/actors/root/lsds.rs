//! Local discovery, one actor a family.

use actix::prelude::*;

use crate::actors::lsd::Lsd;
use crate::actors::supervision::Class;
use crate::protocol::address::IpFamily;

use super::{ChildName, Root};

impl Root {
    /// Starts those that are not there.
    pub(super) fn start_lsds(&mut self, ctx: &mut Context<Self>) {
        let families: Vec<_> = self.lsd_plans.iter().map(|it| it.family).collect();
        for family in families {
            self.start_lsd(family, ctx);
        }
    }

    /// Starts that of a family, and has it follow all torrents that are not private.
    pub(super) fn start_lsd(&mut self, family: IpFamily, ctx: &mut Context<Self>) {
        if self.stopping.is_some() || self.lsds.contains_key(&family) {
            return;
        }
        let plan = self.lsd_plans.iter().find(|it| it.family == family);
        let Some(plan) = plan.cloned() else {
            return;
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Lsd(family));
        let (clock, log) = (self.clock, self.log.clone());
        let lsd = Lsd::create(move |ctx| {
            ctx.set_mailbox_capacity(Class::Lsd.spec().mailbox);
            Lsd::new(plan, clock, &log, lifeline)
        });
        self.lsds.insert(family, lsd);
        for info_hash in self.swarms.keys().copied().collect::<Vec<_>>() {
            self.follow(info_hash, ctx);
        }
    }
}
