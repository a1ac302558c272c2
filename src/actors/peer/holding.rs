//! Whether a session is held, and given up for others.

use actix::prelude::*;

use crate::moment::Moment;
use crate::swarm::facts::{Direction, Outcome};
use crate::swarm::schedule::{Hold, SessionView, hold, offer, still_due};

use super::{Known, Over, Peer};

impl Peer {
    /// Whether to stay (design, section 7).
    pub(super) fn review(&mut self, now: Moment) {
        let Some(view) = self.view(now) else {
            // Nobody gave the metadata in this time: others may have the slot.
            return self.end(now, Over::Ours(Outcome::Unsettled));
        };
        match hold(now, &view, self.context.discipline, self.context.pace) {
            Hold::Until(moment) => self.review_at = Some(moment),
            Hold::Leave => match self.remains_until.filter(|until| *until > now) {
                Some(until) => self.review_at = Some(until),
                None => return self.end(now, Over::Ours(Outcome::Unsettled)),
            },
        }
        self.offer(now, &view);
    }

    /// When sessions are short another may have the slot.
    fn offer(&self, now: Moment, view: &SessionView) {
        if let Some(offer) = offer(now, view, self.context.pace) {
            self.slot.offer(offer);
        }
    }

    /// What decides whether to stay; nothing before the number of pieces is known.
    fn view(&self, now: Moment) -> Option<SessionView> {
        let progress = self.progress.as_ref()?;
        let settled = progress.settled();
        let family = self.conversation.family();
        let foreseen = self.foreseen_finish;
        let foreseen = foreseen.and_then(|it| still_due(now, it, family, self.context.pace));
        Some(SessionView {
            opened_at: self.opened_at,
            // Who was introduced called us, too.
            direction: match self.ways.are_through_a_hole() {
                true => Direction::Incoming,
                false => self.direction,
            },
            dialable: self.dialable,
            // An honest empty peer is told from a super-seeder by 5 s of silence.
            settled: settled && progress.poll_timeout().is_none(),
            changes: progress.changes(),
            complete: settled && self.context.yardstick.reached(progress.count()),
            awaits_gossip: self.awaits_gossip(),
            expected_finish: self.expected_finish(now).into_iter().chain(foreseen).min(),
            priority: self.slot.priority(
                self.context.greeting.listen_port.unwrap_or_default(),
                self.remote,
            ),
        })
    }
}

impl Handler<Known> for Peer {
    type Result = ();

    fn handle(&mut self, known: Known, _: &mut Self::Context) {
        self.dialable = known.dialable;
        self.foreseen_finish = known.expected_finish;
        let now = self.context.clock.now();
        if let Some(view) = self.view(now) {
            self.offer(now, &view);
        }
    }
}
