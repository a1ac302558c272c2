//! A scripted peer: who it is, what it will do, and how its wire behaves.
//!
//! Its whole life is a pure function of time (its [`Plan`]), so that what truly
//! happened is known without asking it. Peers talk with bta only, never with
//! each other.

pub mod client;
mod connection;
pub mod curve;
mod doors;
pub mod ending;
mod gossiping;
pub(super) mod life;
pub mod session;
mod telling;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use client::Client;
use curve::Curve;

use super::torrent::Torrent;
use crate::moment::Moment;
use crate::protocol::peer::{Encryption, Transport};

/// What becomes of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Completes and seeds to the end.
    Stays,
    /// Completes and leaves within a minute.
    LeavesSoon,
    /// Completes and is gone in the same moment.
    LeavesAtOnce,
    /// Comes to the threshold, never to all pieces.
    StopsShort,
    /// Leaves below the threshold.
    Aborts,
    /// Too slow, or stalled: never comes to the threshold.
    Lazy,
    /// Loses pieces, before or after it completed, and downloads them again.
    FallsBack,
    /// Has everything from the start.
    Seeds,
    /// Has everything, and pretends to have nothing (BEP 16).
    SuperSeeds,
    /// Wants only a part, has it, and says so (`upload_only`).
    PartialSeed,
    /// Has everything on disk, and tells what its check verifies.
    Rechecks,
    /// Claims pieces that it cannot have got.
    Lies,
}

impl Fate {
    /// All of them.
    pub const ALL: &'static [Fate] = &[
        Fate::Stays,
        Fate::LeavesSoon,
        Fate::LeavesAtOnce,
        Fate::StopsShort,
        Fate::Aborts,
        Fate::Lazy,
        Fate::FallsBack,
        Fate::Seeds,
        Fate::SuperSeeds,
        Fate::PartialSeed,
        Fate::Rechecks,
        Fate::Lies,
    ];

    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Fate::Stays => "stays",
            Fate::LeavesSoon => "leaves soon",
            Fate::LeavesAtOnce => "leaves at once",
            Fate::StopsShort => "stops short",
            Fate::Aborts => "aborts",
            Fate::Lazy => "lazy",
            Fate::FallsBack => "falls back",
            Fate::Seeds => "seeds",
            Fate::SuperSeeds => "super-seeds",
            Fate::PartialSeed => "partial seed",
            Fate::Rechecks => "rechecks",
            Fate::Lies => "lies",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// Who can connect to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Accepts connections, and opens them.
    Open,
    /// Behind a NAT or a firewall: only opens connections.
    Firewalled,
    /// At its connection limit: accepts, and hangs up at the handshake.
    Full,
    /// Accepts, and never says a word.
    Mute,
    /// Nobody is at its address.
    Dead,
}

impl Reach {
    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Reach::Open => "open",
            Reach::Firewalled => "firewalled",
            Reach::Full => "full",
            Reach::Mute => "mute",
            Reach::Dead => "dead",
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// Who knows of a peer, beside those that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// Trackers; some of these peers are in the DHT, too.
    Trackers,
    /// The DHT alone.
    Dht,
    /// Other peers alone: they gossip about it.
    Peers,
}

impl Known {
    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Known::Trackers => "trackers",
            Known::Dht => "the DHT alone",
            Known::Peers => "peers alone",
        }
    }
}

/// What a peer gives to who asks it for metadata (BEP 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// The metadata.
    #[default]
    Given,
    /// Something else.
    Invented,
    /// Nothing.
    Refused,
}

/// The script of one peer.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its number in the lab, from 0.
    pub number: usize,
    /// What it downloads.
    pub torrent: Arc<Torrent>,
    /// Where it listens, or would.
    pub address: SocketAddr,
    /// Its address of the other family, if it has one.
    pub also: Option<SocketAddr>,
    /// Who can connect to whom.
    pub reach: Reach,
    /// What it runs.
    pub client: Client,
    /// What becomes of it.
    pub fate: Fate,
    /// In which order it gets the pieces: with `n` pieces it has the first `n`.
    pub order: Box<[u32]>,
    /// How many it has when.
    pub curve: Curve,
    /// When it starts.
    pub arrives: Moment,
    /// When it is gone.
    pub leaves: Option<Moment>,
    /// When it closes all its connections, and lives on.
    pub breaks: Vec<Moment>,
    /// When a super-seeder ends its pretence, if it does in its life.
    pub unmasks: Option<Moment>,
    /// Whether it connects to those that its tracker names.
    pub dials: bool,
    /// Who knows of it.
    pub known: Known,
    /// Which of its torrent's trackers it announces to, by index in the lab.
    pub trackers: Vec<usize>,
    /// Whether it announces to the DHT.
    pub dht: bool,
    /// What it gives to who asks for metadata.
    pub metadata: Metadata,
    /// How it speaks: it dials encrypted first if it prefers that.
    pub encryption: Encryption,
    /// What it speaks over, and nothing else.
    pub transport: Transport,
    /// For its own randomness.
    pub seed: u64,
}

impl Plan {
    /// All its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + Clone {
        [self.address].into_iter().chain(self.also)
    }

    /// When it came to the threshold by downloading, if it ever does.
    pub fn crossing(&self) -> Option<Moment> {
        self.downloaded(self.torrent.threshold)
    }

    /// When it came to all pieces by downloading, if it ever does.
    pub fn completion(&self) -> Option<Moment> {
        self.downloaded(self.torrent.pieces)
    }

    fn downloaded(&self, pieces: u32) -> Option<Moment> {
        let reached = self.curve.downloaded(pieces)?;
        let gone = self.leaves.is_some_and(|leaves| leaves < reached);
        (!gone).then_some(reached)
    }

    /// Whether its connections of before `since` are over at `now`.
    pub(super) fn broken(&self, since: Moment, now: Moment) -> bool {
        self.ends().any(|end| since < end && end <= now)
    }

    /// The next moment after `now` at which its connections end.
    pub(super) fn next_break(&self, now: Moment) -> Option<Moment> {
        self.ends().filter(|&end| end > now).min()
    }

    /// All moments at which its connections end.
    fn ends(&self) -> impl Iterator<Item = Moment> {
        let ends = self.breaks.iter().chain(&self.unmasks).chain(&self.leaves);
        ends.copied()
    }

    /// Whether it pretends to have nothing at `now`.
    pub(super) fn super_seeds(&self, now: Moment) -> bool {
        self.fate == Fate::SuperSeeds && self.unmasks.is_none_or(|end| now < end)
    }
}
