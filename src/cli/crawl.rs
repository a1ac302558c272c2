//! The command line of `bta`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum};

use super::dht::{DhtState, HostAndPort, host_and_port};
use super::{Color, EncryptionMode, SummaryFormat, Unit, parse_span};

const ABOUT: &str = "\
Counts how many people really downloaded a torrent.

bta joins each torrent's swarm as a peer that neither requests nor serves \
content, learns from every other peer which pieces it has, and counts a \
confirmed download each time it saw one peer first below the threshold and \
later at or above it. Stop it with Ctrl-C: it then says goodbye to the trackers \
and prints the summary; read the rest with bta-dump.";

const NETWORK: &str = "Network";
const OUTPUT: &str = "Store and output";
pub(super) const INSTEAD: &str = "Instead of a run";

const EXAMPLES: &str = "\
Examples:
  bta --demo                            a synthetic swarm on this machine, 30 s
  bta --check input/example.txt         what is in the list, and what is wrong
  bta ubuntu.torrent                    one torrent, until Ctrl-C
  bta 'magnet:?xt=urn:btih:...&tr=...'  the same by its magnet link
  bta -j 500 -d 5 --duration 2h list.txt
  bta --output output/monday list.txt   go on with that run, if it is there
  bta --print-config > bta.toml         every option, explained, to be edited
  bta --config bta.toml                 a run as that file says
  bta-dump completions output/monday    who completed, and when

Units:
  A bare number has the unit of its option; 250ms, 30s, 5m, 2h, 1h30m and 1d
  work everywhere.

Exit codes:
  0    done, or stopped by Ctrl-C or SIGTERM
  1    failed; with --demo: less than 80 % confirmed, or anything wrong;
       with --check: an entry is of no use
  2    a bad command line, or no usable input
  3    a part of the program kept failing; all that was recorded is safe
  130  second Ctrl-C";

/// What was written on the command line of `bta`, each value in its range.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "bta",
    version,
    about = ABOUT,
    after_help = EXAMPLES,
    override_usage = "bta [OPTIONS] <INPUT>...\n       bta --check <INPUT>...\n       bta --demo [OPTIONS]",
    max_term_width = 90,
    allow_negative_numbers = true,
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct CrawlArgs {
    /// .torrent files, folders of them, magnet links, or list files: one path or
    /// magnet link a line, paths relative to the list; lines that begin with # are
    /// comments.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Peer sessions at a time, a quarter of them for incoming peers; 0 dials
    /// nobody [default: what the limit of open files allows].
    #[arg(short, long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<u32>,

    /// Time-out of connecting and shaking hands.
    #[arg(short, long, value_name = "SECONDS", default_value = "10", value_parser = timeout)]
    pub timeout: Duration,

    /// Longest time between visits to an unfinished peer.
    #[arg(short, long, value_name = "MINUTES", default_value = "10", value_parser = delay)]
    pub delay: Duration,

    /// Time between announces, never below a tracker's own minimum [default: what
    /// the tracker says].
    #[arg(short, long, value_name = "MINUTES", value_parser = interval)]
    pub interval: Option<Duration>,

    /// Stop after this time, as by Ctrl-C [default: never].
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub duration: Option<Duration>,

    /// Share of the pieces that makes a download.
    #[arg(long, value_name = "SHARE", default_value = "0.98", value_parser = threshold)]
    pub threshold: Permille,

    /// TOML file with options by their long names, and input for INPUT. What is on the
    /// command line replaces what the file says of it; --no-quiet and the like undo a
    /// flag.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Port for incoming peers: a number, auto for any free one, or 0 for none
    /// [default: the first free one of 6881-6889].
    #[arg(short, long, value_name = "PORT", value_parser = port, help_heading = NETWORK)]
    pub port: Option<Port>,

    /// Address to dial from and listen at; twice for one IPv4 and one IPv6 address
    /// [default: all, of both families].
    #[arg(long, value_name = "ADDR", value_parser = address, help_heading = NETWORK)]
    pub bind: Vec<IpAddr>,

    /// Speak to private addresses and ports below 1024 too: for a lab.
    #[arg(long, help_heading = NETWORK)]
    pub allow_local: bool,

    /// List of addresses that are never contacted, by anyone's word: addresses,
    /// networks and ranges, one a line, also as ipfilter.dat has them; may be repeated.
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub exclude: Vec<PathBuf>,

    /// Trust these certificate authorities too, for HTTPS trackers; may be given again
    /// [default: those of the Web].
    #[arg(long, value_name = "PEM", help_heading = NETWORK)]
    pub ca_file: Vec<PathBuf>,

    /// Do not take part in the DHT.
    #[arg(long, help_heading = NETWORK)]
    pub no_dht: bool,

    /// Node that the DHT is entered by; may be given again [default: four well-known
    /// routers; none with --allow-local].
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port, help_heading = NETWORK)]
    pub dht_bootstrap: Vec<HostAndPort>,

    /// Answer no queries of other DHT nodes, and tell them so.
    #[arg(long, help_heading = NETWORK)]
    pub dht_read_only: bool,

    /// File that keeps the DHT's nodes from run to run, one beside it (6) those of IPv6;
    /// `none` for no file [default: bta/dht in the user's cache folder; none with
    /// --allow-local].
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub dht_state: Option<DhtState>,

    /// No local discovery: neither announce torrents to this network's clients by
    /// multicast nor listen to them. Who has a private address is dialled with
    /// --allow-local only; never with --demo.
    #[arg(long, help_heading = NETWORK)]
    pub no_lsd: bool,

    /// Encrypted connections to peers: prefer meets each peer in the way that it
    /// speaks, plain or encrypted; require makes and takes no plain one; off none that
    /// is encrypted.
    #[arg(long, value_name = "MODE", default_value = "prefer", help_heading = NETWORK)]
    pub encryption: EncryptionMode,

    /// No uTP: peers are dialled by TCP alone, and who comes by uTP is refused.
    #[arg(long, help_heading = NETWORK)]
    pub no_utp: bool,

    /// Tell no peer of others: hear what they say of each other, and be silent.
    #[arg(long, help_heading = NETWORK)]
    pub no_pex_send: bool,

    /// Where people who wonder about this client find you; told to every peer and
    /// tracker.
    #[arg(long, value_name = "URL", value_parser = contact, help_heading = NETWORK)]
    pub contact: Option<String>,

    /// Folder of the run; a run that is there is continued [default: output/ and
    /// the time of the start].
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub output: Option<PathBuf>,

    /// Store peers' addresses, which are personal data: for a lab, or with a legal
    /// ground.
    #[arg(long, help_heading = OUTPUT)]
    pub keep_addresses: bool,

    /// Location database (.mmdb) by which peers have a country, a town, a network;
    /// repeat it for several; `none` for no location [default: input/*.mmdb].
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub geoip: Vec<PathBuf>,

    /// How the summary is written to standard output.
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = OUTPUT)]
    pub format: SummaryFormat,

    /// What is logged.
    #[arg(short, long, value_name = "LEVEL", default_value = "INFO", ignore_case = true,
        help_heading = OUTPUT)]
    pub loglevel: LogLevel,

    /// Nothing on standard error but warnings and errors.
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,

    /// Colours; auto: at a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = OUTPUT)]
    pub color: Color,

    /// Say what the inputs name and what is wrong with them.
    #[arg(long, help_heading = INSTEAD)]
    pub check: bool,

    /// Watch a synthetic swarm on this machine, with trackers and a DHT of its own, ten
    /// times as fast as life, and compare with its truth; takes no INPUT.
    #[arg(long, help_heading = INSTEAD)]
    pub demo: bool,

    /// Print the configuration that a run would have, as a file for --config.
    #[arg(long, help_heading = INSTEAD)]
    pub print_config: bool,

    /// Print this help.
    #[arg(short, long, action = ArgAction::HelpShort, help_heading = INSTEAD)]
    help: Option<bool>,

    /// Print the version.
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = INSTEAD)]
    version: Option<bool>,
}

/// Where to listen, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Nowhere.
    None,
    /// At any free port.
    Auto,
    /// At this one, or not at all.
    Exact(u16),
}

/// A share in thousandths, 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permille(pub u16);

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum LogLevel {
    /// What ends the run.
    Critical,
    /// What fails.
    Error,
    /// What is wrong, and goes on.
    #[value(alias = "WARN")]
    Warning,
    /// What happens in the large.
    Info,
    /// What happens to each peer.
    Debug,
    /// Every message, in debug builds.
    Trace,
}

impl From<LogLevel> for slog::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Critical => slog::Level::Critical,
            LogLevel::Error => slog::Level::Error,
            LogLevel::Warning => slog::Level::Warning,
            LogLevel::Info => slog::Level::Info,
            LogLevel::Debug => slog::Level::Debug,
            LogLevel::Trace => slog::Level::Trace,
        }
    }
}

fn jobs(text: &str) -> Result<u32, String> {
    let number = text.parse();
    number.map_err(|_| "not a number of sessions; write 0 or more, such as 500".to_owned())
}

fn port(text: &str) -> Result<Port, String> {
    match text.parse::<u16>() {
        Ok(0) => Ok(Port::None),
        Ok(port) => Ok(Port::Exact(port)),
        Err(_) if text.eq_ignore_ascii_case("auto") => Ok(Port::Auto),
        Err(_) => Err("not a port; write 1 to 65535, auto, or 0 for none".to_owned()),
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(300));
    let span = bounded(text, Unit::Seconds, least)?;
    if span > most {
        return Err("too long; write at most 5m".to_owned());
    }
    Ok(span)
}

fn delay(text: &str) -> Result<Duration, String> {
    bounded(text, Unit::Minutes, Duration::from_secs(1))
}

fn interval(text: &str) -> Result<Duration, String> {
    bounded(text, Unit::Minutes, Duration::from_secs(1))
}

fn duration(text: &str) -> Result<Duration, String> {
    bounded(text, Unit::Seconds, Duration::from_millis(1))
}

fn bounded(text: &str, unit: Unit, least: Duration) -> Result<Duration, String> {
    let span = parse_span(text, unit).map_err(|error| error.to_string())?;
    if span < least {
        return Err(format!("too short; write at least {least:?}"));
    }
    Ok(span)
}

/// `0.98`, `98%`, `1`: in integers, because every number rests on it.
fn threshold(text: &str) -> Result<Permille, String> {
    let wrong = || "not a share of the pieces; write 0.001 to 1, such as 0.98, or 98%".to_owned();
    let (digits, places) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 1),
        None => (text, 3),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let empty = whole.is_empty() && fraction.is_empty();
    if empty || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    if fraction.len() > places {
        return Err("finer than thousandths; write such as 0.985".to_owned());
    }
    let permille = format!("{whole}{fraction:0<places$}").parse::<u16>();
    match permille {
        Ok(permille @ 1..=1000) => Ok(Permille(permille)),
        _ => Err(wrong()),
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let address = text.parse();
    address.map_err(|_| "not an IP address; write such as 192.0.2.7 or 2001:db8::7".to_owned())
}

/// A peer sees it in the client's name: short, printable, and to be followed.
fn contact(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    let scheme = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let url = url::Url::parse(text).ok().filter(|_| scheme);
    match url {
        Some(url) if url.as_str().len() <= LONGEST => Ok(url.into()),
        Some(_) => Err(format!("too long; write at most {LONGEST} characters")),
        None => Err(
            "not an address; write such as https://example.org/bta or mailto:me@example.org"
                .to_owned(),
        ),
    }
}
