//! `--demo`: the same tree against a synthetic swarm on loopback, and the truth
//! beside what was confirmed.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::exit;
use crate::clock::Clock;
use crate::config::{Bind, Config, Dht, DhtFile, Geoip, Listen};
use crate::input::Inputs;
use crate::lab::{Confirmation, Judgement, Lab, Scenario, whereabouts};
use crate::moment::Moment;
use crate::net::{Network, OsNet};
use crate::protocol::exclusions::Exclusions;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::{Source, Verdict};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::Discipline;

use super::{Run, RunError, arbiters, end, fail, note, run_to_end, say};

/// Every demo is the same one.
const SEED: u64 = 2015;

/// Less than this share of the true completions is a failure.
const CONFIRMED_AT_LEAST_PERCENT: f64 = 80.0;

/// Who names the demo's peers.
const NAMING: [Source; 3] = [Source::Tracker, Source::Dht, Source::Pex];

/// Runs the demo; answers the exit code.
pub(super) async fn run(
    config: Config,
    exclusions: Arc<Exclusions>,
    clock: Clock,
    command_line: String,
) -> u8 {
    match demo(config, exclusions, clock, command_line).await {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn demo(
    config: Config,
    exclusions: Arc<Exclusions>,
    clock: Clock,
    command_line: String,
) -> Result<u8, RunError> {
    let scenario = Scenario::demo(SEED);
    note(&format!(
        "a synthetic swarm on this machine, {} s; seed {SEED}; settling, contact, keep-alive and \
         revisit times are divided by {}",
        scenario.duration.as_secs(),
        Pace::DEMO.divisor()
    ));
    let folder = tempfile::tempdir().map_err(|error| RunError::Lab(error.to_string()))?;
    let lab = LabThread::start(clock, scenario.clone(), folder.path().to_owned()).await?;
    let inputs = Inputs::read(&lab.files.inputs);
    let whereabouts = whereabouts::write(folder.path());
    let whereabouts = whereabouts.map_err(|error| RunError::Lab(error.to_string()))?;
    let config = Config {
        listen: Listen::Any,
        bind: Bind {
            v4: Some(Ipv4Addr::LOCALHOST),
            v6: has_ipv6().then_some(Ipv6Addr::LOCALHOST),
        },
        duration: Some(config.duration.unwrap_or(scenario.duration)),
        allow_local: true,
        keep_addresses: true,
        geoip: match config.geoip {
            Geoip::Folder(_) => Geoip::Files(vec![whereabouts]),
            geoip => geoip,
        },
        dht: config.dht.map(|dht| Dht {
            bootstrap: lab.files.nodes.clone(),
            file: DhtFile::Nowhere,
            ..dht
        }),
        ca_files: [config.ca_files, vec![lab.files.authority.clone()]].concat(),
        ..config
    };
    let run = Run {
        torrents: inputs.torrents,
        exclusions,
        network: Network::Os(OsNet),
        clock,
        pace: Pace::DEMO,
        discipline: Discipline::default(),
        arbiters: arbiters(),
        command_line,
        config: config.clone(),
    };
    let ended = run_to_end(run).await?;
    let truth = lab.stop().await?;
    let code = end::report(ended);
    let reader = Reader::open(&config.output)?;
    let judgement = truth.judge(&confirmations(&reader)?);
    let (sources, line) = (known_by_one(&reader)?, judgement.line());
    say(&format!("\n{judgement}\n{sources}\n{line}\n"));
    Ok(code.max(verdict(&judgement)))
}

fn verdict(judgement: &Judgement) -> u8 {
    let enough = judgement.all.percent() >= CONFIRMED_AT_LEAST_PERCENT;
    match enough && judgement.wrong.is_empty() {
        true => exit::DONE,
        false => exit::FAILED,
    }
}

/// How many of the peers that were met one source alone had named.
fn known_by_one(reader: &Reader) -> Result<String, StoreError> {
    let (mut met, mut alone) = (0, [0; 3]);
    for row in reader.peers(None) {
        let sources = row?.1.sources;
        met += 1;
        for (count, source) in alone.iter_mut().zip(NAMING) {
            // Who calls us may have heard of us anywhere.
            let named = sources.iter().filter(|it| *it != Source::Incoming);
            *count += u32::from(named.eq([source]));
        }
    }
    let [trackers, dht, peers] = alone;
    Ok(format!(
        "demo: {met} peers met; named by trackers alone {trackers}, by the DHT alone {dht}, \
         by other peers alone {peers}"
    ))
}

/// The confirmed downloads of the store that has just been closed.
fn confirmations(reader: &Reader) -> Result<Vec<Confirmation>, StoreError> {
    let torrents = reader.torrents()?;
    let mut found = Vec::new();
    for row in reader.completions(None) {
        let ((number, _), row) = row?;
        let torrent = torrents.iter().find(|it| it.0 == number);
        if row.verdict == Verdict::Confirmed
            && let (Some((_, torrent)), Some(address)) = (torrent, row.raw_address)
        {
            found.extend(Confirmation::read(
                torrent.info_hash,
                &address.to_string(),
                row.at,
            ));
        }
    }
    Ok(found)
}

/// Whether this machine has an IPv6 loopback.
fn has_ipv6() -> bool {
    std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// The lab on a thread of its own: it is the world, not the program.
struct LabThread {
    files: LabFiles,
    stop: tokio::sync::oneshot::Sender<Moment>,
    truth: tokio::sync::oneshot::Receiver<crate::lab::Truth>,
    clock: Clock,
}

/// What the lab leaves for whoever wants to watch it.
struct LabFiles {
    /// Files and magnet links.
    inputs: Vec<PathBuf>,
    authority: PathBuf,
    /// Of its DHT.
    nodes: Vec<(String, u16)>,
}

impl LabFiles {
    fn write(lab: &Lab, folder: &Path) -> io::Result<LabFiles> {
        let inputs = lab.torrents().iter().map(|torrent| match torrent.linked {
            true => Ok(torrent.magnet().into()),
            false => torrent.write(folder),
        });
        let nodes = lab.dht().nodes();
        Ok(LabFiles {
            inputs: inputs.collect::<io::Result<_>>()?,
            authority: lab.write_authority(folder)?,
            nodes: nodes.map(|it| (it.ip().to_string(), it.port())).collect(),
        })
    }
}

impl LabThread {
    async fn start(
        clock: Clock,
        scenario: Scenario,
        folder: PathBuf,
    ) -> Result<LabThread, RunError> {
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<Moment>();
        let (tell, truth) = tokio::sync::oneshot::channel();
        let work = async move {
            let network = Network::Os(OsNet);
            let lab = match Lab::start(network, clock, &scenario).await {
                Ok(lab) => lab,
                Err(error) => return drop(begun.send(Err(error.to_string()))),
            };
            let files = LabFiles::write(&lab, &folder);
            let _ = begun.send(files.map_err(|error| error.to_string()));
            if let Ok(until) = stopped.await {
                let _ = tell.send(lab.truth(until));
            }
            lab.stop().await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| RunError::Lab(error.to_string()))?;
        std::thread::spawn(move || {
            runtime.block_on(work);
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        let gone = |_| Err("its thread ended".to_owned());
        let files = has_begun.await.unwrap_or_else(gone);
        Ok(LabThread {
            files: files.map_err(RunError::Lab)?,
            stop,
            truth,
            clock,
        })
    }

    /// Ends the lab; tells what truly happened up to now.
    async fn stop(self) -> Result<crate::lab::Truth, RunError> {
        let _ = self.stop.send(self.clock.now());
        let truth = self.truth.await;
        truth.map_err(|_| RunError::Lab("its thread ended".into()))
    }
}
