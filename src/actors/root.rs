//! Root: the top of the supervisor tree; one a process.
//!
//! Owns: the plans of all its children, the accepting sockets, the last address
//! snapshot of each Swarm, crossings that wait for a Swarm's successor. Receives:
//! [`Replay`], [`Snapshot`], [`Shutdown`], [`AskAll`], [`Kill`], `NodeNamed`, the deaths
//! of its children. Sends: `Stop`, `RecorderIs`, `SwarmIs`, replays.
//! Stops when: told to, or when a child dies too often; in both cases its children
//! end in the order of their stop ranks and the store is closed.
//! When full: replays beyond a bound stay with their Peers.

mod dhts;
mod lineage;
mod lsds;
mod stopping;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use actix::prelude::*;
use slog::Logger;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::protocol::address::IpFamily;
use crate::protocol::info_hash::{InfoHash, InfoHashes};
use crate::store::records::Parameters;
use crate::store::{Live, Program, StoreError, Writer};
use crate::swarm::book::{self, KnownAddress};
use crate::swarm::progress::Seen;

use super::dht::{Dht, DhtPlan};
use super::listener::{Admission, Listener, Ports};
use super::lsd::{Lsd, LsdPlan};
use super::monitor::{Monitor, MonitorPlan};
use super::recorder::Recorder;
use super::supervision::{ChildId, Class, Deaths, Nursery};
use super::swarm::{Ask, RecorderLinks, Swarm, SwarmFigures, SwarmPlan};
use stopping::Stopping;

/// Crossings that wait for a Swarm's successor, at most.
const REPLAYS: usize = 1_000;

/// Peer -> Root: a crossing that a Swarm died on. Root hands it to the successor
/// ([`Replayed`](super::swarm::Replayed)) until it is durable.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Replay {
    /// The torrent.
    pub info_hash: InfoHash,
    /// The peer's address as the session had it.
    pub remote: SocketAddr,
    /// What the session settled with.
    pub first: Seen,
    /// The crossing.
    pub observed: Box<book::Observed>,
}

/// Swarm -> Root: the addresses that its book knows.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Snapshot {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Address, and the source that named it first.
    pub addresses: Vec<KnownAddress>,
    /// BEP 27; of a magnet link it is known with the metadata.
    pub private: bool,
    /// All its names; of a magnet link the other one of a hybrid is known with the
    /// metadata.
    pub hashes: InfoHashes,
}

/// App -> Root: end the run in order.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// App, Monitor -> Root: how do the swarms stand?
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Vec<SwarmFigures>")]
pub struct AskAll;

/// Root: one child of this class is to die by a panic. For tests of supervision;
/// nothing else sends it. Answers whether there was one.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "bool")]
pub struct Kill(pub Class);

/// How a run ended.
#[derive(Debug)]
pub enum RunEnd {
    /// As it was told to, with everything stored.
    Stopped,
    /// A child died too often; the store was closed all the same.
    Escalated,
    /// The store could not be closed.
    StoreFailed(StoreError),
}

/// How the store is opened, again if need be.
#[derive(Clone, Debug)]
pub struct StorePlan {
    /// The run's folder.
    pub run_dir: PathBuf,
    /// What its figures depend on.
    pub parameters: Parameters,
    /// Who writes it.
    pub program: Program,
    /// Shows it to readers.
    pub live: Live,
}

/// What Root needs to begin.
pub struct RootPlan {
    /// The store, open.
    pub writer: Writer,
    /// How to open it again.
    pub store: StorePlan,
    /// The torrents.
    pub swarms: Vec<SwarmPlan>,
    /// Where connections are accepted; none: nowhere.
    pub ports: Ports,
    /// Whose connections are accepted there.
    pub admission: Admission,
    /// Our nodes of the DHT, at most one a family.
    pub dhts: Vec<DhtPlan>,
    /// Local discovery, at most one a family.
    pub lsds: Vec<LsdPlan>,
    /// What is sampled.
    pub monitor: MonitorPlan,
    /// The Recorder's arbiter: its own, because sled blocks.
    pub recorder_arbiter: ArbiterHandle,
    /// The run's clock.
    pub clock: Clock,
    /// The run's log.
    pub log: Logger,
    /// Lines that did not reach it.
    pub lost_log_lines: Arc<AtomicU64>,
    /// Answered when the run has ended.
    pub ended: oneshot::Sender<RunEnd>,
}

/// The top of the supervisor tree.
pub struct Root {
    nursery: Nursery,
    store: StorePlan,
    first_writer: Option<Writer>,
    plans: BTreeMap<InfoHash, SwarmPlan>,
    ports: Ports,
    admission: Admission,
    dht_plans: Vec<DhtPlan>,
    lsd_plans: Vec<LsdPlan>,
    monitor_plan: MonitorPlan,
    recorder_arbiter: ArbiterHandle,
    children: HashMap<ChildId, ChildName>,
    recorder: Option<Addr<Recorder>>,
    listener: Option<Addr<Listener>>,
    monitor: Option<Addr<Monitor>>,
    dhts: BTreeMap<IpFamily, Addr<Dht>>,
    lsds: BTreeMap<IpFamily, Addr<Lsd>>,
    swarms: BTreeMap<InfoHash, Addr<Swarm>>,
    deaths: HashMap<ChildName, Deaths>,
    snapshots: HashMap<InfoHash, Vec<KnownAddress>>,
    /// Crossings that are not durable yet.
    replays: usize,
    stopping: Option<Stopping>,
    clock: Clock,
    log: Logger,
    lost_log_lines: Arc<AtomicU64>,
    ended: Option<oneshot::Sender<RunEnd>>,
}

/// Which of Root's children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ChildName {
    Recorder,
    Listener,
    Monitor,
    Dht(IpFamily),
    Lsd(IpFamily),
    Swarm(InfoHash),
}

impl ChildName {
    fn class(self) -> Class {
        match self {
            ChildName::Recorder => Class::Recorder,
            ChildName::Listener => Class::Listener,
            ChildName::Monitor => Class::Monitor,
            ChildName::Dht(_) => Class::Dht,
            ChildName::Lsd(_) => Class::Lsd,
            ChildName::Swarm(_) => Class::Swarm,
        }
    }
}

impl Root {
    /// A tree that starts to grow as soon as Root is started.
    pub fn new(plan: RootPlan, ctx: &mut Context<Self>) -> Self {
        // The senders that Root has: its Swarms, and orphaned Peers.
        ctx.set_mailbox_capacity(256);
        Root {
            nursery: Nursery::open(ctx),
            store: plan.store,
            first_writer: Some(plan.writer),
            plans: plan
                .swarms
                .into_iter()
                .map(|it| (it.info_hash, it))
                .collect(),
            ports: plan.ports,
            admission: plan.admission,
            dht_plans: plan.dhts,
            lsd_plans: plan.lsds,
            monitor_plan: plan.monitor,
            recorder_arbiter: plan.recorder_arbiter,
            children: HashMap::new(),
            recorder: None,
            listener: None,
            monitor: None,
            dhts: BTreeMap::new(),
            lsds: BTreeMap::new(),
            swarms: BTreeMap::new(),
            deaths: HashMap::new(),
            snapshots: HashMap::new(),
            replays: 0,
            stopping: None,
            clock: plan.clock,
            log: plan.log,
            lost_log_lines: plan.lost_log_lines,
            ended: Some(plan.ended),
        }
    }

    fn links(&self) -> Option<RecorderLinks> {
        let recorder = self.recorder.clone()?;
        Some(RecorderLinks {
            writes: recorder.clone().recipient(),
            confirms: recorder.clone().recipient(),
            loads: recorder.recipient(),
        })
    }
}

impl Actor for Root {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.start_recorder(ctx);
    }
}

impl Handler<Replay> for Root {
    type Result = ();

    fn handle(&mut self, replay: Replay, ctx: &mut Self::Context) {
        if self.replays >= REPLAYS {
            slog::error!(
                self.log,
                "too many crossings wait for their swarm: one is lost"
            );
            return;
        }
        self.replays += 1;
        self.hand_on(replay, ctx);
    }
}

impl Handler<Snapshot> for Root {
    type Result = ();

    fn handle(&mut self, snapshot: Snapshot, ctx: &mut Self::Context) {
        if snapshot.private {
            self.unfollow(snapshot.info_hash, ctx);
        }
        self.learn_names(snapshot.info_hash, snapshot.hashes, ctx);
        self.snapshots
            .insert(snapshot.info_hash, snapshot.addresses);
    }
}

impl Handler<AskAll> for Root {
    type Result = ResponseFuture<Vec<SwarmFigures>>;

    fn handle(&mut self, _: AskAll, _: &mut Self::Context) -> Self::Result {
        let swarms: Vec<_> = self.swarms.values().cloned().collect();
        Box::pin(async move {
            let answers = swarms.iter().map(|it| it.send(Ask));
            let answers = futures_util::future::join_all(answers).await;
            // One that is being started again has no figures just now.
            answers.into_iter().filter_map(Result::ok).collect()
        })
    }
}
