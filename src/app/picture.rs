//! From what the tree answers to what a person sees.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::actors::swarm::{SwarmFigures, TrackerFigures};
use crate::config::{Config, Task};
use crate::moment::Moment;
use crate::swarm::book::{SourceTally, Totals};
use crate::swarm::facts::{Attempt, Outcome, Source, TorrentNumber};
use crate::swarm::presence::{Presence, PresenceCounts};
use crate::swarm::reported::ReportedByAll;
use crate::ui::view::{Attempts, Count, Latest, Rates, Scene, Torrent, Tracker, View};

/// Rates are means over so long.
const RATES_OVER: Duration = Duration::from_secs(60);

/// Completions that a screen may show.
const LATEST: usize = 20;

/// How a run stands, as far as it has answered.
#[derive(Debug)]
pub(super) struct Picture {
    scene: Scene,
    folder: String,
    threshold: String,
    begun: Moment,
    ends: Option<Moment>,
    /// A swarm that is being started again stands as it was.
    swarms: BTreeMap<TorrentNumber, SwarmFigures>,
    samples: VecDeque<Sample>,
    sessions: usize,
    slots: usize,
    /// Since when the network is down, if it is.
    network_down: Option<Moment>,
}

/// What rates are made of.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Moment,
    contacts: u64,
    reached: u64,
    incoming: u64,
}

impl Picture {
    /// Of a run that begins at `begun`.
    pub(super) fn new(config: &Config, begun: Moment) -> Self {
        Picture {
            scene: match config.task {
                Task::Demo => Scene::Demo,
                _ => Scene::World,
            },
            folder: config.output.display().to_string(),
            threshold: format!("{} %", f64::from(config.threshold_permille) / 10.0),
            begun,
            ends: config.duration.map(|span| begun + span),
            swarms: BTreeMap::new(),
            samples: VecDeque::new(),
            sessions: 0,
            slots: 0,
            network_down: None,
        }
    }

    /// What the swarms answered, and the sessions in use.
    pub(super) fn take(
        &mut self,
        now: Moment,
        answers: Vec<SwarmFigures>,
        sessions: (usize, usize),
    ) {
        (self.sessions, self.slots) = sessions;
        for answer in answers {
            self.swarms.insert(answer.torrent, answer);
        }
        let totals = self.totals();
        self.samples.push_back(Sample {
            at: now,
            contacts: totals.contacted(),
            reached: Source::ALL
                .iter()
                .map(|it| totals.source(*it).reached)
                .sum(),
            incoming: totals.attempts(Attempt::Incoming),
        });
        // One that is a minute old is kept to compare with.
        while self
            .samples
            .get(1)
            .is_some_and(|it| now.since(it.at) >= RATES_OVER)
        {
            self.samples.pop_front();
        }
    }

    /// Since when the network is down, if it is.
    pub(super) fn take_network(&mut self, down_since: Option<Moment>) {
        self.network_down = down_since;
    }

    /// The view at this time.
    pub(super) fn view(&self, now: Moment, stopping: bool) -> View {
        let totals = self.totals();
        View {
            scene: self.scene,
            stopping,
            folder: self.folder.clone(),
            threshold: self.threshold.clone(),
            now,
            running: now.since(self.begun),
            remaining: self.ends.map(|ends| ends.since(now)),
            network_down: self.network_down.map(|since| {
                let seconds = now.since(since).as_secs();
                Duration::from_secs(seconds)
            }),
            torrents: self.swarms.values().map(torrent).collect(),
            sources: sources(&totals),
            reached: by_source(&totals, |it| it.reached),
            confirmed: by_source(&totals, |it| it.confirmed),
            unknown: self.unknown(),
            attempts: Attempt::ALL
                .iter()
                .map(|it| attempts(&totals, *it))
                .collect(),
            sessions: self.sessions,
            slots: self.slots,
            rates: self.rates(),
            trackers: trackers(now, self.swarms.values().flat_map(|it| &it.trackers)),
            latest: self.latest(),
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.swarms.values().for_each(|it| totals.add(&it.totals));
        totals
    }

    fn unknown(&self) -> Vec<Count> {
        let mut unknown = PresenceCounts::default();
        let figures = self.swarms.values().map(|it| &it.figures);
        figures.for_each(|it| unknown.add(&it.unknown));
        let counts = unknown.iter().map(|(why, count)| Count {
            of: whereabouts(why),
            count,
        });
        frequent_first(counts)
    }

    fn rates(&self) -> Rates {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return Rates::default();
        };
        let seconds = last.at.since(first.at).as_secs_f64();
        let rate = |before: u64, after: u64| match seconds > 0.0 {
            true => after.saturating_sub(before) as f64 / seconds,
            false => 0.0,
        };
        Rates {
            contacts: rate(first.contacts, last.contacts),
            reached: rate(first.reached, last.reached),
            incoming: rate(first.incoming, last.incoming),
        }
    }

    fn latest(&self) -> Vec<Latest> {
        let of_all = self.swarms.values().flat_map(|swarm| {
            swarm.latest.iter().map(|it| Latest {
                at: it.at,
                torrent: Arc::clone(&swarm.name),
                client: Arc::clone(&it.client),
                below_pieces: it.below_pieces,
                pieces: it.pieces,
                total_pieces: it.total_pieces,
                address: it.address.map(|it| it.to_string()),
            })
        });
        let mut latest: Vec<_> = of_all.collect();
        latest.sort_by_key(|it| std::cmp::Reverse(it.at));
        latest.truncate(LATEST);
        latest
    }
}

fn torrent(swarm: &SwarmFigures) -> Torrent {
    let it = &swarm.figures;
    // Each tracker counts a part of the swarm, and nobody knows how they overlap.
    let greatest = |count: fn(&TrackerFigures) -> Option<u32>| {
        let counts = swarm.trackers.iter().filter_map(count);
        counts.max().map(u64::from)
    };
    Torrent {
        name: match swarm.measured {
            true => Arc::clone(&swarm.name),
            false => format!("(no metadata yet) {}", swarm.name).into(),
        },
        seeds: greatest(|it| it.counts.seeders),
        leechers: greatest(|it| it.counts.leechers),
        addresses: it.addresses as u64,
        watched: it.watched as u64,
        seen: (it.observed + it.unsettled) as u64,
        complete: it.complete_at_first as u64,
        below: it.below as u64,
        confirmed: it.confirmed as u64,
        not_counted: it.not_counted as u64,
        reported: ReportedByAll::of(swarm.trackers.iter().map(|it| &it.reported))
            .map(|it| it.greatest),
    }
}

/// Those that are spoken to always; the others once they named somebody.
fn sources(totals: &Totals) -> Vec<Count> {
    let words = Source::ALL.iter().map(|source| {
        let always = matches!(source, Source::Tracker | Source::Pex | Source::Incoming);
        let (of, count) = (plural(*source), totals.source(*source).new);
        (always || count > 0).then_some(Count { of, count })
    });
    words.flatten().collect()
}

/// What came of those that brought something.
fn by_source(totals: &Totals, figure: impl Fn(&SourceTally) -> u64) -> Vec<Count> {
    let counts = Source::ALL.iter().map(|source| Count {
        of: plural(*source),
        count: figure(totals.source(*source)),
    });
    counts.filter(|it| it.count > 0).collect()
}

fn plural(source: Source) -> &'static str {
    match source {
        Source::Tracker => "trackers",
        Source::Dht => "the DHT",
        Source::Pex => "other peers",
        Source::Lsd => "the local network",
        Source::Incoming => "callers",
        Source::Magnet => "magnet links",
    }
}

fn attempts(totals: &Totals, attempt: Attempt) -> Attempts {
    let outcomes = Outcome::ALL.iter().map(|outcome| Count {
        of: in_words(attempt, *outcome),
        count: totals.ended(attempt, *outcome),
    });
    let (title, kind) = match attempt {
        Attempt::First => ("Contacts", "first tries"),
        Attempt::Later => ("", "later tries"),
        Attempt::Incoming => ("Incoming", "calls"),
    };
    Attempts {
        title,
        kind,
        count: totals.attempts(attempt),
        outcomes: frequent_first(outcomes),
    }
}

fn frequent_first(counts: impl Iterator<Item = Count>) -> Vec<Count> {
    let mut counts: Vec<_> = counts.filter(|it| it.count > 0).collect();
    counts.sort_by_key(|it| std::cmp::Reverse(it.count));
    counts
}

fn whereabouts(presence: Presence) -> &'static str {
    match presence {
        Presence::Watched => "watched",
        Presence::Awaited => "to be visited",
        Presence::NoSlot => "without a slot",
        Presence::Vanished => "vanished",
        Presence::Unreachable => "unreachable",
        Presence::TurnedAway => "turn us away",
        Presence::Undialable => "cannot be called",
        Presence::Interrupted | Presence::Untold => "not met since an earlier run",
    }
}

fn in_words(attempt: Attempt, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success if attempt == Attempt::Incoming => "observed",
        Outcome::Success => "reached",
        Outcome::Unsettled => "too short",
        Outcome::TimedOut => "timed out",
        Outcome::Refused => "refused",
        Outcome::Closed => "closed on us",
        Outcome::Reset => "reset",
        Outcome::NoRoute => "without a route",
        Outcome::Unreachable => "unreachable",
        Outcome::ProtocolError => "spoke nonsense",
        Outcome::UnknownInfoHash => "for another torrent",
        Outcome::SelfConnection => "ourselves",
        Outcome::Duplicate => "connected twice",
        Outcome::NoSlot => "found no slot",
        Outcome::LocalError => "failed here",
        Outcome::Stopped => "stopped",
        Outcome::Crashed => "crashed",
        Outcome::Excluded => "excluded",
        Outcome::WrongWrapping => "wrongly wrapped",
        Outcome::NetworkDown => "without network",
    }
}

/// One a URL, those that fail first, then those that most torrents name.
fn trackers<'a>(now: Moment, all: impl Iterator<Item = &'a TrackerFigures>) -> Vec<Tracker> {
    let mut by_url: BTreeMap<&str, Tracker> = BTreeMap::new();
    for it in all {
        let tracker = by_url.entry(&it.tracker).or_insert_with(|| Tracker {
            url: Arc::clone(&it.tracker),
            ..Tracker::default()
        });
        tracker.torrents += 1;
        let Some(next_at) = it.next_at else {
            continue;
        };
        let next = next_at.since(now);
        tracker.next = Some(tracker.next.map_or(next, |soonest| soonest.min(next)));
        match it.failure {
            None => tracker.answering += 1,
            Some(label) if tracker.failures.contains(&label) => {}
            Some(label) => tracker.failures.push(label),
        }
    }
    let mut trackers: Vec<_> = by_url.into_values().collect();
    trackers.sort_by_key(|it| (it.failures.is_empty(), std::cmp::Reverse(it.torrents)));
    trackers
}

#[cfg(test)]
mod tests;
