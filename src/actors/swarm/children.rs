//! A Swarm's children: its trackers, its exchange and its sessions.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use actix::prelude::*;
use slog::{error, warn};

use crate::actors::peer::{Known, Leave, Origin, Peer, PeerPlan};
use crate::actors::pex::{self, Gossip, Pex};
use crate::actors::slots::Slot;
use crate::actors::supervision::{ChildExited, ChildId, Class, Deaths, Exit, Nursery, Remedy};
use crate::actors::tracker::{Finish, Remaining, Tracker, TrackerLinks, TrackerPlan};
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::family::Family;
use crate::protocol::tracker::{AnnounceEvent, AnnounceRequest, TrackerUrl};
use crate::swarm::book::{End, SessionId};
use crate::swarm::facts::Outcome;
use crate::swarm::schedule::Parting;
use crate::table::Table;

use super::{RecorderIs, RecorderLinks, Swarm};

/// Peers that we want from a tracker in one answer; most give fewer.
const NUMWANT: u32 = 200;

/// What is known of the address that a session begins with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownThere {
    /// Dialling it works.
    pub(super) dialable: bool,
    /// When who is there was last told of others.
    pub(super) told_at: Option<Moment>,
}

/// A Swarm's children.
pub(super) struct Children {
    nursery: Nursery,
    peers: Table<ChildId, SessionId>,
    sessions: BTreeMap<SessionId, PeerChild>,
    trackers: BTreeMap<ChildId, TrackerChild>,
    /// None for a private torrent, and between a death and the next start.
    pex: Option<(ChildId, Addr<Pex>)>,
    deaths: Table<String, Deaths>,
    next_worker: usize,
}

struct PeerChild {
    address: Addr<Peer>,
    /// What it was told last.
    known: Known,
}

struct TrackerChild {
    address: Addr<Tracker>,
    url: TrackerUrl,
    info_hash: InfoHash,
    told_to_finish: bool,
}

impl Children {
    pub(super) fn new(nursery: Nursery) -> Self {
        Children {
            nursery,
            peers: Table::default(),
            sessions: BTreeMap::new(),
            trackers: BTreeMap::new(),
            pex: None,
            deaths: Table::default(),
            next_worker: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.peers.is_empty() && self.trackers.is_empty() && self.pex.is_none()
    }

    /// Tells a session to end, if it is still there.
    pub(super) fn dismiss(&self, session: SessionId, why: Outcome) {
        if let Some(peer) = self.sessions.get(&session) {
            // A full mailbox holds such an order already.
            let _ = peer.address.try_send(Leave(why));
        }
    }

    /// Tells a session what the book knows of its peer, unless it knows that.
    pub(super) fn tell(&mut self, session: SessionId, known: Known) {
        if let Some(peer) = self.sessions.get_mut(&session)
            && peer.known != known
            // One that is lost is followed by the next observation's.
            && peer.address.try_send(known).is_ok()
        {
            peer.known = known;
        }
    }

    /// Whether a session was told this, or is gone; false: it had no room.
    pub(super) fn try_tell<M>(&self, session: SessionId, message: M) -> bool
    where
        M: Message<Result = ()> + Send + 'static,
        Peer: Handler<M>,
    {
        let told = self.sessions.get(&session);
        let told = told.map(|it| it.address.try_send(message));
        !matches!(told, Some(Err(SendError::Full(_))))
    }

    /// The sessions that are open now.
    pub(super) fn open_sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.keys().copied()
    }

    /// The length of the torrent is known.
    pub(super) fn tell_remaining(&self, bytes: u64) {
        for tracker in self.trackers.values() {
            // Its mailbox never holds more than a few orders.
            let _ = tracker.address.try_send(Remaining(bytes));
        }
    }

    /// Tells a tracker to end, by the name that it is shown by.
    pub(super) fn dismiss_tracker(&mut self, name: &str) {
        let mut named = self.trackers.values_mut();
        if let Some(tracker) = named.find(|it| it.url.redacted() == name) {
            // Its mailbox never holds more than a few orders.
            tracker.told_to_finish = tracker.address.try_send(Finish).is_ok();
        }
    }

    /// Hands gossip on; false: there is nobody to take it now.
    pub(super) fn hand_on(&self, gossip: Gossip) -> bool {
        self.pex().is_some_and(|pex| pex.try_send(gossip).is_ok())
    }

    fn is_pex(&self, child: ChildId) -> bool {
        self.pex.as_ref().is_some_and(|(it, _)| *it == child)
    }

    /// The exchange, if it runs.
    pub(super) fn pex(&self) -> Option<&Addr<Pex>> {
        self.pex.as_ref().map(|(_, address)| address)
    }

    /// There is a new Recorder.
    pub(super) fn introduce(&self, recorder: &RecorderLinks) {
        for tracker in self.trackers.values() {
            // Its mailbox never holds more than a few orders. One that is gone is
            // told when it is started again.
            let _ = tracker.address.try_send(RecorderIs(recorder.clone()));
        }
    }

    /// Any session, for tests of supervision.
    pub(super) fn first_peer(&self) -> Option<Addr<Peer>> {
        self.sessions.values().next().map(|it| it.address.clone())
    }

    /// Any tracker, for tests of supervision.
    pub(super) fn first_tracker(&self) -> Option<Addr<Tracker>> {
        self.trackers.values().next().map(|it| it.address.clone())
    }
}

impl Swarm {
    /// Starts to announce a name of the torrent to all its trackers.
    pub(super) fn start_trackers(&mut self, info_hash: InfoHash, ctx: &mut Context<Self>) {
        for url in self.plan.trackers.clone() {
            if info_hash != self.plan.info_hash {
                self.shown.add(&self.plan.tracker_name(&url, info_hash));
            }
            self.start_tracker(url, info_hash, ctx);
        }
    }

    pub(super) fn start_tracker(
        &mut self,
        url: TrackerUrl,
        info_hash: InfoHash,
        ctx: &mut Context<Self>,
    ) {
        let shared = &self.plan.shared;
        let plan = TrackerPlan {
            torrent: self.plan.torrent,
            url: url.clone(),
            name: self.plan.tracker_name(&url, info_hash),
            request: AnnounceRequest {
                info_hash,
                peer_id: self.plan.greeting.peer_id,
                port: self.plan.announce_port,
                left: self.plan.left_bytes,
                event: AnnounceEvent::Started,
                numwant: NUMWANT,
                key: self.plan.tracker_key,
                tracker_id: None,
            },
            interval: self.plan.interval,
            pace: self.plan.terms.pace.divisor(),
            asker: shared.asker.clone(),
            signs: shared.signs.clone(),
            swarm_gone: self.token.clone(),
        };
        let (child, lifeline) = self.children.nursery.lifeline();
        let links = TrackerLinks {
            finds: ctx.address().recipient(),
            announced: ctx.address().recipient(),
            scraped: ctx.address().recipient(),
            recorder: self.recorder.writes.clone(),
        };
        let (clock, log) = (shared.clock, self.log.clone());
        let address = Tracker::create(|ctx| {
            ctx.set_mailbox_capacity(Class::Tracker.spec().mailbox);
            Tracker::new(plan, links, clock, log, lifeline)
        });
        let tracker = TrackerChild {
            address,
            url,
            info_hash,
            told_to_finish: false,
        };
        self.children.trackers.insert(child, tracker);
    }

    pub(super) fn start_pex(&mut self, ctx: &mut Context<Self>) {
        if !self.plan.greeting.gossip {
            return;
        }
        let (child, lifeline) = self.children.nursery.lifeline();
        let swarm = ctx.address().recipient();
        let pace = self.plan.terms.pace;
        let (clock, log) = (self.plan.shared.clock, self.log.clone());
        let address = Pex::create(|ctx| {
            ctx.set_mailbox_capacity(Class::Pex.spec().mailbox);
            Pex::new(pace, swarm, clock, log, lifeline)
        });
        self.children.pex = Some((child, address));
    }

    pub(super) fn start_peer(
        &mut self,
        session: SessionId,
        remote: SocketAddr,
        origin: Origin,
        known: KnownThere,
        slot: Slot,
        ctx: &mut Context<Self>,
    ) {
        let plan = PeerPlan {
            context: self.context(ctx),
            session,
            remote,
            origin,
            dialable: known.dialable,
            told_at: known.told_at,
            slot,
        };
        let (child, lifeline) = self.children.nursery.lifeline();
        let workers = &self.plan.shared.workers;
        self.children.next_worker = (self.children.next_worker + 1) % workers.len().max(1);
        let Some(worker) = workers.get(self.children.next_worker) else {
            return;
        };
        let address = Peer::start_in_arbiter(worker, move |ctx| {
            ctx.set_mailbox_capacity(Class::Peer.spec().mailbox);
            Peer::new(plan, lifeline)
        });
        self.children.peers.insert(child, session);
        let known = Known {
            dialable: known.dialable,
            expected_finish: None,
        };
        let peer = PeerChild { address, known };
        self.children.sessions.insert(session, peer);
    }

    /// Everybody is to end; said again with each tick to those who had no room.
    pub(super) fn dismiss_all(&mut self) {
        for peer in self.children.sessions.values() {
            let _ = peer.address.try_send(Leave(Outcome::Stopped));
        }
        for tracker in self.children.trackers.values_mut() {
            if !tracker.told_to_finish {
                tracker.told_to_finish = tracker.address.try_send(Finish).is_ok();
            }
        }
        if let Some(pex) = self.children.pex() {
            let _ = pex.try_send(pex::Finish);
        }
    }

    fn peer_ended(&mut self, session: SessionId, exit: Exit) {
        self.children.sessions.remove(&session);
        if exit == Exit::Died {
            warn!(self.log, "a session's actor died");
            let end = End {
                outcome: Outcome::Crashed,
                parting: Parting::NotReached,
                lost: false,
                dials: Vec::new(),
                family: Family::Other,
                last: None,
                unsettled: None,
                expected_finish: None,
                heard_at: None,
                told_at: None,
                kept: None,
            };
            let now = self.now();
            self.book.ended(now, session, &end);
            self.seeking.gone(session);
            self.rendezvous.gone(session);
            self.record_event(
                "peer_died",
                "a session's actor died; its contact counts as crashed",
            );
        }
    }

    fn tracker_ended(&mut self, tracker: TrackerChild, exit: Exit, ctx: &mut Context<Self>) {
        let TrackerChild { url, info_hash, .. } = tracker;
        if !self.plan.trackers.contains(&url) && !self.learnt.is_in_use(&url) {
            // It was learnt, and given up.
            return;
        }
        let name = self.plan.tracker_name(&url, info_hash).to_string();
        self.remedy(Class::Tracker, name, exit, ctx, move |it, ctx| {
            it.start_tracker(url, info_hash, ctx);
        });
    }

    fn pex_ended(&mut self, exit: Exit, ctx: &mut Context<Self>) {
        self.children.pex = None;
        if !self.plan.greeting.gossip {
            // It ended because the torrent is private.
            return;
        }
        self.remedy(
            Class::Pex,
            "peer exchange".into(),
            exit,
            ctx,
            Self::start_pex,
        );
    }

    /// A permanent child has ended: it is started again, or the Swarm gives up.
    fn remedy(
        &mut self,
        class: Class,
        name: String,
        exit: Exit,
        ctx: &mut Context<Self>,
        restart: impl FnOnce(&mut Self, &mut Context<Self>) + 'static,
    ) {
        if self.stopping {
            return;
        }
        let (now, spec) = (self.now(), class.spec());
        let deaths = self.children.deaths.entry(name.clone()).or_default();
        match deaths.remedy(now, spec, exit) {
            Remedy::RestartAfter(wait) => {
                error!(self.log, "a child died, starting it again"; "class" => spec.name, "child" => &name);
                let kind = format!("{}_restarted", spec.name);
                self.record_event(&kind, &format!("the actor of {name} died"));
                ctx.run_later(wait, move |it, ctx| {
                    if !it.stopping {
                        it.plan.shared.restarts.count();
                        restart(it, ctx);
                    }
                });
            }
            Remedy::Forget => {}
            Remedy::Escalate => {
                error!(self.log, "a child dies too often"; "class" => spec.name, "child" => &name);
                // Without a word to the lifeline: Root takes it from here.
                ctx.stop();
            }
        }
    }
}

impl StreamHandler<ChildExited> for Swarm {
    fn handle(&mut self, news: ChildExited, ctx: &mut Context<Self>) {
        if let Some(session) = self.children.peers.remove(&news.child) {
            self.peer_ended(session, news.exit);
        } else if let Some(tracker) = self.children.trackers.remove(&news.child) {
            self.tracker_ended(tracker, news.exit, ctx);
        } else if self.children.is_pex(news.child) {
            self.pex_ended(news.exit, ctx);
        }
        if self.stopping {
            self.finish_if_done(ctx);
        }
    }
}
