//! Swarm: one torrent's book, its trackers, its exchange and its sessions.
//!
//! Owns: the book of its peers. Receives: [`PeersFound`], [`Rumoured`], [`Announced`], [`Scraped`],
//! [`Arrived`], [`Met`], [`Observed`], [`SessionEnded`], `Gossip`, [`TrackersNamed`], [`MetadataHeard`],
//! [`HolepunchHeard`], [`Replayed`], [`RecorderIs`], [`Ask`], [`Stop`]. Sends: contacts (it starts Peers),
//! [`Known`], `Leave`, `AskMetadata`, `Measured`, `Introduce` and `Remain` to them, rows and rises to the Recorder, a
//! [`Snapshot`] of its addresses to Root.
//! Stops when: told to, after its trackers heard `stopped`, its sessions have ended
//! and the Recorder has acknowledged everything.
//! When full: see each message in `actors`' table.

mod atlas;
mod children;
mod contacting;
mod gossip;
mod introducing;
mod learning;
mod messages;
mod orders;
mod outage;
mod plan;
mod recording;
mod resuming;
mod rows;
mod seeking;
mod shown;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use slog::{Logger, debug, error};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::moment::Moment;
use crate::swarm::book::{Book, KnownAddress};
use crate::swarm::facts::{Outcome, PeerNumber};
use crate::swarm::learnt::Learnt;
use crate::swarm::rendezvous::Rendezvous;
use crate::swarm::roster::Roster;
use crate::swarm::schedule::Discipline;

use super::peer::{Known, Origin, PeerContext};
use super::permits::Permits;
use super::recorder::Load;
use super::root::Snapshot;
use super::supervision::{Lifeline, Nursery};
use atlas::Atlas;
use children::{Children, KnownThere};
pub use messages::{
    Announced, Arrived, Ask, HolepunchHeard, KillChild, Latest, Met, MetadataHeard, Observed,
    OfMetadata, PeersFound, Queues, RecorderIs, RecorderLinks, Replayed, RootLinks, Rumoured,
    Scraped, SessionEnded, Stop, SwarmFigures, TrackerCounts, TrackerFigures, TrackersNamed,
};
use outage::Doubts;
pub use plan::{Shared, SwarmPlan};
use recording::Recording;
use rows::Rows;
pub(super) use rows::outcome_key;
use seeking::Seeking;
use shown::Shown;

/// How often contacts are started and rows are sent.
const TICK: Duration = Duration::from_millis(100);

/// Ticks between two snapshots of the addresses for Root (10 s at most).
const SNAPSHOT_TICKS: u32 = 80;

/// Ticks between two looks at whom the peers are told of.
const ROSTER_TICKS: u32 = 10;

/// Ticks between two looks at whose visits are overdue (a minute).
const OVERDUE_TICKS: u32 = 600;

/// Addresses in a snapshot at most.
const SNAPSHOT_ADDRESSES: usize = 50_000;

/// One torrent's book, its trackers and its sessions.
pub struct Swarm {
    /// Falls with the Swarm, however it ends, and before anything else of it does: its
    /// Peers see that as their addresses fall.
    alive: Arc<()>,
    plan: SwarmPlan,
    book: Book,
    rows: Rows,
    children: Children,
    recorder: RecorderLinks,
    recording: Recording,
    atlas: Atlas,
    root: RootLinks,
    context: Option<Arc<PeerContext>>,
    permits: Permits,
    shown: Shown,
    seeking: Seeking,
    doubts: Doubts,
    learnt: Learnt,
    /// Who may introduce us to whom.
    rendezvous: Rendezvous,
    /// Whom the peers are told of.
    roster: watch::Sender<Arc<Roster>>,
    addresses: Vec<KnownAddress>,
    ticks: u32,
    stopping: bool,
    log: Logger,
    lifeline: Lifeline,
    /// Falls with the Swarm, however it ends: its trackers end too.
    _ends_trackers: DropGuard,
    token: CancellationToken,
}

impl Swarm {
    /// A swarm that loads what the store knows as soon as it is started.
    /// `addresses` are those that its predecessor knew.
    pub fn new(
        plan: SwarmPlan,
        recorder: RecorderLinks,
        addresses: Vec<KnownAddress>,
        root: RootLinks,
        lifeline: Lifeline,
        ctx: &mut Context<Self>,
    ) -> Self {
        let token = CancellationToken::new();
        Swarm {
            alive: Arc::default(),
            book: Book::new(plan.terms.clone(), PeerNumber(1)),
            rows: Rows {
                torrent: plan.torrent,
                total_pieces: plan.terms.yardstick.pieces,
                keep_addresses: plan.shared.keep_addresses,
            },
            children: Children::new(Nursery::open(ctx)),
            log: plan.shared.log.new(slog::o!("torrent" => plan.torrent.0)),
            recorder,
            recording: Recording::default(),
            atlas: Atlas::default(),
            root,
            context: None,
            permits: Permits::default(),
            shown: Shown::new(&plan.trackers),
            seeking: Seeking::of(&plan),
            doubts: Doubts::default(),
            rendezvous: Rendezvous::new(plan.terms.pace),
            learnt: Learnt::new(plan.trackers.clone(), plan.shared.policy.clone()),
            roster: watch::Sender::default(),
            addresses,
            ticks: 0,
            stopping: false,
            lifeline,
            _ends_trackers: token.clone().drop_guard(),
            token,
            plan,
        }
    }

    /// An address as the log may have it.
    fn shown(&self, address: SocketAddr) -> String {
        match self.plan.shared.keep_addresses {
            true => address.to_string(),
            false => "-".into(),
        }
    }

    fn now(&self) -> Moment {
        self.plan.shared.clock.now()
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.ticks = self.ticks.wrapping_add(1);
        self.mind_the_network(ctx);
        self.contact(ctx);
        self.flush(ctx);
        self.seek(ctx);
        self.ask_for_introductions();
        if self.ticks.is_multiple_of(SNAPSHOT_TICKS) {
            self.snapshot();
        }
        if self.ticks.is_multiple_of(ROSTER_TICKS) {
            self.publish_roster();
        }
        if self.ticks.is_multiple_of(OVERDUE_TICKS) {
            self.book.note_overdue(self.plan.shared.clock.now());
        }
        if self.stopping {
            self.dismiss_all();
            self.finish_if_done(ctx);
        }
    }

    fn snapshot(&self) {
        let addresses = self.book.addresses().take(SNAPSHOT_ADDRESSES).collect();
        // One that Root has no room for is followed by a newer one.
        let _ = self.root.snapshots.try_send(Snapshot {
            info_hash: self.plan.info_hash,
            addresses,
            private: !self.plan.greeting.gossip,
            hashes: self.plan.row.hashes(),
        });
    }

    /// Everything is said, ended and stored: the Swarm may go.
    fn finish_if_done(&mut self, ctx: &mut Context<Self>) {
        let done = self.children.is_empty() && self.book.figures().sessions == 0;
        let stored = self.recording.is_idle() && self.seeking.is_idle();
        if done && stored && !self.book.has_news() {
            self.lifeline.finish();
            ctx.stop();
        }
    }
}

impl Actor for Swarm {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let load = self.recorder.loads.send(Load(self.plan.torrent));
        // Nothing else is heard until the book is there.
        ctx.wait(load.into_actor(self).map(|loaded, it, ctx| {
            match loaded {
                Ok(Ok(loaded)) => it.loaded(loaded, ctx),
                Ok(Err(failure)) => {
                    error!(it.log, "the store cannot be read"; "error" => %failure);
                    ctx.stop();
                }
                // The Recorder died on it; Root starts us again.
                Err(_) => ctx.stop(),
            }
        }));
    }
}

impl Handler<PeersFound> for Swarm {
    type Result = ();

    fn handle(&mut self, found: PeersFound, ctx: &mut Self::Context) {
        let now = self.now();
        if found.source.is_hearsay() && !self.plan.greeting.gossip {
            // It was on its way when the torrent turned out to be private.
            return;
        }
        self.book.found(now, found.source, &found.addresses);
        self.contact(ctx);
    }
}

impl Handler<Announced> for Swarm {
    type Result = ();

    fn handle(&mut self, announced: Announced, _: &mut Self::Context) {
        self.weigh(&announced);
        self.shown.announced(announced);
    }
}

impl Handler<Scraped> for Swarm {
    type Result = ();

    fn handle(&mut self, scraped: Scraped, _: &mut Self::Context) {
        self.shown.scraped(&scraped);
    }
}

impl Handler<Arrived> for Swarm {
    type Result = ();

    fn handle(&mut self, arrived: Arrived, ctx: &mut Self::Context) {
        let now = self.now();
        if self.stopping {
            return self.book.turned_away(now, Outcome::Stopped);
        }
        let slots = &self.plan.shared.slots;
        let slot = slots.admit(self.plan.torrent);
        if self.plan.terms.discipline == Discipline::SoonestFirst {
            slots.make_room_inside(now);
        }
        let Some(slot) = slot else {
            return self.book.turned_away(now, Outcome::NoSlot);
        };
        let session = self.book.accepted(now, arrived.remote);
        debug!(self.log, "accepted"; "session" => session.0, "address" => self.shown(arrived.remote));
        let origin = Origin::Accepted(arrived.caller);
        let known = KnownThere::default();
        self.start_peer(session, arrived.remote, origin, known, slot, ctx);
    }
}

impl Handler<Met> for Swarm {
    type Result = ();

    fn handle(&mut self, met: Met, ctx: &mut Self::Context) {
        if !self.book.met(met.session, &met.who) {
            self.children.dismiss(met.session, Outcome::Duplicate);
        }
        self.contact(ctx);
    }
}

impl Handler<Observed> for Swarm {
    type Result = ();

    fn handle(&mut self, message: Observed, ctx: &mut Self::Context) {
        let now = self.now();
        if message.has_just_met {
            self.contact(ctx);
        }
        let Some(reaction) = self.book.observed(now, message.session, &message.observed) else {
            return self.record(None, message.reply, ctx);
        };
        for superfluous in &reaction.close {
            self.children.dismiss(*superfluous, Outcome::Duplicate);
        }
        self.children.tell(
            message.session,
            Known {
                dialable: reaction.dialable,
                expected_finish: reaction.expected_finish,
            },
        );
        self.record(reaction.rising, message.reply, ctx);
    }
}

impl Handler<SessionEnded> for Swarm {
    type Result = ();

    fn handle(&mut self, mut ended: SessionEnded, ctx: &mut Self::Context) {
        let now = self.now();
        if let Some(kept) = ended.end.kept.take() {
            self.keep(*kept, ctx);
        }
        let end = &ended.end;
        debug!(self.log, "session ended"; "session" => ended.session.0,
            "outcome" => end.outcome.label(), "parting" => ?end.parting, "family" => end.family.label(),
            "pieces" => end.last.map(|it| it.pieces));
        self.seeking.gone(ended.session);
        self.rendezvous.gone(ended.session);
        self.conclude(now, ended.session, ended.end);
        self.contact(ctx);
        self.flush_crowd(ctx);
    }
}
