//! A synthetic swarm and bta beside it, in virtual time and on one thread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_rt::{Arbiter, System};
use bta::actors::root::{RunEnd, Shutdown};
use bta::app::{Arbiters, Run, RunError, Running, begin};
use bta::cli::{Color, SummaryFormat};
use bta::clock::Clock;
use bta::config::{Bind, Config, Geoip, Listen, Task};
use bta::input::{Inputs, Named, Torrent};
use bta::lab::{Judgement, Lab, Scenario};
use bta::moment::Moment;
use bta::net::{MemoryNet, Network};
use bta::protocol::exclusions::Exclusions;
use bta::protocol::magnet::Magnet;
use bta::protocol::peer::Encryption;
use bta::swarm::pace::Pace;
use bta::swarm::schedule::Discipline;
use tempfile::TempDir;

use super::harvest::Harvest;

/// Where bta lives.
pub(crate) const HERE: Ipv4Addr = Ipv4Addr::new(44, 2, 2, 2);
pub(crate) const HERE_6: Ipv6Addr = Ipv6Addr::new(0x2a01, 2, 0, 0, 0, 0, 0, 2);
const PORT: u16 = 6881;

/// From host to host, one way.
pub(crate) const LATENCY: Duration = Duration::from_millis(60);

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// 2026-03-01 11:40 UTC: full hours pass in a run.
const START: Moment = Moment::from_millis(1_772_365_200_000);

/// Runs `work` in virtual time, which leaps to the next timer whenever nobody
/// has anything to do. All actors live on this one thread.
pub(crate) fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    System::with_tokio_rt(runtime).block_on(work)
}

/// A lab, and what bta needs to crawl it.
pub(crate) struct World {
    pub clock: Clock,
    pub net: MemoryNet,
    pub lab: Lab,
    pub config: Config,
    pub torrents: Vec<Torrent>,
    pub exclusions: Arc<Exclusions>,
    pub discipline: Discipline,
    begun: std::time::Instant,
    /// Goes with the world.
    _folder: TempDir,
}

impl World {
    /// A world as `scenario` says. Its hosts are 60 ms apart, and the network loses
    /// some datagrams.
    pub(crate) async fn of(scenario: &Scenario) -> World {
        println!("seed {}", scenario.seed);
        let clock = Clock::start_at(START);
        let net = MemoryNet::new(clock, scenario.seed);
        net.set_latency(LATENCY);
        net.set_datagram_loss(20);
        let lab = Lab::start(Network::Memory(net.clone()), clock, scenario).await;
        let lab = lab.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let torrents = Inputs::read(&lab.write_torrents(folder.path()).unwrap()).torrents;
        assert_eq!(torrents.len(), lab.torrents().len());
        World {
            config: config(&folder, scenario),
            begun: now(),
            clock,
            net,
            lab,
            torrents,
            exclusions: Arc::default(),
            discipline: Discipline::default(),
            _folder: folder,
        }
    }

    /// From now on bta knows of each torrent only what a magnet link says.
    pub(crate) fn name_by_links(&mut self) {
        for torrent in &mut self.torrents {
            let trackers = torrent.trackers().into_iter().map(str::to_owned).collect();
            torrent.named = Named::Magnet(Magnet {
                trackers,
                ..Magnet::bare(torrent.info_hash())
            });
        }
    }

    /// Starts bta in it.
    pub(crate) async fn begin(&self) -> Running {
        self.try_begin().await.unwrap()
    }

    pub(crate) async fn try_begin(&self) -> Result<Running, RunError> {
        let here = self.net.at(IpAddr::V4(HERE)).at(IpAddr::V6(HERE_6));
        let run = Run {
            config: self.config.clone(),
            torrents: self.torrents.clone(),
            exclusions: self.exclusions.clone(),
            network: Network::Memory(here),
            clock: self.clock,
            pace: Pace::default(),
            discipline: self.discipline,
            arbiters: Arbiters {
                recorder: Arbiter::current(),
                workers: vec![Arbiter::current()],
            },
            command_line: "bta (simulated)".into(),
        };
        begin(run).await
    }

    /// Lets `span` pass.
    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Stops bta as Ctrl-C does; it must be done in ten seconds.
    pub(crate) async fn stop(&self, running: Running) -> RunEnd {
        let asked = self.clock.now();
        // Who has ended by itself needs no order.
        let _ = running.root.send(Shutdown).await;
        let end = running.ended.await.unwrap();
        let took = self.clock.now().since(asked);
        assert!(took < Duration::from_secs(10), "stopping took {took:?}");
        end
    }

    /// Begins, lets `span` pass, stops.
    pub(crate) async fn run(&self, span: Duration) {
        let running = self.begin().await;
        self.pass(span).await;
        let end = self.stop(running).await;
        assert!(matches!(end, RunEnd::Stopped), "{end:?}");
    }

    /// What is in the store, at rest.
    pub(crate) fn harvest(&self) -> Harvest {
        Harvest::of(&self.config.output)
    }

    /// The store held against the truth up to now; prints what it was worth.
    pub(crate) fn judge(&self) -> Judgement {
        let truth = self.lab.truth(self.clock.now());
        let judgement = truth.judge(&self.harvest().confirmations());
        let (virtual_s, real) = (self.clock.now().since(START).as_secs(), now() - self.begun);
        println!("{judgement}\n{virtual_s} s in {real:.1?}");
        judgement
    }

    /// The same, of a run that confirmed nobody wrongly, kept to its conduct and
    /// overlooked hardly anybody.
    pub(crate) fn judge_sound(&self) -> Judgement {
        let judgement = self.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        let offences = &judgement.truth.offences;
        assert!(offences.is_empty(), "{offences:?}");
        assert!(overlooked(&judgement) <= 1);
        judgement
    }
}

/// True completions of peers that told enough, and are not confirmed. Who is met in
/// its last two seconds may be one: an opening burst is no news.
pub(crate) fn overlooked(judgement: &Judgement) -> usize {
    judgement.showable.of - judgement.showable.confirmed
}

/// Real time, only to say how long a test took.
#[allow(clippy::disallowed_methods)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn config(folder: &TempDir, scenario: &Scenario) -> Config {
    Config {
        task: Task::Crawl(Vec::new()),
        jobs: Some(2_000),
        listen: Listen::At(PORT),
        bind: Bind {
            v4: Some(Ipv4Addr::UNSPECIFIED),
            v6: Some(Ipv6Addr::UNSPECIFIED),
        },
        timeout: Duration::from_secs(10),
        delay: Duration::from_secs(600),
        interval: None,
        loglevel: slog::Level::Info,
        output: folder.path().join("run"),
        duration: None,
        threshold_permille: scenario.threshold_permille,
        allow_local: false,
        exclude: Vec::new(),
        keep_addresses: true,
        geoip: Geoip::Nowhere,
        ca_files: Vec::new(),
        dht: None,
        lsd: false,
        encryption: Encryption::Prefer,
        utp: false,
        tells_peers: true,
        contact: None,
        quiet: true,
        color: Color::Never,
        format: SummaryFormat::Table,
    }
}
