//! Recorder: the only writer of the store.
//!
//! Owns: the store's writer, one open batch. Receives: [`Write`], [`Confirm`],
//! [`Load`], [`Close`]. Sends: replies only, each after its batch is durable.
//! Stops when: [`Close`] was answered. When full: a Swarm keeps its rows marked
//! and sends them with a later batch; a Peer keeps its crossing and stops reading.

mod batch;

use std::time::Duration;

use actix::prelude::*;
use slog::{Logger, error, warn};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::store::{Loaded, Record, StoreError, Tidying, Writer};
use crate::swarm::facts::TorrentNumber;

use super::supervision::{Die, Lifeline};
use batch::Batch;

/// The longest that a record waits for its batch to fill.
const BATCH_SPAN: Duration = Duration::from_millis(500);

/// So long nothing was written before the store is tidied, unless that presses.
const REST: Duration = Duration::from_secs(1);

/// Between two strokes of tidying, for what has come meanwhile: under full load
/// there is always something, and none is made.
const PAUSE: Duration = Duration::from_millis(1);

/// After a failed commit (a full disk), the batch is tried again so often.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// All -> Recorder: store these.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Write {
    /// What to store; the newest row of a peer wins.
    pub records: Vec<Record>,
    /// Answered once they are durable; dropped unanswered if the Recorder dies.
    pub done: Option<oneshot::Sender<()>>,
}

/// Swarm -> Recorder: a rise to the threshold. It closes the batch.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Confirm {
    /// The row of the peer that rose, as it is now; then the rise, and what was made of it.
    pub records: Box<[Record; 2]>,
    /// Answered once it is durable: to the Peer, which waits for it.
    pub peer_waits: Option<oneshot::Sender<()>>,
    /// The same, to the Swarm, which would send it again to a new Recorder.
    pub done: Option<oneshot::Sender<()>>,
}

/// Swarm -> Recorder: what does the store know of this torrent?
#[derive(Message)]
#[rtype(result = "Result<Loaded, StoreError>")]
pub struct Load(pub TorrentNumber);

/// Root -> Recorder: store what is left, leave the mark of an orderly end.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Close;

/// The only writer of the store.
pub struct Recorder {
    writer: Option<Writer>,
    batch: Batch,
    due: Option<SpawnHandle>,
    /// It is committed as soon as the mailbox is empty.
    closing: bool,
    tidying: Option<SpawnHandle>,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Recorder {
    /// A recorder over an open store.
    pub fn new(writer: Writer, clock: Clock, log: Logger, lifeline: Lifeline) -> Self {
        Recorder {
            writer: Some(writer),
            batch: Batch::default(),
            due: None,
            closing: false,
            tidying: None,
            clock,
            log,
            lifeline,
        }
    }

    /// Commits now if the batch is full; if it is closed, with what the mailbox holds,
    /// so that crossings that come together wait for the disk together; else when its
    /// time is up.
    fn settle_batch(&mut self, ctx: &mut Context<Self>) {
        if self.batch.is_full() {
            self.commit(ctx);
        } else if self.batch.is_closed() {
            if !std::mem::replace(&mut self.closing, true) {
                ctx.spawn(fut::ready(()).map(|(), it: &mut Self, ctx| {
                    if it.closing {
                        it.commit(ctx);
                    }
                }));
            }
        } else if self.due.is_none() && !self.batch.is_empty() {
            self.due = Some(ctx.run_later(BATCH_SPAN, |it, ctx| {
                it.due = None;
                it.commit(ctx);
            }));
        }
    }

    fn commit(&mut self, ctx: &mut Context<Self>) {
        let Some(writer) = self.writer.as_mut() else {
            return;
        };
        if let Some(due) = self.due.take() {
            ctx.cancel_future(due);
        }
        self.closing = false;
        match writer.commit(self.batch.records()) {
            Ok(()) => {
                self.batch.acknowledge();
                self.tidy_later(ctx, false);
            }
            Err(failure) => {
                // Nothing is acknowledged; the same batch is tried again.
                error!(self.log, "the store cannot be written, trying again";
                    "error" => %failure, "records" => self.batch.records().len());
                self.due = Some(ctx.run_later(RETRY_AFTER, |it, ctx| {
                    it.due = None;
                    it.commit(ctx);
                }));
            }
        }
    }
}

impl Recorder {
    /// Tidies the store stroke by stroke: once it rests, or beside the work if that
    /// presses.
    fn tidy_later(&mut self, ctx: &mut Context<Self>, rested: bool) {
        if let Some(tidying) = self.tidying.take() {
            ctx.cancel_future(tidying);
        }
        let pause = match self.writer.as_ref().and_then(Writer::tidying) {
            None => return,
            Some(Tidying::AtRest) if !rested => REST,
            Some(Tidying::AtRest | Tidying::Pressing) => PAUSE,
        };
        self.tidying = Some(ctx.run_later(pause, move |it, ctx| {
            it.tidying = None;
            match it.writer.as_mut().map_or(Ok(()), Writer::tidy) {
                Ok(()) => it.tidy_later(ctx, rested || pause == REST),
                Err(failure) => {
                    warn!(it.log, "the store cannot be tidied"; "error" => %failure);
                }
            }
        }));
    }
}

impl Actor for Recorder {
    type Context = Context<Self>;
}

impl Handler<Write> for Recorder {
    type Result = ();

    fn handle(&mut self, write: Write, ctx: &mut Self::Context) {
        self.batch.add(write.records, write.done);
        self.settle_batch(ctx);
    }
}

impl Handler<Confirm> for Recorder {
    type Result = ();

    fn handle(&mut self, confirm: Confirm, ctx: &mut Self::Context) {
        self.batch.add(*confirm.records, confirm.done);
        self.batch.add([], confirm.peer_waits);
        self.batch.close();
        self.settle_batch(ctx);
    }
}

impl Handler<Load> for Recorder {
    type Result = Result<Loaded, StoreError>;

    fn handle(&mut self, Load(torrent): Load, ctx: &mut Self::Context) -> Self::Result {
        // What a Swarm's predecessor sent must be among what its successor reads.
        self.commit(ctx);
        match &self.writer {
            Some(writer) => writer.load(torrent),
            None => Ok(Loaded::default()),
        }
    }
}

impl Handler<Close> for Recorder {
    type Result = Result<(), StoreError>;

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) -> Self::Result {
        self.lifeline.finish();
        ctx.stop();
        let Some(mut writer) = self.writer.take() else {
            return Ok(());
        };
        let last = writer.commit(self.batch.records());
        if last.is_ok() {
            self.batch.acknowledge();
        } else {
            warn!(self.log, "records of the last batch are lost"; "records" => self.batch.records().len());
        }
        last.and(writer.close(self.clock.now()))
    }
}

impl Handler<Die> for Recorder {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the recorder was asked to die");
    }
}
