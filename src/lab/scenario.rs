//! What a lab is made of: torrents, trackers, and the crowd.

use std::net::SocketAddr;
use std::time::Duration;

use super::pace::Pace;
use super::peer::client::Client;
use super::peer::{Fate, Reach};
use super::tracker::manner::Manner;

/// A torrent to invent.
#[derive(Clone, Debug)]
pub struct TorrentSpec {
    /// Its name.
    pub name: String,
    /// Number of pieces.
    pub pieces: u32,
    /// Length of a piece in bytes.
    pub piece_length: u64,
    /// The length that download times are drawn for. Less than the true one
    /// where all shall have faster lines than those of 2015.
    pub nominal_bytes: u64,
    /// No download of all pieces is faster.
    pub shortest: Duration,
    /// Its trackers, by index.
    pub trackers: Vec<usize>,
    /// Whether a crawler is given a magnet link of it, and no file.
    pub linked: bool,
    /// For so long after the beginning nobody gives its metadata (BEP 9).
    pub withholds: Duration,
    /// The share of the crowd that is here, as a weight.
    pub weight: f64,
}

/// By what a tracker is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP.
    Http,
    /// HTTP over TLS, by a certificate of the lab's own authority.
    Https,
    /// UDP.
    Udp,
}

/// A tracker to run.
#[derive(Clone, Debug)]
pub struct TrackerSpec {
    /// By what it is reached.
    pub transport: Transport,
    /// Where; port 0 takes any free one.
    pub at: SocketAddr,
    /// How well it behaves.
    pub manner: Manner,
    /// How often it wants to hear from its members, in real life.
    pub interval: Duration,
}

/// Which addresses peers get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// A /16 from 127.64.0.0 on: on Linux all of 127.0.0.0/8 is the machine itself.
    Loopback,
    /// All over the Internet, in a network that is not.
    Virtual,
}

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// Peers that are there from the start, with progress as in the profile.
    pub present: usize,
    /// Peers that arrive during the run to download.
    pub arriving: usize,
    /// What becomes of those that download.
    pub fates: Vec<(Fate, f64)>,
    /// So many more of these kinds.
    pub extras: Vec<(Fate, usize)>,
    /// Who can connect to whom, among all of the above.
    pub reach: Vec<(Reach, f64)>,
    /// So many more of these, that complete nothing.
    pub ghosts: Vec<(Reach, usize)>,
    /// What they run; empty: as in the profile.
    pub clients: Vec<(Client, f64)>,
    /// Whether clients that hold their pieces back leave as fast as others after
    /// they completed. Nothing that they send would show such a completion.
    pub unseen_leavers: bool,
    /// The share of peers that share their address with another one.
    pub neighbours: f64,
    /// The share of peers that the DHT alone knows.
    pub dht_alone: f64,
    /// The share of peers that other peers alone know; all of them can be reached.
    pub gossip_alone: f64,
    /// The share of the others that are in the DHT, too.
    pub dht_too: f64,
    /// The share of peers that give invented metadata, and as large a share gives none.
    pub inventors: f64,
    /// The share of peers that speak encrypted alone.
    pub requires_encryption: f64,
    /// The share of peers that dial encrypted first, and take both; besides clients that
    /// always do. All others know nothing of encryption.
    pub prefers_encryption: f64,
    /// The share of peers that speak uTP alone.
    pub utp_alone: f64,
    /// The share of peers that have an IPv6 address too (virtual hosts only).
    pub dual_stack: f64,
    /// The share of these that listen on another port there.
    pub two_ports: f64,
    /// Whether all listen where their client does by default.
    pub one_port: bool,
    /// The share of downloaders that fetch the pieces in order.
    pub in_order: f64,
    /// The mean time between two breaks of a peer's connections; `None`: never.
    pub churn: Option<Duration>,
}

/// A whole lab, as a recipe. The same one gives the same peers each time.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// For all randomness.
    pub seed: u64,
    /// How much faster than life clients, arrivals and downloads are.
    pub pace: Pace,
    /// How long the run lasts, on the lab's own clock.
    pub duration: Duration,
    /// Nobody completes in this last part of it.
    pub tail: Duration,
    /// The share of pieces that bta takes for a download.
    pub threshold_permille: u16,
    /// The torrents. Kinds that only a giant one can expose (liars, rechecks)
    /// take the last.
    pub torrents: Vec<TorrentSpec>,
    /// The trackers.
    pub trackers: Vec<TrackerSpec>,
    /// The nodes of its DHT: one of them lies, or there are none.
    pub dht_nodes: u8,
    /// Who takes part.
    pub crowd: Crowd,
    /// Which addresses they get.
    pub hosts: Hosts,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

impl Scenario {
    /// Half a minute on loopback, ten times as fast as life: three torrents, one of
    /// them known by a magnet link, an HTTP, a UDP and an HTTPS tracker, a small DHT,
    /// some 290 peers.
    pub fn demo(seed: u64) -> Self {
        let tracker = |transport| TrackerSpec {
            transport,
            at: SocketAddr::from(([127, 0, 0, 1], 0)),
            manner: Manner::Honest,
            interval: Duration::from_secs(10),
        };
        let torrent = |name: &str, pieces, piece_length, trackers: &[usize]| TorrentSpec {
            name: name.into(),
            pieces,
            piece_length,
            nominal_bytes: 12 * MIB,
            shortest: Duration::from_millis(2_500),
            trackers: trackers.into(),
            linked: false,
            withholds: Duration::ZERO,
            weight: 1.0,
        };
        let linked = TorrentSpec {
            linked: true,
            // Three pieces of metadata.
            ..torrent("lab-by-magnet", 1_700, 32 * KIB, &[1, 2])
        };
        let giant = TorrentSpec {
            // Nobody gets it honestly within the run.
            nominal_bytes: 4096 * 32 * MIB,
            shortest: Duration::from_secs(300),
            weight: 0.1,
            ..torrent("lab-giant", 4096, 32 * MIB, &[0, 1])
        };
        Scenario {
            seed,
            pace: Pace::faster(10),
            duration: Duration::from_secs(30),
            tail: Duration::from_secs(2),
            threshold_permille: 980,
            torrents: vec![torrent("lab-over-http", 400, 32 * KIB, &[0]), linked, giant],
            trackers: [Transport::Http, Transport::Udp, Transport::Https]
                .map(tracker)
                .to_vec(),
            dht_nodes: 13,
            crowd: Crowd {
                dht_alone: 0.12,
                gossip_alone: 0.1,
                dht_too: 0.4,
                inventors: 0.2,
                // The demo asks for what can be seen.
                unseen_leavers: false,
                present: 80,
                arriving: 180,
                extras: vec![
                    (Fate::SuperSeeds, 6),
                    (Fate::PartialSeed, 4),
                    (Fate::Rechecks, 3),
                    (Fate::Lies, 3),
                ],
                ghosts: vec![(Reach::Dead, 12), (Reach::Mute, 4), (Reach::Full, 4)],
                ..Crowd::default()
            },
            hosts: Hosts::Loopback,
        }
    }

    /// A swarm for virtual time and virtual addresses, at the pace of life:
    /// one torrent of 700 MB and a giant one, one HTTP and one UDP tracker,
    /// about `peers` peers over `duration`. Change its parts at will.
    pub fn sim(seed: u64, peers: usize, duration: Duration) -> Self {
        let tracker = |transport, at: ([u8; 4], u16)| TrackerSpec {
            transport,
            at: SocketAddr::from(at),
            manner: Manner::Honest,
            interval: Duration::from_secs(15 * 60),
        };
        let torrent = TorrentSpec {
            name: "sim".into(),
            pieces: 1_400,
            piece_length: 512 * KIB,
            nominal_bytes: 700 * MIB,
            shortest: Duration::from_secs(60),
            trackers: vec![0, 1],
            linked: false,
            withholds: Duration::ZERO,
            weight: 1.0,
        };
        let giant = TorrentSpec {
            name: "sim-giant".into(),
            pieces: 16_384,
            piece_length: 256 * MIB,
            nominal_bytes: 16_384 * 256 * MIB,
            shortest: duration * 10,
            weight: 0.02,
            ..torrent.clone()
        };
        Scenario {
            seed,
            pace: Pace::REAL,
            duration,
            tail: Duration::from_secs(120),
            threshold_permille: 980,
            torrents: vec![torrent, giant],
            trackers: vec![
                tracker(Transport::Http, ([44, 1, 1, 1], 8_080)),
                tracker(Transport::Udp, ([44, 1, 1, 2], 6_969)),
            ],
            dht_nodes: 0,
            crowd: Crowd {
                present: peers / 2,
                arriving: peers - peers / 2,
                ..Crowd::default()
            },
            hosts: Hosts::Virtual,
        }
    }

    /// How much longer than life everything in it is allowed to be: the last
    /// moment, counted from the start, at which somebody may complete.
    pub fn horizon(&self) -> Duration {
        self.duration.saturating_sub(self.tail)
    }
}

impl Default for Crowd {
    /// Nobody yet; downloaders as common sense has them, a third of all behind
    /// a firewall.
    fn default() -> Self {
        Crowd {
            present: 0,
            arriving: 0,
            fates: vec![
                (Fate::Stays, 0.45),
                (Fate::LeavesSoon, 0.2),
                (Fate::LeavesAtOnce, 0.15),
                (Fate::Aborts, 0.08),
                (Fate::Lazy, 0.08),
                (Fate::FallsBack, 0.04),
            ],
            extras: Vec::new(),
            reach: vec![(Reach::Open, 0.67), (Reach::Firewalled, 0.33)],
            ghosts: Vec::new(),
            clients: Vec::new(),
            unseen_leavers: true,
            neighbours: 0.03,
            dht_alone: 0.0,
            gossip_alone: 0.0,
            dht_too: 0.0,
            inventors: 0.0,
            requires_encryption: 0.0,
            prefers_encryption: 0.0,
            utp_alone: 0.0,
            dual_stack: 0.0,
            two_ports: 0.0,
            one_port: false,
            in_order: 0.08,
            churn: None,
        }
    }
}
