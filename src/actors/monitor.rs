//! Monitor: samples how the run and its machine do, and notices when our own network is
//! down.
//!
//! Owns: nothing but what the last sample leaves to the next. Receives:
//! [`RecorderIs`], [`Close`]. Sends: `AskAll` to Root, one sample in ten seconds to the
//! Recorder, and an event where the network goes or comes.
//! Stops when: told to.
//! When full: a sample that the Recorder has no room for is dropped; the next one
//! follows. Events are sent again.
//!
//! What a gauge means and in which unit is written in `docs/store.md`.

mod busy;
mod network;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::prelude::*;
use slog::{Logger, debug};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::moment::Moment;
use crate::net::usage;
use crate::store::Record;
use crate::store::records::{EventRow, SampleRow};
use crate::swarm::facts::Direction;
use crate::swarm::outage::LOOK_EVERY;

use super::recorder::Write;
use super::root::AskAll;
use super::slots::Slots;
use super::supervision::{Die, Lifeline, Restarts};
use super::swarm::{RecorderIs, SwarmFigures};
use busy::{ArbiterIs, Busy};
pub use network::Outlook;

/// Time between samples, which stand at full multiples of it.
const EVERY: Duration = Duration::from_secs(10);

/// Swarms that answer later than this are left out of a sample.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Root -> Monitor: take no more samples, and end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Close;

/// What a Monitor watches; kept by Root to begin it again.
#[derive(Clone)]
pub struct MonitorPlan {
    /// The run's sessions.
    pub slots: Slots,
    /// The run's arbiters but Root's own, by the names that their gauges have.
    pub arbiters: Vec<(Arc<str>, ArbiterHandle)>,
    /// Actors that were started again.
    pub restarts: Restarts,
    /// Lines that the log has lost.
    pub lost_log_lines: Arc<AtomicU64>,
    /// What the network is looked at by.
    pub outlook: Outlook,
}

/// Samples how the run and its machine do.
pub struct Monitor {
    plan: MonitorPlan,
    swarms: Recipient<AskAll>,
    recorder: Recipient<Write>,
    busy: Vec<Busy>,
    /// How long the last sample was on its way to the disk.
    stored_in: Option<Duration>,
    /// Events that are still to be stored.
    unsaved: Vec<EventRow>,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

type Gauges = Vec<(Arc<str>, u64)>;

impl Monitor {
    /// A monitor of what `plan` names and of what the `swarms` answer.
    pub fn new(
        plan: MonitorPlan,
        swarms: Recipient<AskAll>,
        recorder: Recipient<Write>,
        clock: Clock,
        log: Logger,
        lifeline: Lifeline,
    ) -> Self {
        Monitor {
            plan,
            swarms,
            recorder,
            busy: Vec::new(),
            stored_in: None,
            unsaved: Vec::new(),
            clock,
            log,
            lifeline,
        }
    }

    /// Takes a sample, now and at each multiple of [`EVERY`].
    fn sample(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let every = EVERY.as_millis() as u64;
        let next = Moment::from_millis((now.as_millis() / every + 1) * every);
        ctx.run_later(next.since(now), Self::sample);
        let asked = tokio::time::timeout(ASK_TIMEOUT, self.swarms.send(AskAll));
        ctx.spawn(asked.into_actor(self).map(move |answer, it, ctx| {
            let swarms = answer.ok().and_then(Result::ok);
            let gauges = it.gauges(swarms.as_deref());
            it.store(SampleRow { at: now, gauges }, ctx);
        }));
    }

    fn gauges(&mut self, swarms: Option<&[SwarmFigures]>) -> Gauges {
        let slots = &self.plan.slots;
        let mut gauges: Vec<(&str, Option<u64>)> = vec![
            (
                "sessions_outgoing",
                Some(slots.used_by(Direction::Outgoing) as u64),
            ),
            (
                "sessions_incoming",
                Some(slots.used_by(Direction::Incoming) as u64),
            ),
            ("sessions_limit", Some(slots.total() as u64)),
            ("restarts", Some(self.plan.restarts.total())),
            (
                "log_lines_lost",
                Some(self.plan.lost_log_lines.load(Ordering::Acquire)),
            ),
            ("memory_bytes", usage::memory_bytes()),
            ("descriptors", usage::descriptors()),
            ("descriptors_limit", usage::descriptor_limit()),
            ("load_permille", usage::load_permille()),
            (
                "recorder_delay_ms",
                self.stored_in.map(|it| it.as_millis() as u64),
            ),
        ];
        if let Some(swarms) = swarms {
            let sum =
                |of: fn(&SwarmFigures) -> usize| Some(swarms.iter().map(of).sum::<usize>() as u64);
            gauges.extend([
                ("swarms", Some(swarms.len() as u64)),
                ("addresses", sum(|it| it.figures.addresses)),
                ("observations_waiting", sum(|it| it.queues.observations)),
                ("crossings_waiting", sum(|it| it.queues.crossings)),
                ("rows_waiting", sum(|it| it.queues.rows)),
                ("batches_waiting", sum(|it| it.queues.batches)),
                ("rises_waiting", sum(|it| it.queues.rises)),
            ]);
        }
        let known = gauges
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), value?)));
        let now = self.clock.now();
        let busy = self.busy.iter_mut().filter_map(|it| it.gauge(now));
        known.chain(busy).collect()
    }

    fn store(&mut self, sample: SampleRow, ctx: &mut Context<Self>) {
        let sent = self.clock.now();
        let (done, receipt) = oneshot::channel();
        let write = Write {
            records: vec![Record::Sample(sample)],
            done: Some(done),
        };
        if self.recorder.try_send(write).is_err() {
            debug!(self.log, "a sample was dropped");
        }
        ctx.spawn(receipt.into_actor(self).map(move |answer, it, _| {
            it.stored_in = answer.is_ok().then(|| it.clock.now().since(sent));
        }));
    }
}

impl Actor for Monitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let now = self.clock.now();
        let own = Handle::current().metrics();
        self.busy.push(Busy::new("coordinator".into(), own, now));
        for (name, arbiter) in &self.plan.arbiters {
            busy::ask(arbiter, name, &ctx.address());
        }
        self.sample(ctx);
        ctx.run_interval(LOOK_EVERY, |it, ctx| {
            it.look_out();
            it.save_events(ctx);
        });
    }
}

impl Handler<ArbiterIs> for Monitor {
    type Result = ();

    fn handle(&mut self, ArbiterIs { name, metrics }: ArbiterIs, _: &mut Self::Context) {
        self.busy.push(Busy::new(name, metrics, self.clock.now()));
        self.busy.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

impl Handler<RecorderIs> for Monitor {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, _: &mut Self::Context) {
        self.recorder = links.writes;
    }
}

impl Handler<Close> for Monitor {
    type Result = ();

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) {
        self.save_events(ctx);
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Handler<Die> for Monitor {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the monitor was asked to die");
    }
}
