//! Draws the peers of a scenario.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use super::block::Block;
use super::fortune::Fortune;
use super::peer::client::Client;
use super::peer::{Fate, Known, Metadata, Plan, Reach};
use super::profile::{Profile, draw_index};
use super::scenario::{Hosts, Scenario};
use super::torrent::Torrent;
use crate::moment::Moment;
use crate::protocol::peer::{Encryption, Transport};

/// Peers arrive in this first part of the run.
const ARRIVALS: f64 = 0.75;
/// The share of arriving downloaders that have a part already.
const RESUMED: f64 = 0.2;
/// Clients whose users lie, pretend, or want only a part.
const TRICKY: [Client; 3] = [Client::Libtorrent, Client::Qbittorrent, Client::Utorrent];

/// Draws all peers; the run starts at `start`, in this block of loopback.
pub(super) fn cast(
    scenario: &Scenario,
    profile: &Profile,
    torrents: &[Arc<Torrent>],
    (start, block): (Moment, Block),
    rng: &mut SmallRng,
) -> Vec<Plan> {
    let mut cast = Cast {
        scenario,
        profile,
        torrents,
        start,
        block,
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
    block: Block,
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
        let (address, reach) = match self.draw_neighbour() {
            Some(neighbour) => neighbour,
            None => (self.draw_address(number), reach),
        };
        let plan = Plan {
            number,
            torrent: torrent.clone(),
            address,
            also: self.draw_second(number, address.port()),
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
            known: Known::Trackers,
            trackers: self.draw_trackers(&spec.trackers),
            dht: false,
            metadata: Metadata::Given,
            encryption: Encryption::Off,
            transport: Transport::Tcp,
            seed: self.rng.random(),
        };
        let plan = self.draw_fame(plan);
        self.plans.push(plan);
    }

    /// Who knows of it, and what it gives to whom: by chance of its own, so that these
    /// change nothing else.
    fn draw_fame(&self, mut plan: Plan) -> Plan {
        let crowd = &self.scenario.crowd;
        let mut rng = SmallRng::seed_from_u64(plan.seed);
        let draw: f64 = rng.random();
        if draw < crowd.dht_alone {
            plan.known = Known::Dht;
        } else if draw < crowd.dht_alone + crowd.gossip_alone && plan.reach == Reach::Open {
            plan.known = Known::Peers;
        }
        plan.dht = match plan.known {
            Known::Trackers => rng.random_bool(crowd.dht_too),
            known => known == Known::Dht,
        };
        if plan.known != Known::Trackers {
            plan.trackers.clear();
        }
        let draw: f64 = rng.random();
        plan.metadata = match crowd.inventors {
            share if draw < share => Metadata::Invented,
            share if draw < 2.0 * share => Metadata::Refused,
            _ => Metadata::Given,
        };
        let draw: f64 = rng.random();
        let (require, prefer) = (crowd.requires_encryption, crowd.prefers_encryption);
        plan.encryption = match plan.client.habits().encrypts_first {
            _ if draw < require => Encryption::Require,
            _ if draw < require + prefer => Encryption::Prefer,
            true => Encryption::Prefer,
            false => Encryption::Off,
        };
        if rng.random::<f64>() < crowd.utp_alone {
            plan.transport = Transport::Utp;
        }
        plan
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

    /// The address of the last peer, seldom: then behind the same NAT, if any.
    fn draw_neighbour(&mut self) -> Option<(SocketAddr, Reach)> {
        let neighbours = self.rng.random_bool(self.scenario.crowd.neighbours);
        let last = self.plans.last().filter(|_| neighbours)?;
        let address = SocketAddr::new(last.address.ip(), last.address.port() + 1);
        Some((address, last.reach))
    }

    fn draw_address(&mut self, number: usize) -> SocketAddr {
        let port = match self.rng.random_range(0..10) {
            0..4 => 6881,
            4..6 => 51_413,
            _ => self.rng.random_range(10_000..60_000),
        };
        let port = if self.scenario.crowd.one_port {
            6881
        } else {
            port
        };
        let (high, low) = (number / 250, (number % 250) as u8 + 1);
        let ip = match self.scenario.hosts {
            Hosts::Loopback => self.block.host(high as u8, low),
            // 45 to 94: all of it is routed, and neighbours are rare.
            Hosts::Virtual => Ipv4Addr::new(45 + low % 50, high as u8, low, self.rng.random()),
        };
        SocketAddr::new(IpAddr::V4(ip), port)
    }

    fn draw_second(&mut self, number: usize, port: u16) -> Option<SocketAddr> {
        let share = match self.scenario.hosts {
            Hosts::Loopback => 0.0,
            Hosts::Virtual => self.scenario.crowd.dual_stack,
        };
        let ip = Ipv6Addr::new(0x2a00, (number + 1) as u16, 0, 0, 0, 0, 0, 1);
        self.rng.random_bool(share).then(|| {
            let other = self.rng.random_bool(self.scenario.crowd.two_ports);
            let port = if other { port ^ 1 } else { port };
            SocketAddr::new(IpAddr::V6(ip), port)
        })
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    fn cast_of(scenario: &Scenario) -> Vec<Plan> {
        let mut rng = SmallRng::seed_from_u64(scenario.seed);
        let torrents = super::super::invent(scenario, &mut rng);
        let torrents: Vec<_> = torrents.into_iter().map(Arc::new).collect();
        let profile = Profile::of_2015().unwrap();
        let beginning = (Moment::EPOCH, Block::default());
        cast(scenario, &profile, &torrents, beginning, &mut rng)
    }

    #[test]
    fn a_seed_gives_the_same_peers_each_time() {
        let scenario = &Scenario::demo(7);
        let text = |plans: Vec<Plan>| format!("{plans:?}");
        assert_eq!(text(cast_of(scenario)), text(cast_of(scenario)));
        assert_ne!(text(cast_of(scenario)), text(cast_of(&Scenario::demo(8))));
    }

    #[test]
    fn the_demo_completes_within_its_time() {
        for seed in 1..=20 {
            let scenario = Scenario::demo(seed);
            let plans = cast_of(&scenario);
            assert!((200..=300).contains(&plans.len()));
            let addresses: HashSet<_> = plans.iter().map(|plan| plan.address).collect();
            assert_eq!(addresses.len(), plans.len());
            let horizon = Moment::EPOCH + scenario.horizon();
            let completed = plans.iter().filter_map(Plan::completion);
            assert!(completed.clone().all(|it| it <= horizon));
            let fair = plans
                .iter()
                .filter(|plan| {
                    plan.completion()
                        .is_some_and(|it| it.since(plan.arrives).as_secs() >= 3)
                })
                .count();
            println!(
                "seed {seed}: {} completed, {fair} fair",
                completed.clone().count()
            );
            assert!((60..=140).contains(&completed.count()));
        }
    }

    #[test]
    fn each_fate_does_what_it_says() {
        let mut scenario = Scenario::demo(3);
        scenario.crowd.fates.push((Fate::StopsShort, 0.1));
        let mut seen = HashSet::new();
        for plan in cast_of(&scenario) {
            seen.insert(plan.fate);
            let (crossed, completed) = (plan.crossing(), plan.completion());
            let end = plan.curve.held(Moment::EPOCH + scenario.duration);
            let (all, threshold) = (plan.torrent.pieces, plan.torrent.threshold);
            match plan.fate {
                Fate::Stays | Fate::LeavesSoon | Fate::LeavesAtOnce | Fate::FallsBack => {
                    assert!(crossed <= completed && crossed.is_some(), "{plan:?}");
                    assert_eq!(plan.leaves.is_some(), plan.leaves > completed);
                }
                Fate::StopsShort => assert!(crossed.is_some() && completed.is_none()),
                Fate::Aborts | Fate::Lazy | Fate::PartialSeed => assert!(end < threshold),
                Fate::Seeds | Fate::SuperSeeds | Fate::Rechecks | Fate::Lies => {
                    assert_eq!((crossed, end), (None, all), "{plan:?}");
                }
            }
        }
        assert_eq!(seen.len(), Fate::ALL.len(), "{seen:?}");
    }
}
