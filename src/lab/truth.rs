//! What truly happened.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::conduct::Offence;
use super::peer::client::Client;
use super::peer::{Fate, Known, Plan, Reach};
use super::witness::Shown;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::{Encryption, Transport};

/// What truly happened to one peer.
#[derive(Clone, Debug)]
pub struct PeerTruth {
    /// Its torrent.
    pub torrent: InfoHash,
    /// Where it listens, or would.
    pub address: SocketAddr,
    /// Its address of the other family, if it has one.
    pub also: Option<SocketAddr>,
    /// Who can connect to whom.
    pub reach: Reach,
    /// Who knows of it.
    pub known: Known,
    /// What it runs.
    pub client: Client,
    /// How it speaks.
    pub encryption: Encryption,
    /// What it speaks over.
    pub transport: Transport,
    /// What becomes of it.
    pub fate: Fate,
    /// When it came to the threshold by downloading.
    pub crossed: Option<Moment>,
    /// When it came to all pieces by downloading: a *true completion*.
    pub completed: Option<Moment>,
    /// What it announced, and what its guest was told.
    pub shown: Shown,
}

/// Why a true completion was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Miss {
    /// No handshake with it, ever.
    NeverMet,
    /// Met when it was at the threshold already.
    MetTooLate,
    /// Seen below the threshold; the client told nobody of more.
    NotTold,
    /// All was told that is needed.
    Overlooked,
}

impl Miss {
    /// All of them.
    pub const ALL: [Miss; 4] = [
        Miss::NeverMet,
        Miss::MetTooLate,
        Miss::NotTold,
        Miss::Overlooked,
    ];

    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Miss::NeverMet => "never met",
            Miss::MetTooLate => "met too late",
            Miss::NotTold => "not told",
            Miss::Overlooked => "overlooked",
        }
    }
}

impl PeerTruth {
    pub(super) fn of(plan: &Plan, shown: Shown, until: Moment) -> Self {
        let past = |it: &Moment| *it <= until;
        PeerTruth {
            torrent: plan.torrent.info_hash,
            address: plan.address,
            also: plan.also,
            reach: plan.reach,
            known: plan.known,
            client: plan.client,
            encryption: plan.encryption,
            transport: plan.transport,
            fate: plan.fate,
            crossed: plan.crossing().filter(past),
            completed: plan.completion().filter(past),
            shown,
        }
    }

    /// What a miss of it would be due to.
    pub fn miss(&self) -> Miss {
        let shown = &self.shown;
        match (shown.met, shown.below, shown.above) {
            (None, ..) => Miss::NeverMet,
            (_, Some(below), Some(above)) if below <= above => Miss::Overlooked,
            (_, Some(below), above) if self.crossed.is_none_or(|it| below <= it) => {
                above.map_or(Miss::NotTold, |_| Miss::Overlooked)
            }
            _ => Miss::MetTooLate,
        }
    }

    /// Whether its guest was told of it below the threshold, and then at it.
    pub fn was_showable(&self) -> bool {
        self.miss() == Miss::Overlooked
    }
}

/// What truly happened in a lab, up to a moment.
#[derive(Clone, Debug)]
pub struct Truth {
    /// All peers.
    pub peers: Vec<PeerTruth>,
    /// What the guest did wrong, and how often.
    pub offences: BTreeMap<Offence, u32>,
}

impl Truth {
    /// How many true completions there were.
    pub fn completed(&self) -> usize {
        let completed = self.peers.iter().filter(|it| it.completed.is_some());
        completed.count()
    }
}
