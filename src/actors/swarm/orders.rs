//! What Root and the App want of a Swarm.

use std::sync::Arc;

use actix::prelude::*;

use crate::actors::supervision::{Class, Die};
use crate::swarm::book::Figures;

use super::{Ask, KillChild, RecorderIs, Replayed, Stop, Swarm, SwarmFigures};

impl Handler<Replayed> for Swarm {
    type Result = ();

    fn handle(&mut self, Replayed { replay, reply }: Replayed, ctx: &mut Self::Context) {
        let now = self.now();
        let reaction = self
            .book
            .replayed(now, replay.remote, &replay.first, &replay.observed);
        if let Some(reaction) = &reaction
            && self.recording.awaits(reaction.peer)
        {
            // It came before and is on its way: the reply falls, Root asks again.
            return;
        }
        self.record(reaction.and_then(|it| it.rising), Some(reply), ctx);
    }
}

impl Handler<RecorderIs> for Swarm {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, ctx: &mut Self::Context) {
        self.children.introduce(&links);
        self.recorder = links;
        self.flush(ctx);
    }
}

impl Handler<Ask> for Swarm {
    type Result = SwarmFigures;

    fn handle(&mut self, _: Ask, _: &mut Self::Context) -> Self::Result {
        SwarmFigures {
            torrent: self.plan.torrent,
            name: Arc::clone(&self.plan.name),
            measured: self.plan.terms.yardstick.is_known(),
            figures: Figures {
                sessions: self.open_sessions(),
                ..self.book.figures()
            },
            totals: *self.book.tally().totals(),
            trackers: self.shown.trackers(),
            latest: self.shown.latest(),
            queues: self.queues(),
        }
    }
}

impl Handler<Stop> for Swarm {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopping = true;
        self.book.close(self.plan.shared.clock.now());
        self.dismiss_all();
        self.flush(ctx);
        self.finish_if_done(ctx);
    }
}

impl Handler<KillChild> for Swarm {
    type Result = ();

    fn handle(&mut self, KillChild(class): KillChild, _: &mut Self::Context) {
        match class {
            Class::Peer => drop(self.children.first_peer().map(|it| it.try_send(Die))),
            Class::Tracker => drop(self.children.first_tracker().map(|it| it.try_send(Die))),
            Class::Pex => drop(self.children.pex().map(|it| it.try_send(Die))),
            Class::Recorder
            | Class::Dht
            | Class::Lsd
            | Class::Listener
            | Class::Monitor
            | Class::Swarm => {}
        }
    }
}

impl Handler<Die> for Swarm {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the swarm was asked to die");
    }
}
