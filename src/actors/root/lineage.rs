//! Root starts its children, hears of their deaths, and starts them again.

use std::time::Duration;

use actix::prelude::*;
use slog::{error, info, warn};
use tokio::sync::oneshot;

use crate::actors::listener::{Listener, SwarmIs};
use crate::actors::monitor::Monitor;
use crate::actors::recorder::{Recorder, Write};
use crate::actors::supervision::{ChildExited, Class, Die, Exit, Remedy};
use crate::actors::swarm::{KillChild, RecorderIs, Replayed, RootLinks, Swarm};
use crate::protocol::info_hash::{InfoHash, InfoHashes};
use crate::store::records::EventRow;
use crate::store::{Record, Writer};

use super::{ChildName, Kill, Replay, Root, RunEnd};

/// A message that found a child's mailbox full is sent again after this.
pub(super) const RESEND_AFTER: Duration = Duration::from_millis(50);

impl Root {
    /// Opens the store if need be, and starts the Recorder on its own arbiter, if it
    /// is not there; the first one is followed by everybody else.
    pub(super) fn start_recorder(&mut self, ctx: &mut Context<Self>) {
        if self.recorder.is_some() {
            return;
        }
        let writer = match self.first_writer.take() {
            Some(writer) => Ok(writer),
            None => {
                let plan = &self.store;
                let now = self.clock.now();
                Writer::open(&plan.run_dir, &plan.parameters, &plan.program, now).map(|it| it.0)
            }
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Recorder);
        let writer = match writer {
            Ok(writer) => {
                writer.show_to(&self.store.live);
                writer
            }
            Err(failure) => {
                // The lifeline falls here: a death like any other, with back-off.
                error!(self.log, "the store cannot be opened again"; "error" => %failure);
                return;
            }
        };
        let (clock, log) = (self.clock, self.log.clone());
        let recorder = Recorder::start_in_arbiter(&self.recorder_arbiter, move |ctx| {
            ctx.set_mailbox_capacity(Class::Recorder.spec().mailbox);
            Recorder::new(writer, clock, log, lifeline)
        });
        self.recorder = Some(recorder);
        self.introduce_recorder(ctx);
    }

    /// Tells everybody of the Recorder; starts those that are not there.
    fn introduce_recorder(&mut self, ctx: &mut Context<Self>) {
        let Some(links) = self.links() else {
            return;
        };
        match self.listener.clone() {
            Some(listener) => self.deliver(&listener, RecorderIs(links.clone()), ctx),
            None => self.start_listener(ctx),
        }
        match self.monitor.clone() {
            Some(monitor) => self.deliver(&monitor, RecorderIs(links.clone()), ctx),
            None => self.start_monitor(ctx),
        }
        self.introduce_recorder_to_dhts(&links, ctx);
        self.start_lsds(ctx);
        let torrents: Vec<_> = self.plans.keys().copied().collect();
        for info_hash in torrents {
            match self.swarms.get(&info_hash).cloned() {
                Some(swarm) => self.deliver(&swarm, RecorderIs(links.clone()), ctx),
                None => self.start_swarm(info_hash, ctx),
            }
        }
    }

    fn start_listener(&mut self, ctx: &mut Context<Self>) {
        let deaf = self.ports.acceptors.is_empty() && self.ports.datagrams.is_empty();
        if deaf || self.stopping.is_some() || self.listener.is_some() {
            return;
        }
        let Some(links) = self.links() else {
            return;
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Listener);
        let ports = self.ports.clone();
        let admission = self.admission.clone();
        let signs = self.monitor_plan.outlook.signs.clone();
        let (clock, log) = (self.clock, self.log.clone());
        let listener = Listener::create(move |ctx| {
            ctx.set_mailbox_capacity(Class::Listener.spec().mailbox);
            Listener::new(ports, admission, links, signs, clock, log, lifeline)
        });
        for info_hash in self.swarms.keys() {
            self.introduce_swarm(*info_hash, &listener, ctx);
        }
        self.introduce_dhts(&listener, ctx);
        self.listener = Some(listener);
    }

    fn start_monitor(&mut self, ctx: &mut Context<Self>) {
        if self.monitor.is_some() || self.stopping.is_some() {
            return;
        }
        let Some(links) = self.links() else {
            return;
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Monitor);
        let (plan, swarms) = (self.monitor_plan.clone(), ctx.address().recipient());
        let (clock, log) = (self.clock, self.log.clone());
        self.monitor = Some(Monitor::create(move |ctx| {
            ctx.set_mailbox_capacity(Class::Monitor.spec().mailbox);
            Monitor::new(plan, swarms, links.writes, clock, log, lifeline)
        }));
    }

    fn start_swarm(&mut self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        if self.stopping.is_some() || self.swarms.contains_key(&info_hash) {
            return;
        }
        let (Some(links), Some(plan)) = (self.links(), self.plans.get(&info_hash).cloned()) else {
            return;
        };
        let (child, lifeline) = self.nursery.lifeline();
        self.children.insert(child, ChildName::Swarm(info_hash));
        let addresses = self.snapshots.get(&info_hash).cloned().unwrap_or_default();
        let root = RootLinks {
            replays: ctx.address().recipient(),
            snapshots: ctx.address().recipient(),
            nodes: ctx.address().recipient(),
        };
        let swarm = Swarm::create(move |ctx| {
            ctx.set_mailbox_capacity(Class::Swarm.spec().mailbox);
            Swarm::new(plan, links, addresses, root, lifeline, ctx)
        });
        self.swarms.insert(info_hash, swarm);
        self.make_known(info_hash, ctx);
    }

    /// Tells who has to do with a torrent all its names.
    fn make_known(&self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        if let Some(listener) = &self.listener {
            self.introduce_swarm(info_hash, listener, ctx);
        }
        self.follow(info_hash, ctx);
    }

    /// Tells the Listener whose the sessions of a torrent are, by each of its names.
    fn introduce_swarm(
        &self,
        info_hash: InfoHash,
        listener: &Addr<Listener>,
        ctx: &mut Context<Self>,
    ) {
        let plan = self.plans.get(&info_hash);
        let (Some(plan), Some(swarm)) = (plan, self.swarms.get(&info_hash)) else {
            return;
        };
        for info_hash in plan.row.hashes().iter() {
            let it = SwarmIs {
                info_hash,
                swarm: swarm.clone().recipient(),
            };
            self.deliver(listener, it, ctx);
        }
    }

    /// The metadata of a magnet link told that the torrent has another name too.
    pub(super) fn learn_names(
        &mut self,
        info_hash: InfoHash,
        names: InfoHashes,
        ctx: &mut Context<Self>,
    ) {
        let plan = self.plans.get_mut(&info_hash);
        let Some(plan) = plan.filter(|it| it.row.hashes() != names) else {
            return;
        };
        (plan.row.info_hash, plan.row.info_hash_v2) = (names.first, names.v2);
        self.make_known(info_hash, ctx);
    }

    /// A crossing whose Swarm died goes to the successor, again and again until that
    /// has it stored.
    pub(super) fn hand_on(&mut self, replay: Replay, ctx: &mut Context<Self>) {
        let (reply, receipt) = oneshot::channel();
        if let Some(swarm) = self.swarms.get(&replay.info_hash) {
            // If it is not taken the reply falls, here as later.
            let replay = Box::new(replay.clone());
            let _ = swarm.try_send(Replayed { replay, reply });
        }
        ctx.spawn(receipt.into_actor(self).map(move |answer, it, ctx| {
            if answer.is_ok() {
                it.replays -= 1;
            } else {
                ctx.run_later(RESEND_AFTER, |it, ctx| it.hand_on(replay, ctx));
            }
        }));
    }

    /// Sends what must arrive: again, if the mailbox is full. A child that is gone
    /// is told anew when it is started.
    pub(super) fn deliver<A, M>(&self, to: &Addr<A>, message: M, ctx: &mut Context<Self>)
    where
        A: Actor<Context = Context<A>> + Handler<M>,
        M: Message<Result = ()> + Send + 'static,
    {
        if let Err(SendError::Full(message)) = to.try_send(message) {
            let to = to.clone();
            ctx.run_later(RESEND_AFTER, move |it, ctx| it.deliver(&to, message, ctx));
        }
    }

    /// Leaves a note for the reader of the figures.
    pub(super) fn record_event(&self, kind: &str, text: &str, ctx: &mut Context<Self>) {
        let event = EventRow {
            at: self.clock.now(),
            kind: kind.into(),
            text: text.into(),
            torrent: None,
        };
        self.note(event, ctx);
    }

    /// Again and again until it is durable: it may be the Recorder that died.
    fn note(&self, event: EventRow, ctx: &mut Context<Self>) {
        let (done, receipt) = oneshot::channel();
        if let Some(recorder) = &self.recorder {
            let _ = recorder.try_send(Write {
                records: vec![Record::Event(event.clone())],
                done: Some(done),
            });
        }
        ctx.spawn(receipt.into_actor(self).map(move |answer, _, ctx| {
            if answer.is_err() {
                ctx.run_later(RESEND_AFTER, |it, ctx| it.note(event, ctx));
            }
        }));
    }

    fn restart(&mut self, name: ChildName, ctx: &mut Context<Self>) {
        if self.stopping.is_some() && name != ChildName::Recorder {
            return;
        }
        let spec = name.class().spec();
        info!(self.log, "starting again"; "child" => spec.name);
        self.monitor_plan.restarts.count();
        match name {
            ChildName::Recorder => self.start_recorder(ctx),
            ChildName::Listener => self.start_listener(ctx),
            ChildName::Monitor => self.start_monitor(ctx),
            ChildName::Dht(family) => self.start_dht(family, ctx),
            ChildName::Lsd(family) => self.start_lsd(family, ctx),
            ChildName::Swarm(info_hash) => self.start_swarm(info_hash, ctx),
        }
        let kind = format!("{}_restarted", spec.name);
        let text = format!("the {} died and was started again", spec.name);
        self.record_event(&kind, &text, ctx);
    }

    fn forget(&mut self, name: ChildName) {
        match name {
            ChildName::Recorder => self.recorder = None,
            ChildName::Listener => self.listener = None,
            ChildName::Monitor => self.monitor = None,
            ChildName::Dht(family) => {
                self.dhts.remove(&family);
            }
            ChildName::Lsd(family) => {
                self.lsds.remove(&family);
            }
            ChildName::Swarm(info_hash) => {
                self.swarms.remove(&info_hash);
            }
        }
    }
}

impl StreamHandler<ChildExited> for Root {
    fn handle(&mut self, news: ChildExited, ctx: &mut Context<Self>) {
        let Some(name) = self.children.remove(&news.child) else {
            return;
        };
        self.forget(name);
        let spec = name.class().spec();
        if self.stopping.is_some() && (news.exit == Exit::Finished || name != ChildName::Recorder) {
            return self.go_on_stopping(ctx);
        }
        error!(self.log, "an actor died"; "child" => spec.name);
        let deaths = self.deaths.entry(name).or_default();
        match deaths.remedy(self.clock.now(), spec, news.exit) {
            Remedy::RestartAfter(wait) => {
                ctx.run_later(wait, move |it, ctx| it.restart(name, ctx));
            }
            Remedy::Forget => {}
            Remedy::Escalate if self.stopping.is_some() => {}
            Remedy::Escalate => {
                error!(self.log, "it dies too often: the run is stopped"; "child" => spec.name);
                let text = format!("the {} died too often", spec.name);
                self.record_event("escalated", &text, ctx);
                self.begin_stopping(RunEnd::Escalated, ctx);
            }
        }
    }
}

impl Handler<Kill> for Root {
    type Result = bool;

    fn handle(&mut self, Kill(class): Kill, _: &mut Self::Context) -> bool {
        warn!(self.log, "a child is to die"; "class" => class.spec().name);
        match class {
            Class::Recorder => told(self.recorder.as_ref()),
            Class::Listener => told(self.listener.as_ref()),
            Class::Monitor => told(self.monitor.as_ref()),
            Class::Dht => told(self.dhts.values().next()),
            Class::Lsd => told(self.lsds.values().next()),
            Class::Swarm => told(self.swarms.values().next()),
            Class::Tracker | Class::Pex | Class::Peer => {
                let swarm = self.swarms.values().next();
                swarm.is_some_and(|it| it.try_send(KillChild(class)).is_ok())
            }
        }
    }
}

fn told<A: Actor<Context = Context<A>> + Handler<Die>>(child: Option<&Addr<A>>) -> bool {
    child.is_some_and(|it| it.try_send(Die).is_ok())
}
