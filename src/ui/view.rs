//! How a run stands, in plain values: all that a screen or a line is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;

/// How a run stands.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Whose swarms these are.
    pub scene: Scene,
    /// The run was told to stop.
    pub stopping: bool,
    /// The run's folder.
    pub folder: String,
    /// The threshold, as people write it: `98 %`.
    pub threshold: String,
    /// The time of all this.
    pub now: Moment,
    /// Since the start of this process.
    pub running: Duration,
    /// Until it stops by itself.
    pub remaining: Option<Duration>,
    /// How long our own network has been down, if it is.
    pub network_down: Option<Duration>,
    /// One a torrent, in their lasting order.
    pub torrents: Vec<Torrent>,
    /// New addresses by the source that named them, in words.
    pub sources: Vec<Count>,
    /// Contacts that reached a peer, by the source that named its address first.
    pub reached: Vec<Count>,
    /// Confirmed downloads, by the source that named the peer's address first.
    pub confirmed: Vec<Count>,
    /// Peers of which nobody knows whether they finished, by why, the most frequent first.
    pub unknown: Vec<Count>,
    /// How contacts and incoming connections ended, one line a kind.
    pub attempts: Vec<Attempts>,
    /// Sessions in use.
    pub sessions: usize,
    /// Sessions at most.
    pub slots: usize,
    /// Over the last minute.
    pub rates: Rates,
    /// One a tracker, those that fail first.
    pub trackers: Vec<Tracker>,
    /// The last confirmed downloads, the newest first.
    pub latest: Vec<Latest>,
}

/// Whose swarms are watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    /// Other people's.
    #[default]
    World,
    /// The demo's.
    Demo,
}

/// How one torrent, or all of them, stand.
#[derive(Clone, Debug, Default)]
pub struct Torrent {
    /// Its name, as it came.
    pub name: Arc<str>,
    /// Seeders, as a tracker said last.
    pub seeds: Option<u64>,
    /// Leechers without us, as a tracker said last.
    pub leechers: Option<u64>,
    /// Addresses known.
    pub addresses: u64,
    /// Peers below the threshold with whom a session is open.
    pub watched: u64,
    /// Peers met.
    pub seen: u64,
    /// Of these, complete when first observed.
    pub complete: u64,
    /// Of these, below the threshold when last observed.
    pub below: u64,
    /// Confirmed downloads.
    pub confirmed: u64,
    /// Rises that were not counted.
    pub not_counted: u64,
    /// Downloads meanwhile by the trackers' own count.
    pub reported: Option<u64>,
}

/// So many of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Of what, in words.
    pub of: &'static str,
    /// How many.
    pub count: u64,
}

/// How attempts of one kind ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Before its line; empty if it goes with the line above.
    pub title: &'static str,
    /// The kind, in words.
    pub kind: &'static str,
    /// How many have ended.
    pub count: u64,
    /// How, the most frequent first.
    pub outcomes: Vec<Count>,
}

/// Events a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Contacts started.
    pub contacts: f64,
    /// Contacts that reached a peer.
    pub reached: f64,
    /// Connections that others opened to us and that have ended.
    pub incoming: f64,
}

/// How one tracker stands with all the torrents that name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracker {
    /// Its URL, passkeys redacted.
    pub url: Arc<str>,
    /// Torrents that name it.
    pub torrents: usize,
    /// Of these, those for which it answered last time.
    pub answering: usize,
    /// Labels of the failures of the others, each once.
    pub failures: Vec<&'static str>,
    /// Until it is asked next; None while it is asked for the first time.
    pub next: Option<Duration>,
}

/// One confirmed download.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    /// When.
    pub at: Moment,
    /// Of which torrent.
    pub torrent: Arc<str>,
    /// By which client.
    pub client: Arc<str>,
    /// Pieces held when it was last below the threshold.
    pub below_pieces: u32,
    /// Pieces held when it was at or above it.
    pub pieces: u32,
    /// Of so many.
    pub total_pieces: u32,
    /// Whose, where addresses are stored.
    pub address: Option<String>,
}

impl View {
    /// All torrents together. A figure that no tracker told of any torrent is
    /// unknown.
    pub fn all(&self) -> Torrent {
        let mut all = Torrent {
            name: match self.torrents.len() {
                1 => "1 torrent".into(),
                many => format!("all {many} torrents").into(),
            },
            ..Torrent::default()
        };
        let known = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
            (None, None) => None,
            (sum, more) => Some(sum.unwrap_or(0) + more.unwrap_or(0)),
        };
        for it in &self.torrents {
            all.seeds = known(all.seeds, it.seeds);
            all.leechers = known(all.leechers, it.leechers);
            all.reported = known(all.reported, it.reported);
            all.addresses += it.addresses;
            all.watched += it.watched;
            all.seen += it.seen;
            all.complete += it.complete;
            all.below += it.below;
            all.confirmed += it.confirmed;
            all.not_counted += it.not_counted;
        }
        all
    }

    /// Trackers that answered last time for a torrent at least.
    pub fn answering(&self) -> usize {
        self.trackers.iter().filter(|it| it.answering > 0).count()
    }
}
