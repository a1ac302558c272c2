//! Trackers that peers name (BEP 28).

use std::sync::Arc;

use actix::prelude::*;
use slog::info;

use super::{Announced, Swarm, TrackersNamed};

impl Swarm {
    /// A tracker answered, or did not: one that was learnt may be given up.
    pub(super) fn weigh(&mut self, announced: &Announced) {
        let answered = announced.result.is_ok();
        if self.learnt.announced(&announced.tracker, answered) {
            info!(self.log, "a tracker that peers named is given up"; "tracker" => %announced.tracker);
            self.children.dismiss_tracker(&announced.tracker);
            self.shown.forget(&announced.tracker);
        }
    }

    /// BEP 27: none but the torrent's own trackers may know of it.
    pub(super) fn unlearn(&mut self) {
        for url in self.learnt.close() {
            let name = url.redacted();
            self.children.dismiss_tracker(&name);
            self.shown.forget(&name);
        }
    }
}

impl Handler<TrackersNamed> for Swarm {
    type Result = ();

    fn handle(&mut self, named: TrackersNamed, ctx: &mut Self::Context) {
        if self.stopping || !self.plan.greeting.gossip {
            return;
        }
        for url in named.trackers {
            if !self.learnt.hear(named.from, &url) {
                continue;
            }
            let name: Arc<str> = url.redacted().into();
            info!(self.log, "a tracker was learnt of peers"; "tracker" => &*name);
            self.record_event("tracker_learnt", &format!("peers name {name}"));
            self.shown.add(&name);
            self.start_tracker(url, self.plan.info_hash, ctx);
        }
    }
}
