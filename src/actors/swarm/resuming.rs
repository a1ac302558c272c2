//! How a swarm goes on from what the store knows.

use actix::prelude::*;
use slog::info;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;
use crate::store::Loaded;
use crate::swarm::book::Book;
use crate::swarm::facts::{Attempt, Outcome, Source};

use super::{Swarm, TICK, rows};

impl Swarm {
    /// The store has told what it knows: the book goes on from there.
    pub(super) fn loaded(&mut self, loaded: Loaded, ctx: &mut Context<Self>) {
        let now = self.now();
        self.recall_metadata(loaded.metadata.as_deref());
        self.book = Book::new(self.plan.terms.clone(), loaded.next_peer);
        for (number, row) in &loaded.peers {
            let peer = rows::restored(row, loaded.confirmed.get(number).copied());
            self.book.restore(*number, peer);
        }
        for row in &loaded.outcomes {
            let key = rows::outcome_key(row);
            self.book.tally().restore_outcome(key, row.count);
        }
        for row in &loaded.sources {
            let tally = rows::source_tally(&row.counts);
            self.book
                .tally()
                .restore_source(row.hour, row.source, tally);
        }
        self.count_lost(now, &loaded);
        // The predecessor may have knocked there just now.
        let knock_at = now + self.plan.terms.pace.contact_gap();
        self.book
            .recall(knock_at, &std::mem::take(&mut self.addresses));
        if !self.plan.named_peers.is_empty() {
            self.book.found(now, Source::Magnet, &self.plan.named_peers);
        }
        info!(self.log, "swarm begins"; "peers_known" => loaded.peers.len(), "confirmed" => loaded.confirmed.len());
        for name in self.plan.row.hashes().iter() {
            self.start_trackers(name, ctx);
        }
        self.start_pex(ctx);
        ctx.run_interval(TICK, Self::tick);
    }

    /// Contacts that a predecessor began and did not see end.
    fn count_lost(&mut self, now: Moment, loaded: &Loaded) {
        let begun: u64 = loaded.sources.iter().map(|it| it.counts.contacted).sum();
        let contacts = loaded.outcomes.iter();
        let contacts = contacts.filter(|it| {
            let attempt = it.counted.attempt();
            attempt.is_some_and(|it| it != Attempt::Incoming)
        });
        let ended: u64 = contacts.map(|it| it.count).sum();
        for _ in ended..begun {
            let tally = self.book.tally();
            tally.ended(now, Attempt::Later, Family::Other, Outcome::Crashed);
        }
    }
}
