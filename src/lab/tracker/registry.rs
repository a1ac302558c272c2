//! Who takes part in which swarm, as one tracker knows it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::lab::conduct::Offence;
use crate::lab::pace::Pace;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;

/// Peers in one answer, at most (opentracker).
const ANSWER_PEERS: usize = 200;
/// Peers in an answer to who names no number.
const DEFAULT_PEERS: usize = 50;
/// A peer that has not announced for so many intervals is forgotten.
const FORGET_INTERVALS: u32 = 3;

/// What is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// At the tracker's interval.
    None,
    /// The peer has come to all pieces.
    Completed,
    /// The first announce.
    Started,
    /// The last one.
    Stopped,
}

/// One announce.
#[derive(Clone, Copy, Debug)]
pub struct Announce {
    /// The swarm.
    pub info_hash: InfoHash,
    /// Where the peer can be reached.
    pub address: SocketAddr,
    /// Its peer id.
    pub peer_id: [u8; 20],
    /// Bytes that it still wants.
    pub left: u64,
    /// What is announced.
    pub event: Event,
    /// How many peers it asks for.
    pub numwant: Option<u32>,
    /// Whether it is one of the lab's own.
    pub resident: bool,
    /// Whether it was sent before, and its answer got lost.
    pub repeated: bool,
}

/// What a tracker answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Other peers.
    pub peers: Vec<SocketAddr>,
    /// Those among all members that are not the lab's own.
    pub guests: Vec<SocketAddr>,
    /// Members that have everything.
    pub seeders: u32,
    /// Members that have not.
    pub leechers: u32,
    /// How often `completed` was announced.
    pub downloaded: u32,
    /// When to announce again.
    pub interval: Duration,
}

#[derive(Debug, Default)]
struct Swarm {
    members: HashMap<SocketAddr, Member>,
    downloaded: u32,
}

#[derive(Debug)]
struct Member {
    peer_id: [u8; 20],
    left: u64,
    resident: bool,
    announced: Moment,
}

/// All swarms of one tracker.
#[derive(Debug)]
pub struct Registry {
    interval: Duration,
    swarms: HashMap<InfoHash, Swarm>,
    rng: SmallRng,
    /// The last datagram's transaction of each asker.
    transactions: HashMap<SocketAddr, [u8; 4]>,
    guest_announces: u32,
    offences: Vec<Offence>,
}

impl Registry {
    /// A tracker that wants to hear from its members each `interval` of real
    /// life, for these swarms only.
    pub fn new(
        interval: Duration,
        pace: Pace,
        swarms: impl IntoIterator<Item = InfoHash>,
        seed: u64,
    ) -> Self {
        // The protocols count in seconds: at no pace is it less than one.
        let interval = pace.of(interval).max(Duration::from_secs(1));
        let swarms = swarms.into_iter().map(|hash| (hash, Swarm::default()));
        Registry {
            interval,
            swarms: swarms.collect(),
            rng: SmallRng::seed_from_u64(seed),
            transactions: HashMap::new(),
            guest_announces: 0,
            offences: Vec::new(),
        }
    }

    /// Takes in an announce; `None` if the swarm is not known here.
    pub fn announce(&mut self, now: Moment, announce: &Announce) -> Option<Answer> {
        let swarm = self.swarms.get_mut(&announce.info_hash)?;
        if !announce.resident {
            self.guest_announces += 1;
            self.offences
                .extend(judge(swarm, announce, now, self.interval));
        }
        let life = self.interval * FORGET_INTERVALS;
        swarm
            .members
            .retain(|_, it| now.since(it.announced) <= life);
        match announce.event {
            Event::Stopped => swarm.members.remove(&announce.address),
            _ => swarm
                .members
                .insert(announce.address, Member::of(announce, now)),
        };
        if announce.event == Event::Completed {
            swarm.downloaded += 1;
        }
        let others = swarm
            .members
            .iter()
            .filter(|(_, it)| it.peer_id != announce.peer_id);
        let guests = others.clone().filter(|(_, it)| !it.resident);
        let mut answer = Answer {
            guests: guests.map(|(address, _)| *address).collect(),
            peers: others.map(|(address, _)| *address).collect(),
            ..swarm.count(self.interval)
        };
        // Hash maps turn their order with each process; a seed must not.
        answer.peers.sort_unstable();
        answer.guests.sort_unstable();
        answer.peers.shuffle(&mut self.rng);
        let wanted = announce.numwant.map_or(DEFAULT_PEERS, |it| it as usize);
        answer.peers.truncate(wanted.min(ANSWER_PEERS));
        Some(answer)
    }

    /// Whether an asker has sent the same once more: a datagram may get lost.
    pub(super) fn is_repeated(&mut self, asker: SocketAddr, transaction: [u8; 4]) -> bool {
        self.transactions.insert(asker, transaction) == Some(transaction)
    }

    /// Counts of one swarm, without its peers; `None` if it is not known here.
    pub fn scrape(&self, info_hash: &InfoHash) -> Option<Answer> {
        Some(self.swarms.get(info_hash)?.count(self.interval))
    }

    /// Announces that came from outside of the lab.
    pub fn guest_announces(&self) -> u32 {
        self.guest_announces
    }

    /// What guests did wrong here.
    pub fn offences(&self) -> &[Offence] {
        &self.offences
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.rng.random()
    }
}

impl Swarm {
    fn count(&self, interval: Duration) -> Answer {
        let seeders = self.members.values().filter(|it| it.left == 0).count() as u32;
        Answer {
            seeders,
            leechers: self.members.len() as u32 - seeders,
            downloaded: self.downloaded,
            interval,
            ..Answer::default()
        }
    }
}

impl Member {
    fn of(announce: &Announce, now: Moment) -> Self {
        Member {
            peer_id: announce.peer_id,
            left: announce.left,
            resident: announce.resident,
            announced: now,
        }
    }
}

fn judge(swarm: &Swarm, announce: &Announce, now: Moment, min: Duration) -> Vec<Offence> {
    let mut offences = Vec::new();
    if announce.event == Event::Completed {
        offences.push(Offence::AnnouncedCompletion);
    }
    if announce.left == 0 {
        offences.push(Offence::AnnouncedAsSeed);
    }
    let known = swarm.members.get(&announce.address);
    let early = known.is_some_and(|it| now.since(it.announced) < min.mul_f64(0.9));
    if early && announce.event == Event::None && !announce.repeated {
        offences.push(Offence::AnnouncedTooOften);
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWARM: InfoHash = InfoHash([7; 20]);

    fn announce(number: u8, event: Event) -> Announce {
        Announce {
            info_hash: SWARM,
            address: SocketAddr::from(([10, 0, 0, number], 6881)),
            peer_id: [number; 20],
            left: 1,
            event,
            numwant: None,
            resident: true,
            repeated: false,
        }
    }

    fn registry() -> Registry {
        Registry::new(Duration::from_secs(60), Pace::REAL, [SWARM], 1)
    }

    #[test]
    fn hands_out_others_and_counts() {
        let (mut registry, now) = (registry(), Moment::EPOCH);
        for number in 1..=80 {
            registry.announce(now, &announce(number, Event::Started));
        }
        let seed = Announce {
            left: 0,
            ..announce(1, Event::Completed)
        };
        let answer = registry.announce(now, &seed).unwrap();
        assert_eq!(
            (answer.seeders, answer.leechers, answer.downloaded),
            (1, 79, 1)
        );
        assert_eq!(answer.peers.len(), 50);
        assert!(!answer.peers.contains(&seed.address));
        let all = Announce {
            numwant: Some(500),
            ..seed
        };
        assert_eq!(registry.announce(now, &all).unwrap().peers.len(), 79);
    }

    #[test]
    fn forgets_who_stops_or_falls_silent() {
        let (mut registry, now) = (registry(), Moment::EPOCH);
        registry.announce(now, &announce(1, Event::Started));
        registry.announce(now, &announce(2, Event::Started));
        registry.announce(now, &announce(1, Event::Stopped));
        let answer = registry
            .announce(now, &announce(3, Event::Started))
            .unwrap();
        assert_eq!(answer.peers, [announce(2, Event::None).address]);
        let late = now + Duration::from_secs(181);
        let answer = registry.announce(late, &announce(3, Event::None)).unwrap();
        assert!(answer.peers.is_empty());
    }

    #[test]
    fn notices_what_a_guest_must_not_do() {
        let (mut registry, now) = (registry(), Moment::EPOCH);
        let honest = Announce {
            resident: false,
            ..announce(1, Event::Started)
        };
        registry.announce(now, &honest);
        assert!(registry.offences().is_empty());
        let again = Announce {
            event: Event::None,
            ..honest
        };
        registry.announce(now + Duration::from_secs(60), &again);
        assert!(registry.offences().is_empty());
        registry.announce(now + Duration::from_secs(70), &again);
        let liar = Announce {
            event: Event::Completed,
            left: 0,
            ..honest
        };
        registry.announce(now + Duration::from_secs(90), &liar);
        let expected = [
            Offence::AnnouncedTooOften,
            Offence::AnnouncedCompletion,
            Offence::AnnouncedAsSeed,
        ];
        assert_eq!(registry.offences(), expected);
    }
}
