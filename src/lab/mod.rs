//! A synthetic swarm: scripted peers and trackers, as machines moved by thin
//! tasks over a [`Network`]. Over loopback it is the demo and the benches' load,
//! in memory it is the simulation's world.
//!
//! It shares nothing with what it is used to test but the wire's encodings, and
//! it knows what truly happened: see [`Lab::truth`] and [`truth::Truth::judge`].

mod block;
mod cast;
pub mod conduct;
pub mod dht;
mod fortune;
mod gossip;
pub mod judgement;
pub mod pace;
pub mod peer;
pub mod profile;
pub mod scenario;
pub mod torrent;
pub mod tracker;
pub mod truth;
pub mod whereabouts;
mod witness;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

pub use judgement::{Confirmation, Judgement};
pub use scenario::Scenario;
pub use truth::Truth;

use self::block::Block;
use self::dht::Dht;
use self::gossip::Gossip;
use self::peer::life::{World, live};
use self::peer::{Plan, Reach};
use self::profile::{Profile, ProfileError};
use self::torrent::Torrent;
use self::tracker::Tracker;
use self::tracker::authority::Authority;
use self::tracker::registry::Registry;
use self::truth::PeerTruth;
use self::witness::Witness;
use crate::clock::Clock;
use crate::moment::Moment;
use crate::net::{Acceptor, Network};
use crate::protocol::peer::pex::PexFlags;

/// A lab that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The embedded profile is damaged.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A tracker's socket cannot be opened.
    #[error("lab tracker at {at}: {source}")]
    Tracker {
        /// Where it should listen.
        at: std::net::SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A DHT node's socket cannot be opened.
    #[error("lab DHT: {0}")]
    Dht(io::Error),
    /// It cannot invent certificates.
    #[error("lab certificates: {0}")]
    Authority(io::Error),
    /// A scenario without torrents, or one whose torrents name trackers that
    /// it does not have.
    #[error("the scenario has no torrent, or names a tracker that it lacks")]
    Scenario,
}

/// A running synthetic swarm. It ends when it is dropped.
#[derive(Debug)]
pub struct Lab {
    torrents: Vec<Arc<Torrent>>,
    plans: Vec<Plan>,
    world: Arc<World>,
    /// The certificate that its HTTPS trackers are to be trusted by.
    authority: String,
    /// Keeps other labs of this machine out of its addresses.
    _claim: Option<Acceptor>,
    tasks: JoinSet<()>,
}

impl Lab {
    /// Starts its trackers and its peers; each peer arrives at its own time.
    ///
    /// # Errors
    /// A tracker's socket cannot be opened; the scenario makes no sense.
    pub async fn start(
        network: Network,
        clock: Clock,
        scenario: &Scenario,
    ) -> Result<Lab, LabError> {
        let known = |index: &usize| *index < scenario.trackers.len();
        let mut named = scenario.torrents.iter().flat_map(|spec| &spec.trackers);
        if scenario.torrents.is_empty() || !named.all(known) {
            return Err(LabError::Scenario);
        }
        let profile = Profile::of_2015()?;
        let mut rng = SmallRng::seed_from_u64(scenario.seed);
        let mut torrents = invent(scenario, &mut rng);
        for (spec, torrent) in scenario.torrents.iter().zip(&mut torrents) {
            torrent.linked = spec.linked;
            torrent.metadata_from = clock.now() + spec.withholds;
        }
        let authority = Authority::invent().map_err(LabError::Authority)?;
        let mut tasks = JoinSet::new();
        let mut trackers = Vec::new();
        for (index, spec) in scenario.trackers.iter().enumerate() {
            let here = scenario.torrents.iter().zip(&torrents);
            let here = here.filter(|(spec, _)| spec.trackers.contains(&index));
            let hashes = here.map(|(_, torrent)| torrent.info_hash);
            let registry = Registry::new(spec.interval, scenario.pace, hashes, rng.random());
            let tracker =
                Tracker::start(&network, clock, spec, &authority, registry, &mut tasks).await;
            trackers.push(tracker.map_err(|source| LabError::Tracker {
                at: spec.at,
                source,
            })?);
        }
        for (torrent, spec) in torrents.iter_mut().zip(&scenario.torrents) {
            let urls = spec
                .trackers
                .iter()
                .map(|&it| trackers[it].url().to_owned());
            torrent.trackers = urls.collect();
        }
        let torrents: Vec<_> = torrents.into_iter().map(Arc::new).collect();
        let (block, claim) = Block::claim(&network, scenario.hosts).await;
        let beginning = (clock.now(), block);
        let plans = cast::cast(scenario, &profile, &torrents, beginning, &mut rng);
        let dht = Dht::open(&network, block, scenario.dht_nodes, &mut rng).await;
        let (dht, sockets) = dht.map_err(LabError::Dht)?;
        hide(&network, &plans);
        let world = Arc::new(World {
            network,
            clock,
            pace: scenario.pace,
            trackers,
            dht,
            gossip: Gossip::default(),
            witness: Witness::new(plans.len(), scenario.pace),
        });
        for (node, socket) in sockets.into_iter().enumerate() {
            tasks.spawn(Dht::serve(world.clone(), node, socket));
        }
        for plan in &plans {
            tasks.spawn(live(world.clone(), plan.clone()));
        }
        Ok(Lab {
            torrents,
            plans,
            world,
            authority: authority.pem(),
            _claim: claim,
            tasks,
        })
    }

    /// Its torrents.
    pub fn torrents(&self) -> &[Arc<Torrent>] {
        &self.torrents
    }

    /// Writes its torrents as `.torrent` files into a directory that exists.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_torrents(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        self.torrents
            .iter()
            .map(|torrent| torrent.write(dir))
            .collect()
    }

    /// Writes the certificate that vouches for its HTTPS trackers into a directory
    /// that exists.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_authority(&self, dir: &Path) -> io::Result<PathBuf> {
        let path = dir.join("authority.pem");
        std::fs::write(&path, &self.authority)?;
        Ok(path)
    }

    /// Its trackers.
    pub fn trackers(&self) -> &[Arc<Tracker>] {
        &self.world.trackers
    }

    /// Its DHT.
    pub fn dht(&self) -> &Dht {
        &self.world.dht
    }

    /// The scripts of its peers.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// What truly happened up to `until`.
    pub fn truth(&self, until: Moment) -> Truth {
        let (shown, mut offences) = self.world.witness.read();
        for tracker in &self.world.trackers {
            for offence in tracker.registry().offences() {
                *offences.entry(*offence).or_default() += 1;
            }
        }
        let peers = self.plans.iter().zip(shown);
        Truth {
            peers: peers
                .map(|(plan, shown)| PeerTruth::of(plan, shown, until))
                .collect(),
            offences,
        }
    }

    /// Of whom a guest told its peers, and all that it said of each.
    pub fn gossip(&self) -> BTreeMap<SocketAddr, PexFlags> {
        self.world.witness.gossip()
    }

    /// Ends all of it: nobody leaves in order, everybody is gone.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// On a network in memory nobody answers for who cannot be reached. On the
/// machine's own, the machine does: it refuses.
fn hide(network: &Network, plans: &[Plan]) {
    if let Network::Memory(network) = network {
        let hidden = plans
            .iter()
            .filter(|plan| matches!(plan.reach, Reach::Firewalled | Reach::Dead));
        let addresses = hidden.flat_map(Plan::addresses);
        addresses.for_each(|address| network.hide(address.ip()));
    }
}

fn invent(scenario: &Scenario, rng: &mut SmallRng) -> Vec<Torrent> {
    let specs = scenario.torrents.iter();
    let torrents = specs.map(|spec| {
        let share = scenario.threshold_permille;
        Torrent::invent(&spec.name, spec.pieces, spec.piece_length, share, rng)
    });
    torrents.collect()
}

#[cfg(test)]
mod tests;
