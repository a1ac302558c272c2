//! Options to a checked configuration: what is left open there is decided here.

mod dht;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::crawl::{CrawlArgs, Port};
use crate::cli::{Color, SummaryFormat};
use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::protocol::peer::Encryption;

pub use dht::{Dht, DhtFile};

/// Ports that are tried when none is named: BEP 3's own.
const DEFAULT_PORTS: RangeInclusive<u16> = 6881..=6889;

/// Open files that are no sessions: store, journal, log, trackers, listeners.
const RESERVED_DESCRIPTORS: u64 = 128;

/// Most sessions when no number is named: so many were measured, and a bigger
/// number may be asked for.
const DEFAULT_SESSIONS: u64 = 20_000;

/// Of so many sessions one is kept for peers that come in.
const INCOMING_SHARE: u32 = 4;

/// What a run is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Crawl what these paths name.
    Crawl(Vec<PathBuf>),
    /// Say what these paths name.
    Check(Vec<PathBuf>),
    /// Crawl a synthetic swarm.
    Demo,
    /// Say what a run would go by.
    PrintConfig,
}

/// Where to listen for peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Nowhere,
    /// At the first free port of these; if none is, at any.
    FirstOf(RangeInclusive<u16>),
    /// At any free port.
    Any,
    /// At this port, or the run fails.
    At(u16),
}

/// The local addresses in use; a family that is `None` is not used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind {
    /// To dial from and listen at with IPv4; unspecified for any.
    pub v4: Option<Ipv4Addr>,
    /// The same with IPv6.
    pub v6: Option<Ipv6Addr>,
}

/// Peer sessions at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// That we dial.
    pub outgoing: u32,
    /// That others open, kept free for them.
    pub incoming: u32,
}

/// Where location databases are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Geoip {
    /// Nowhere: none is used.
    Nowhere,
    /// Those in this folder, if there are any.
    Folder(PathBuf),
    /// These files, all of which must be of use.
    Files(Vec<PathBuf>),
}

/// A run's configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What to do.
    pub task: Task,
    /// Peer sessions, if named (see [`Config::sessions`]).
    pub jobs: Option<u32>,
    /// Where to listen.
    pub listen: Listen,
    /// From and at which addresses.
    pub bind: Bind,
    /// Of connecting and shaking hands.
    pub timeout: Duration,
    /// Longest time between visits to an unfinished peer.
    pub delay: Duration,
    /// Between announces; `None`: what the tracker says.
    pub interval: Option<Duration>,
    /// What is logged.
    pub loglevel: slog::Level,
    /// The run's folder.
    pub output: PathBuf,
    /// After which to stop.
    pub duration: Option<Duration>,
    /// The threshold in thousandths.
    pub threshold_permille: u16,
    /// Private addresses and low ports are spoken to as well.
    pub allow_local: bool,
    /// Files that name whom to leave alone.
    pub exclude: Vec<PathBuf>,
    /// Addresses are stored.
    pub keep_addresses: bool,
    /// Tell where addresses are.
    pub geoip: Geoip,
    /// Files of certificate authorities to trust beside those of the Web.
    pub ca_files: Vec<PathBuf>,
    /// How to take part in the DHT; `None`: not at all.
    pub dht: Option<Dht>,
    /// Neighbours are told of, and listened to.
    pub lsd: bool,
    /// Whether connections are encrypted.
    pub encryption: Encryption,
    /// Peers are dialled, and heard, by uTP too.
    pub utp: bool,
    /// Peers are told of each other (BEP 11).
    pub tells_peers: bool,
    /// Told to peers and trackers.
    pub contact: Option<String>,
    /// Only warnings and errors on standard error.
    pub quiet: bool,
    /// `Auto` still depends on the terminal.
    pub color: Color,
    /// Of the summary.
    pub format: SummaryFormat,
}

/// What surrounds a run, and decides what the options leave open.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The start.
    pub now: Moment,
    /// The environment variable NO_COLOR is set and not empty.
    pub no_color: bool,
}

impl Surroundings {
    /// This process's environment at `now`.
    pub fn read(now: Moment) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        Surroundings { now, no_color }
    }
}

/// Options that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing to do.
    #[error("no INPUT; name .torrent files, folders of them or list files, or try --demo")]
    NoInput,
    /// A demo of something else.
    #[error("--demo takes neither INPUT nor --check; leave out one or the other")]
    DemoOfInput,
    /// Two addresses of one family.
    #[error("--bind {0} and --bind {1} are of one family; name at most one of each")]
    BindTwice(IpAddr, IpAddr),
    /// Neither dialling nor listening.
    #[error("--jobs 0 dials nobody and --port 0 hears nobody; leave one of them out")]
    DeafAndDumb,
    /// Databases and none.
    #[error("--geoip none leaves no use for another --geoip; leave out one or the other")]
    GeoipAndNone,
}

impl Config {
    /// Checks the options together and decides what they leave open.
    ///
    /// # Errors
    /// They contradict each other, or name nothing to do.
    pub fn new(args: CrawlArgs, around: &Surroundings) -> Result<Config, ConfigError> {
        let dht = Dht::new(&args, args.allow_local || args.demo);
        let task = match (args.demo, args.check) {
            _ if args.print_config => Task::PrintConfig,
            (true, false) if args.inputs.is_empty() => Task::Demo,
            (true, _) => return Err(ConfigError::DemoOfInput),
            _ if args.inputs.is_empty() => return Err(ConfigError::NoInput),
            (_, true) => Task::Check(args.inputs),
            _ => Task::Crawl(args.inputs),
        };
        let listen = match args.port {
            None => Listen::FirstOf(DEFAULT_PORTS),
            Some(Port::None) => Listen::Nowhere,
            Some(Port::Auto) => Listen::Any,
            Some(Port::Exact(port)) => Listen::At(port),
        };
        if args.jobs == Some(0) && listen == Listen::Nowhere {
            return Err(ConfigError::DeafAndDumb);
        }
        let color = match args.color {
            Color::Auto if around.no_color => Color::Never,
            color => color,
        };
        Ok(Config {
            jobs: args.jobs,
            listen,
            bind: Bind::new(&args.bind)?,
            timeout: args.timeout,
            delay: args.delay,
            interval: args.interval,
            loglevel: args.loglevel.into(),
            output: args.output.unwrap_or_else(|| default_output(around.now)),
            duration: args.duration,
            threshold_permille: args.threshold.0,
            allow_local: args.allow_local || task == Task::Demo,
            exclude: args.exclude,
            keep_addresses: args.keep_addresses,
            geoip: Geoip::new(args.geoip)?,
            ca_files: args.ca_file,
            dht,
            lsd: !args.no_lsd && task != Task::Demo,
            encryption: args.encryption.into(),
            utp: !args.no_utp && task != Task::Demo,
            tells_peers: !args.no_pex_send,
            contact: args.contact,
            quiet: args.quiet,
            color,
            format: args.format,
            task,
        })
    }

    /// Sessions at a time, under a limit of open files: those named, as far as the
    /// limit allows, or what it allows.
    pub fn sessions(&self, descriptors: u64) -> Sessions {
        // Under a small limit what is reserved must not leave nothing.
        let reserved = RESERVED_DESCRIPTORS.min(descriptors / 2);
        let possible = u32::try_from(descriptors - reserved).unwrap_or(u32::MAX);
        let default = u64::from(possible).min(DEFAULT_SESSIONS) as u32;
        let total = match self.jobs {
            None | Some(0) => default,
            Some(jobs) => jobs.min(possible),
        };
        let incoming = match self.listen {
            Listen::Nowhere => 0,
            _ => total / INCOMING_SHARE,
        };
        let outgoing = match self.jobs {
            Some(0) => 0,
            _ => total - incoming,
        };
        Sessions { outgoing, incoming }
    }
}

impl Bind {
    /// The family that is not used at all.
    pub fn unused(&self) -> Option<IpFamily> {
        match (self.v4, self.v6) {
            (None, Some(_)) => Some(IpFamily::V4),
            (Some(_), None) => Some(IpFamily::V6),
            _ => None,
        }
    }

    fn new(addresses: &[IpAddr]) -> Result<Bind, ConfigError> {
        if addresses.is_empty() {
            return Ok(Bind {
                v4: Some(Ipv4Addr::UNSPECIFIED),
                v6: Some(Ipv6Addr::UNSPECIFIED),
            });
        }
        let mut bind = Bind { v4: None, v6: None };
        for address in addresses {
            let before = match *address {
                IpAddr::V4(v4) => bind.v4.replace(v4).map(IpAddr::V4),
                IpAddr::V6(v6) => bind.v6.replace(v6).map(IpAddr::V6),
            };
            if let Some(before) = before {
                return Err(ConfigError::BindTwice(before, *address));
            }
        }
        Ok(bind)
    }
}

impl Geoip {
    fn new(files: Vec<PathBuf>) -> Result<Geoip, ConfigError> {
        match files.iter().filter(|it| it.as_os_str() == "none").count() {
            0 if files.is_empty() => Ok(Geoip::Folder("input".into())),
            0 => Ok(Geoip::Files(files)),
            nones if nones == files.len() => Ok(Geoip::Nowhere),
            _ => Err(ConfigError::GeoipAndNone),
        }
    }
}

/// `output/2026-11-23T03-44-01Z`: no colon, which some file systems refuse.
fn default_output(now: Moment) -> PathBuf {
    let start = humantime::format_rfc3339_seconds(now.to_system_time()).to_string();
    PathBuf::from("output").join(start.replace(':', "-"))
}

#[cfg(test)]
mod tests;
