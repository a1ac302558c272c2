//! Draws the peers of a scenario.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};

use super::fortune::Fortune;
use super::peer::client::Client;
use super::peer::{Fate, Plan, Reach};
use super::profile::{Profile, draw_index};
use super::scenario::{Hosts, Scenario};
use super::torrent::Torrent;
use crate::moment::Moment;

/// Peers arrive in this first part of the run.
const ARRIVALS: f64 = 0.75;
/// The share of arriving downloaders that have a part already.
const RESUMED: f64 = 0.2;
/// Clients whose users lie, pretend, or want only a part.
const TRICKY: [Client; 3] = [Client::Libtorrent, Client::Qbittorrent, Client::Utorrent];

/// Draws all peers; the run starts at `start`.
pub(super) fn cast(
    scenario: &Scenario,
    profile: &Profile,
    torrents: &[Arc<Torrent>],
    start: Moment,
    rng: &mut SmallRng,
) -> Vec<Plan> {
    let mut cast = Cast {
        scenario,
        profile,
        torrents,
        start,
        rng,
        plans: Vec::new(),
    };
    let crowd = &scenario.crowd;
    for _ in 0..crowd.present {
        let progress = profile.draw_progress(cast.rng);
        let fate = if progress < 1.0 {
            cast.draw(&crowd.fates, Fate::Stays)
        } else {
            Fate::Seeds
        };
        cast.add(Role::new(fate, progress));
    }
    for _ in 0..crowd.arriving {
        let fate = cast.draw(&crowd.fates, Fate::Stays);
        let mut role = Role::new(fate, cast.draw_start());
        role.arrives = cast.draw_arrival();
        cast.add(role);
    }
    for &(fate, count) in &crowd.extras {
        for _ in 0..count {
            let mut role = Role::new(fate, cast.draw_start());
            role.arrives = cast.draw_arrival() / 3;
            cast.add(role);
        }
    }
    for &(reach, count) in &crowd.ghosts {
        for _ in 0..count {
            let mut role = Role::new(Fate::Lazy, cast.draw_start());
            role.reach = Some(reach);
            cast.add(role);
        }
    }
    cast.plans
}

/// What is known of a peer before it is drawn.
struct Role {
    fate: Fate,
    progress: f64,
    arrives: Duration,
    reach: Option<Reach>,
}

impl Role {
    fn new(fate: Fate, progress: f64) -> Self {
        Role {
            fate,
            progress,
            arrives: Duration::ZERO,
            reach: None,
        }
    }
}

struct Cast<'a> {
    scenario: &'a Scenario,
    profile: &'a Profile,
    torrents: &'a [Arc<Torrent>],
    start: Moment,
    rng: &'a mut SmallRng,
    plans: Vec<Plan>,
}

impl Cast<'_> {
    fn add(&mut self, role: Role) {
        let crowd = &self.scenario.crowd;
        let number = self.plans.len();
        let index = self.draw_torrent(role.fate);
        let (torrent, spec) = (&self.torrents[index], &self.scenario.torrents[index]);
        let tricky = matches!(role.fate, Fate::SuperSeeds | Fate::PartialSeed | Fate::Lies);
        let client = if tricky {
            TRICKY.choose(self.rng).copied().unwrap_or(TRICKY[0])
        } else if crowd.clients.is_empty() {
            self.profile.draw_client(self.rng)
        } else {
            self.draw(&crowd.clients, Client::Libtorrent)
        };
        let reach = role.reach.unwrap_or_else(|| match tricky {
            true => Reach::Open,
            false => self.draw(&crowd.reach, Reach::Open),
        });
        let fortune = Fortune {
            scenario: self.scenario,
            torrent,
            spec,
            client,
            arrives: self.start + role.arrives,
            horizon: self.start + self.scenario.horizon(),
            progress: role.progress,
            speed: self.profile.draw_speed(self.rng),
        };
        let told = fortune.tell(role.fate, self.rng);
        let address = self.draw_address(number);
        let plan = Plan {
            number,
            torrent: torrent.clone(),
            address,
            reach,
            client,
            fate: told.fate,
            order: self.draw_order(told.fate, torrent.pieces),
            curve: told.curve,
            arrives: self.start + role.arrives,
            leaves: told.leaves,
            breaks: told.breaks,
            unmasks: told.unmasks,
            dials: reach == Reach::Firewalled || reach == Reach::Open && self.rng.random_bool(0.5),
            trackers: self.draw_trackers(&spec.trackers),
            seed: self.rng.random(),
        };
        self.plans.push(plan);
    }

    /// What only a giant torrent can expose goes into the last one.
    fn draw_torrent(&mut self, fate: Fate) -> usize {
        match fate {
            Fate::Lies | Fate::Rechecks => self.torrents.len() - 1,
            _ => {
                let weights = self.scenario.torrents.iter().map(|spec| spec.weight);
                draw_index(weights, self.rng)
            }
        }
    }

    fn draw_start(&mut self) -> f64 {
        if !self.rng.random_bool(RESUMED) {
            return 0.0;
        }
        match self.profile.draw_progress(self.rng) {
            progress if progress < 1.0 => progress,
            _ => 0.0,
        }
    }

    fn draw_arrival(&mut self) -> Duration {
        let part = self.rng.random_range(0.01..ARRIVALS);
        self.scenario.duration.mul_f64(part)
    }

    fn draw_order(&mut self, fate: Fate, pieces: u32) -> Box<[u32]> {
        let mut order: Vec<u32> = (0..pieces).collect();
        if fate == Fate::Rechecks {
            // Several threads hash: neighbours may change places.
            for pair in order.chunks_exact_mut(2) {
                if self.rng.random_bool(0.05) {
                    pair.swap(0, 1);
                }
            }
        } else if !self.rng.random_bool(self.scenario.crowd.in_order) {
            order.shuffle(self.rng);
        }
        order.into()
    }

    fn draw_address(&mut self, number: usize) -> SocketAddr {
        let last = self.plans.last().map(|plan| plan.address);
        if let Some(last) = last.filter(|_| self.rng.random_bool(self.scenario.crowd.neighbours)) {
            return SocketAddr::new(last.ip(), last.port() + 1);
        }
        let port = match self.rng.random_range(0..10) {
            0..4 => 6881,
            4..6 => 51_413,
            _ => self.rng.random_range(10_000..60_000),
        };
        let (high, low) = (number / 250, (number % 250) as u8 + 1);
        let ip = match self.scenario.hosts {
            Hosts::Loopback => Ipv4Addr::new(127, 64 + (high >> 8) as u8, high as u8, low),
            // 45 to 94: all of it is routed, and neighbours are rare.
            Hosts::Virtual => Ipv4Addr::new(45 + low % 50, high as u8, low, self.rng.random()),
        };
        SocketAddr::new(IpAddr::V4(ip), port)
    }

    /// Most announce to one tracker, some to all.
    fn draw_trackers(&mut self, trackers: &[usize]) -> Vec<usize> {
        match trackers.choose(self.rng) {
            Some(&one) if self.rng.random_bool(0.7) => vec![one],
            _ => trackers.to_vec(),
        }
    }

    fn draw<T: Copy>(&mut self, choices: &[(T, f64)], otherwise: T) -> T {
        let index = draw_index(choices.iter().map(|&(_, weight)| weight), self.rng);
        choices.get(index).map_or(otherwise, |&(choice, _)| choice)
    }
}
