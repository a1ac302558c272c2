//! Synthetic peers in a process of their own, on addresses of their own in 127.1.0.0/16:
//! as cheap as possible, because they share the machine with what they measure.
//!
//! The bench starts itself again for them: its `main` begins with [`played`]. Each peer
//! answers a handshake with its own, an extension handshake and what it holds, then is
//! silent until it is told to send HAVE. Nobody but a tracker in the same process names
//! them, [`PEERS_AN_URL`] at each of its announce URLs.
#![allow(dead_code, unused_imports)] // each bench uses its part of it

mod child;
mod orders;
mod peers;
mod tracker;

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime};

use bta::protocol::info_hash::InfoHash;
use bta::protocol::limits;
use sha1::{Digest, Sha1};
use tempfile::TempDir;

use crate::common::cpu_time;

pub(crate) use orders::{Flow, Sent, Stats};
pub(crate) use peers::peer_id;

/// What one announce is answered with at most.
pub(crate) const PEERS_AN_URL: usize = limits::ANNOUNCE_PEERS;

/// Sixteen blocks' worth would make a gain of pieces hard to believe.
pub(crate) const PIECE_LENGTH: u32 = 16 << 10;

/// The first word of a process that plays the crowd.
const ROLE: &str = "--play-crowd";

/// Addresses in a /24 that are used.
const HOSTS: usize = 250;

/// A crowd as it is to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// How many.
    pub peers: usize,
    /// Of the torrent.
    pub pieces: u16,
    /// So many of 1,000 peers hold everything.
    pub seeds_permille: u16,
    /// The others hold between so many pieces and so many.
    pub held: (u16, u16),
    /// At so many a peer counts as finished: the time is noted.
    pub threshold: u16,
    /// Of all that is left to chance.
    pub seed: u64,
}

/// A crowd that runs; it ends with this.
pub(crate) struct Crowd {
    /// As it was ordered.
    pub plan: Plan,
    /// The port of all its peers.
    pub port: u16,
    /// A metainfo file that names its tracker.
    pub torrent: PathBuf,
    /// The torrent's name.
    pub info_hash: InfoHash,
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Crowd {
    /// Starts a crowd, and waits until it listens.
    pub(crate) fn start(plan: &Plan) -> Crowd {
        let info = info(plan);
        let info_hash = InfoHash(Sha1::digest(&info).into());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(ROLE)
            .args(plan.words())
            .arg(info_hash.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let ports = answers.next().unwrap().unwrap();
        let (port, tracker) = ports.split_once(' ').unwrap();
        let folder = tempfile::tempdir().unwrap();
        let torrent = folder.path().join("crowd.torrent");
        std::fs::write(&torrent, metainfo(plan, tracker, &info)).unwrap();
        Crowd {
            plan: plan.clone(),
            port: port.parse().unwrap(),
            torrent,
            info_hash,
            child,
            orders,
            answers,
            _folder: folder,
        }
    }

    /// A folder that lasts as long as the crowd.
    pub(crate) fn folder(&self) -> &Path {
        self._folder.path()
    }

    /// Where its peers are.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        (0..self.plan.peers).map(|it| SocketAddrV4::new(address(it), self.port).into())
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has used of processors.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_time(self.process()).unwrap().total()
    }

    /// One line to the crowd's process, and its answer.
    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answers.next().unwrap().unwrap()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Plan {
    fn words(&self) -> [String; 7] {
        [
            self.peers as u64,
            self.pieces.into(),
            self.seeds_permille.into(),
            self.held.0.into(),
            self.held.1.into(),
            self.threshold.into(),
            self.seed,
        ]
        .map(|it| it.to_string())
    }

    fn read(words: &[u64]) -> Plan {
        let word = |at: usize| words[at] as u16;
        Plan {
            peers: words[0] as usize,
            pieces: word(1),
            seeds_permille: word(2),
            held: (word(3), word(4)),
            threshold: word(5),
            seed: words[6],
        }
    }
}

/// Plays the crowd if this process was started for that; returns when it was.
pub(crate) fn played() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ROLE) {
        return false;
    }
    let mut words: Vec<_> = arguments.collect();
    let info_hash: InfoHash = words.pop().unwrap().parse().unwrap();
    let words: Vec<_> = words.iter().map(|it| it.parse().unwrap()).collect();
    child::play(&Plan::read(&words), info_hash);
    true
}

/// Nanoseconds since the epoch: the one clock that all processes share, and what the
/// program dates by.
pub(crate) fn wall_ns() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.map_or(0, |it| it.as_nanos() as u64)
}

/// Where a peer is.
fn address(peer: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, (peer / HOSTS) as u8, (1 + peer % HOSTS) as u8)
}

/// Who is there.
fn peer_at(address: Ipv4Addr) -> usize {
    let [_, _, high, low] = address.octets();
    usize::from(high) * HOSTS + usize::from(low) - 1
}

fn info(plan: &Plan) -> Vec<u8> {
    let length = u64::from(plan.pieces) * u64::from(PIECE_LENGTH);
    let hashes = usize::from(plan.pieces) * 20;
    let mut info =
        format!("d6:lengthi{length}e4:name5:crowd12:piece lengthi{PIECE_LENGTH}e6:pieces{hashes}:")
            .into_bytes();
    info.resize(info.len() + hashes, plan.seed as u8);
    info.push(b'e');
    info
}

/// A tier for each URL, so that all are asked.
fn metainfo(plan: &Plan, tracker: &str, info: &[u8]) -> Vec<u8> {
    let urls = plan.peers.div_ceil(PEERS_AN_URL);
    let mut metainfo = b"d13:announce-listl".to_vec();
    for number in 0..urls {
        let url = format!("http://127.0.0.1:{tracker}/{number}/announce");
        metainfo.extend_from_slice(format!("l{}:{url}e", url.len()).as_bytes());
    }
    metainfo.extend_from_slice(b"e4:info");
    metainfo.extend_from_slice(info);
    metainfo.push(b'e');
    metainfo
}
