//! The orderly end of a run: children in the order of their stop ranks, then the
//! store; all within a bound of time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::prelude::*;
use slog::{error, info, warn};

use crate::actors::swarm::Stop;
use crate::actors::{dht, listener, lsd, monitor, recorder};
use crate::store::StoreError;

use super::{Root, RunEnd, Shutdown};

/// The time that swarms have to end: goodbyes to trackers, the last rows.
const SWARMS_TIMEOUT: Duration = Duration::from_secs(6);

/// How often a Recorder that died on the end is started again for it.
const CLOSE_TRIES: u32 = 2;

/// The time that its death needs to be heard of.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How far the end has come.
pub(super) struct Stopping {
    end: RunEnd,
    swarms_given_up: bool,
    closing_store: bool,
    tries: u32,
}

impl Root {
    /// Begins the end, once.
    pub(super) fn begin_stopping(&mut self, end: RunEnd, ctx: &mut Context<Self>) {
        if self.stopping.is_some() {
            return;
        }
        info!(self.log, "stopping");
        self.stopping = Some(Stopping {
            end,
            swarms_given_up: false,
            closing_store: false,
            tries: 0,
        });
        // It may just have died, and the end needs one.
        self.start_recorder(ctx);
        if let Some(listener) = self.listener.clone() {
            self.deliver(&listener, listener::Close, ctx);
        }
        if let Some(monitor) = self.monitor.clone() {
            self.deliver(&monitor, monitor::Close, ctx);
        }
        for dht in self.dhts.values().cloned().collect::<Vec<_>>() {
            self.deliver(&dht, dht::Close, ctx);
        }
        for lsd in self.lsds.values().cloned().collect::<Vec<_>>() {
            self.deliver(&lsd, lsd::Close, ctx);
        }
        for swarm in self.swarms.values().cloned().collect::<Vec<_>>() {
            self.deliver(&swarm, Stop, ctx);
        }
        ctx.run_later(SWARMS_TIMEOUT, |it, ctx| {
            if let Some(stopping) = &mut it.stopping {
                stopping.swarms_given_up = true;
            }
            if !it.swarms.is_empty() {
                warn!(it.log, "some swarms did not end in time"; "swarms" => it.swarms.len());
            }
            it.go_on_stopping(ctx);
        });
        self.go_on_stopping(ctx);
    }

    /// The next step, if its turn has come.
    pub(super) fn go_on_stopping(&mut self, ctx: &mut Context<Self>) {
        let waiting = !self.swarms.is_empty()
            || !self.dhts.is_empty()
            || !self.lsds.is_empty()
            || self.listener.is_some()
            || self.monitor.is_some();
        let Some(stopping) = &mut self.stopping else {
            return;
        };
        if (waiting && !stopping.swarms_given_up) || stopping.closing_store {
            return;
        }
        stopping.closing_store = true;
        self.start_recorder(ctx);
        self.note_lost_log_lines(ctx);
        let Some(recorder) = self.recorder.clone() else {
            return self.end(ctx);
        };
        let close = recorder.send(recorder::Close).into_actor(self);
        ctx.spawn(close.map(|answer, it, ctx| it.closed(answer, ctx)));
    }

    /// What the log does not hold, the store says.
    fn note_lost_log_lines(&self, ctx: &mut Context<Self>) {
        let lost = self.lost_log_lines.load(Ordering::Acquire);
        if lost > 0 {
            let text = format!("{lost} lines did not reach bta.log");
            self.record_event("log_lines_lost", &text, ctx);
        }
    }

    fn closed(
        &mut self,
        answer: Result<Result<(), StoreError>, MailboxError>,
        ctx: &mut Context<Self>,
    ) {
        if let Some(stopping) = &mut self.stopping {
            match answer {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => stopping.end = RunEnd::StoreFailed(failure),
                Err(_) if stopping.tries < CLOSE_TRIES => {
                    warn!(self.log, "the recorder died on the end, once more");
                    stopping.tries += 1;
                    stopping.closing_store = false;
                    ctx.run_later(RETRY_AFTER, |it, ctx| it.go_on_stopping(ctx));
                    return;
                }
                Err(_) => error!(self.log, "the store was not closed in order"),
            }
        }
        self.end(ctx);
    }

    fn end(&mut self, ctx: &mut Context<Self>) {
        if self.replays > 0 {
            error!(self.log, "crossings are lost: their swarm did not come back";
                "crossings" => self.replays);
        }
        if let (Some(ended), Some(stopping)) = (self.ended.take(), self.stopping.take()) {
            // Whoever does not wait for the end needs no word of it.
            let _ = ended.send(stopping.end);
        }
        ctx.stop();
    }
}

impl Handler<Shutdown> for Root {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.begin_stopping(RunEnd::Stopped, ctx);
    }
}
