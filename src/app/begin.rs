//! From a checked configuration to a running actor tree.

use std::sync::Arc;

use actix::prelude::*;
use slog::{info, warn};
use tokio::sync::oneshot;

use crate::actors::lifesigns::LifeSigns;
use crate::actors::listener::Admission;
use crate::actors::monitor::{MonitorPlan, Outlook};
use crate::actors::root::{Root, RootPlan, RunEnd, StorePlan};
use crate::actors::slots::Slots;
use crate::actors::supervision::Restarts;
use crate::actors::swarm::{Shared, SwarmPlan};
use crate::actors::tracker::Asker;
use crate::cli::exit;
use crate::clock::Clock;
use crate::config::{Config, Sessions};
use crate::input::{Named, Torrent};
use crate::locate::{LocateError, Locator};
use crate::net::utp::Utp;
use crate::net::{Network, Tls, limits::raise_descriptor_limit};
use crate::protocol::address::AddressPolicy;
use crate::protocol::exclusions::Exclusions;
use crate::protocol::peer::Greeting;
use crate::serve::Server;
use crate::store::records::{Parameters, TorrentRow};
use crate::store::{Live, Program, StoreError, Writer};
use crate::swarm::book::BookTerms;
use crate::swarm::facts::TorrentNumber;
use crate::swarm::identity::IdentityHasher;
use crate::swarm::pace::Pace;
use crate::swarm::schedule::Discipline;
use crate::swarm::unmeasured::Room;
use crate::swarm::ways::Allowed;
use crate::swarm::yardstick::Yardstick;

use super::greeting::{greeting, user_agent};
use super::import::{import, trackers};
use super::logging::{LogFile, note_opening};
use super::trust::{self, TrustError};
use super::{dhts, listening, location, lsds};

/// Announced when we listen nowhere: no peer can use it, and trackers want one.
const NO_PORT: u16 = 1;

/// Announced as left while the length is unknown: 0 would be a seed's.
const LEFT_UNKNOWN: u64 = 16_384;

/// Descriptors assumed where the system does not tell.
const DESCRIPTORS: u64 = 1_024;

/// What a run is made of.
pub struct Run {
    /// The options, checked.
    pub config: Config,
    /// What to crawl.
    pub torrents: Vec<Torrent>,
    /// Who is to be left alone.
    pub exclusions: Arc<Exclusions>,
    /// Where links come from.
    pub network: Network,
    /// The run's clock.
    pub clock: Clock,
    /// The rhythm of the run.
    pub pace: Pace,
    /// By what contacts are chosen and sessions held.
    pub discipline: Discipline,
    /// Who serves what.
    pub arbiters: Arbiters,
    /// As it is kept in the store.
    pub command_line: String,
}

/// The threads of a run; all may be one (simulations).
pub struct Arbiters {
    /// The Recorder's own: sled blocks.
    pub recorder: ArbiterHandle,
    /// Those that serve sessions.
    pub workers: Vec<ArbiterHandle>,
}

/// A run that has begun.
pub struct Running {
    /// The top of its tree.
    pub root: Addr<Root>,
    /// How it ended.
    pub ended: oneshot::Receiver<RunEnd>,
    /// The port on which peers are accepted.
    pub port: Option<u16>,
    /// The run's sessions.
    pub slots: Slots,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// The run's log; to be closed last.
    pub log: LogFile,
    /// Answers `bta-dump` while the run lasts; none where no socket can be made.
    pub server: Option<Server>,
}

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The port is taken.
    #[error(
        "--port {port} is in use by another program; choose another, or `auto` for any free one"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// Nobody can listen there.
    #[error("cannot listen at {at}: {source}; check --bind and --port")]
    Listen {
        /// Where.
        at: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A location database is of no use.
    #[error("{0}; leave out its --geoip, or name another file")]
    Location(#[from] LocateError),
    /// The log file cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Log {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No encrypted connection can be made.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The main thread cannot work.
    #[error("cannot wait for sockets: {0}")]
    Thread(std::io::Error),
    /// The synthetic swarm cannot start.
    #[error("the demo's swarm cannot start: {0}")]
    Lab(String),
}

impl RunError {
    /// The exit code that it leads to.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Store(StoreError::OtherParameter { .. } | StoreError::NotAStore(_))
            | RunError::PortTaken { .. }
            | RunError::Location(_)
            | RunError::Trust(TrustError::CaFile { .. })
            | RunError::Listen { .. } => exit::USAGE,
            RunError::Store(_)
            | RunError::Log { .. }
            | RunError::Thread(_)
            | RunError::Trust(TrustError::Tls(_))
            | RunError::Lab(_) => exit::FAILED,
        }
    }
}

/// Opens the store, listens, and starts the tree. To be called inside a `System`.
///
/// # Errors
/// The store, the log or the port cannot be used.
pub async fn begin(run: Run) -> Result<Running, RunError> {
    let Run {
        config,
        torrents,
        exclusions,
        network,
        clock,
        pace,
        discipline,
        arbiters,
        command_line,
    } = run;
    let policy = AddressPolicy {
        allow_local: config.allow_local,
        excluded: exclusions,
        without: config.bind.unused(),
    };
    let parameters = Parameters {
        threshold_permille: config.threshold_permille,
        allow_local: config.allow_local,
        keep_addresses: config.keep_addresses,
    };
    let program = Program {
        version: concat!("bta ", env!("CARGO_PKG_VERSION")).into(),
        command_line,
    };
    // First what may fail for a reason of the user's: it leaves no empty store.
    let locator = location::open(&config)?;
    let tls = trust::tls(&config.ca_files)?;
    let ports = listening::listen(&network, &config, clock).await?;
    let (mut writer, opened) = Writer::open(&config.output, &parameters, &program, clock.now())?;
    let log_file = LogFile::open(&config.output, config.loglevel)?;
    let log = log_file.logger.clone();
    note_opening(&log, &opened);
    let port = ports
        .acceptors
        .first()
        .and_then(|it| it.local_addr().ok())
        .map(|at| at.port());
    let descriptors = raise_descriptor_limit().unwrap_or(DESCRIPTORS);
    let sessions = config.sessions(descriptors);
    info!(log, "run begins"; "torrents" => torrents.len(), "port" => port,
        "sessions_outgoing" => sessions.outgoing, "sessions_incoming" => sessions.incoming);

    location::note(&locator, &log, &mut writer)?;
    let imported = import(&mut writer, &torrents, &opened.torrents, &policy, clock)?;
    let shared = Arc::new(shared(
        &config,
        policy.clone(),
        network,
        match config.utp {
            true => ports.utp.clone(),
            false => Utp::default(),
        },
        locator,
        tls,
        sessions,
        pace,
        clock,
        &writer,
        arbiters.workers,
        &log,
    ));
    let dht_ports = dhts::told_ports(&config, &ports);
    let swarms = imported
        .into_iter()
        .map(|imported| {
            let mut greeting = greeting(&config, imported.0, port, dht_ports, pace);
            greeting.gossip &= !imported.2.private;
            plan(
                &config,
                imported,
                greeting,
                (pace, discipline),
                Arc::clone(&shared),
            )
        })
        .collect();
    let dhts = dhts::plans(&config, &torrents, &ports, port, &shared, pace);
    let lsds = lsds::plans(&config, port, &shared, pace);
    let (ended, end) = oneshot::channel();
    let live = Live::default();
    writer.show_to(&live);
    let server = Server::start(&config.output, live.clone(), log.clone())
        .inspect_err(|failure| warn!(log, "bta-dump cannot ask this run"; "error" => %failure))
        .ok();
    let plan = RootPlan {
        writer,
        store: StorePlan {
            run_dir: config.output.clone(),
            parameters,
            program,
            live,
        },
        swarms,
        ports,
        dhts,
        lsds,
        admission: Admission {
            policy,
            encryption: config.encryption,
            timeout: config.timeout,
        },
        monitor: MonitorPlan {
            slots: shared.slots.clone(),
            arbiters: named(&arbiters.recorder, &shared.workers),
            restarts: shared.restarts.clone(),
            lost_log_lines: Arc::clone(&log_file.lost),
            outlook: Outlook {
                signs: shared.signs.clone(),
                network: shared.network.clone(),
                bind: shared.bind.clone(),
            },
        },
        recorder_arbiter: arbiters.recorder,
        clock,
        log,
        lost_log_lines: Arc::clone(&log_file.lost),
        ended,
    };
    let (slots, signs) = (shared.slots.clone(), shared.signs.clone());
    let root = Root::create(|ctx| Root::new(plan, ctx));
    Ok(Running {
        root,
        ended: end,
        port,
        slots,
        signs,
        log: log_file,
        server,
    })
}

/// The arbiters by the names that their gauges have.
fn named(recorder: &ArbiterHandle, workers: &[ArbiterHandle]) -> Vec<(Arc<str>, ArbiterHandle)> {
    let workers = (1..).zip(workers);
    let workers = workers.map(|(number, it)| (format!("worker_{number}").into(), it.clone()));
    let recorder = ("recorder".into(), recorder.clone());
    std::iter::once(recorder).chain(workers).collect()
}

#[allow(clippy::too_many_arguments)] // the parts of a run, each used once
fn shared(
    config: &Config,
    policy: AddressPolicy,
    network: Network,
    utp: Utp,
    locator: Locator,
    tls: Tls,
    sessions: Sessions,
    pace: Pace,
    clock: Clock,
    writer: &Writer,
    workers: Vec<ArbiterHandle>,
    log: &slog::Logger,
) -> Shared {
    let own = listening::own_addresses(config);
    let signs = LifeSigns::default();
    Shared {
        asker: Asker::new(
            network.clone(),
            tls,
            own.clone(),
            policy.clone(),
            user_agent(config),
            clock,
            pace.divisor(),
        )
        .telling(signs.clone()),
        slots: Slots::new(sessions, config.allow_local, pace),
        signs,
        network,
        utp,
        bind: own,
        policy,
        secret: writer.secret(),
        unmeasured: Room::default(),
        timeout: config.timeout,
        locator,
        keep_addresses: config.keep_addresses,
        tells_peers: config.tells_peers,
        workers,
        restarts: Restarts::default(),
        clock,
        log: log.clone(),
    }
}

fn plan(
    config: &Config,
    (torrent, number, row): (&Torrent, TorrentNumber, TorrentRow),
    greeting: Greeting,
    (pace, discipline): (Pace, Discipline),
    shared: Arc<Shared>,
) -> SwarmPlan {
    let port = greeting.listen_port;
    let metainfo = torrent.metainfo();
    let yardstick = metainfo.map_or(Yardstick::UNKNOWN, |it| {
        Yardstick::new(it.pieces, it.mean_piece_bytes(), config.threshold_permille)
    });
    SwarmPlan {
        torrent: number,
        info_hash: torrent.info_hash(),
        name: torrent.name().into(),
        left_bytes: metainfo.map_or(LEFT_UNKNOWN, |it| it.total_len_bytes),
        named_peers: match &torrent.named {
            Named::Magnet(magnet) => magnet.peers.clone(),
            Named::Metainfo(_) => Vec::new(),
        },
        threshold_permille: config.threshold_permille,
        row,
        trackers: trackers(torrent),
        terms: BookTerms {
            yardstick,
            pace,
            delay: pace.shrink(config.delay),
            discipline,
            policy: shared.policy.clone(),
            listen_port: port,
            ways: Allowed {
                encryption: config.encryption,
                utp: !shared.utp.is_silent(),
            },
            hasher: IdentityHasher::new(&shared.secret, &torrent.info_hash()),
        },
        greeting: Arc::new(greeting),
        interval: config.interval,
        tracker_key: rand::random(),
        announce_port: port.unwrap_or(NO_PORT),
        shared,
    }
}
