//! A Tracker in an outage of our own network: it waits, is charged with nothing, and
//! announces soon after.

use std::time::Duration;

use actix::prelude::*;
use rand::Rng;
use slog::debug;

use crate::moment::Moment;
use crate::protocol::tracker::{AnnounceEvent, TrackerError};

use super::Tracker;
use crate::actors::lifesigns::Turned;

/// While nobody answers the tracker is asked so often, to notice that somebody does.
const TRY_EVERY: Duration = Duration::from_secs(60);

/// All that is overdue when the network is back is announced within this time.
const CATCH_UP: Duration = Duration::from_secs(3);

/// What an outage leaves to be made up for.
#[derive(Debug, Default)]
pub(super) struct Arrears {
    /// An announce was due, and was not made.
    due: bool,
    /// When the announce began that is under way.
    asking: Option<Moment>,
    /// From when to when the last announce failed, if it was by silence.
    failed: Option<(Moment, Moment)>,
    /// The cadence backs off from that failure.
    charged: bool,
}

impl Arrears {
    pub(super) fn asks(&mut self, now: Moment) {
        (self.due, self.asking) = (false, Some(now));
    }

    pub(super) fn answered(&mut self) {
        (self.asking, self.failed, self.charged) = (None, None, false);
    }
}

impl Tracker {
    /// An announce is due: now, or when the network is back.
    pub(super) fn announce_is_due(&mut self, ctx: &mut Context<Self>) {
        if self.plan.signs.is_cut_off() && !self.arrears.due {
            debug!(self.log, "the network is down: the announce waits");
            self.arrears.due = true;
            return self.announce_in(TRY_EVERY, ctx);
        }
        let event = match self.knows_us {
            true => AnnounceEvent::None,
            false => AnnounceEvent::Started,
        };
        self.announce(event, ctx);
    }

    pub(super) fn announce_in(&mut self, wait: Duration, ctx: &mut Context<Self>) {
        if let Some(before) = self
            .timer
            .replace(ctx.run_later(wait, Self::announce_is_due))
        {
            ctx.cancel_future(before);
        }
    }

    /// When to try again after a failure: an outage is not the tracker's.
    pub(super) fn after_failure(
        &mut self,
        begun: Moment,
        now: Moment,
        failure: &TrackerError,
    ) -> Moment {
        let by_silence = failure.is_of_the_address();
        self.arrears.failed = by_silence.then_some((begun, now));
        match by_silence && self.plan.signs.was_cut(now, begun, now) {
            true => now + TRY_EVERY,
            false => {
                self.arrears.charged = true;
                self.cadence.after_error(now, failure, rand::random())
            }
        }
    }

    /// The network is back: what it cost is made up for.
    fn catch_up(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let was_cut = |(from, to)| self.plan.signs.was_cut(now, from, to);
        let failed = self.arrears.failed.is_some_and(was_cut);
        let hangs = self.arrears.asking.is_some_and(|it| was_cut((it, now)));
        if failed && std::mem::take(&mut self.arrears.charged) {
            self.cadence.pardon();
        }
        if !(self.arrears.due || failed || hangs) {
            return;
        }
        if hangs && let Some(exchange) = self.exchange.take() {
            ctx.cancel_future(exchange);
        }
        let wait = CATCH_UP.mul_f64(rand::rng().random_range(0.0..1.0));
        self.announce_in(wait, ctx);
    }
}

impl StreamHandler<Turned> for Tracker {
    fn handle(&mut self, _: Turned, ctx: &mut Self::Context) {
        if !self.leaving && !self.plan.signs.is_cut_off() {
            self.catch_up(ctx);
        }
    }

    /// It ends with the run, not the Tracker with it.
    fn finished(&mut self, _: &mut Self::Context) {}
}
