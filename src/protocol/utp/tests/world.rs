//! Two endpoints, and a network between them that loses, doubles and reorders.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::moment::Moment;
use crate::protocol::utp::*;

pub(super) const START: Moment = Moment::from_millis(1_772_365_200_000);

pub(super) fn address(host: usize) -> SocketAddr {
    SocketAddr::from(([44, 0, 0, host as u8], 6881))
}

/// How the network treats datagrams, each of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weather {
    pub(super) lost: u32,
    pub(super) doubled: u32,
    pub(super) late: u32,
}

/// Two hosts, 50 ms apart.
pub(super) struct World {
    pub(super) now: Moment,
    pub(super) hosts: [Endpoint; 2],
    under_way: BTreeMap<(Moment, u64), (usize, Vec<u8>)>,
    pub(super) sent: u64,
    random: StdRng,
    weather: Weather,
    /// Nothing arrives any longer.
    pub(super) cut: bool,
    /// Nothing arrives that has this connection number.
    pub(super) lost_number: Option<u16>,
    pub(super) events: [Vec<Event>; 2],
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        World {
            now: START,
            hosts: [1, 2].map(|it| Endpoint::new(true, [it; 32])),
            under_way: BTreeMap::new(),
            sent: 0,
            random: StdRng::seed_from_u64(seed),
            weather,
            cut: false,
            lost_number: None,
            events: [Vec::new(), Vec::new()],
        }
    }

    pub(super) fn carry(&mut self) {
        for from in 0..2 {
            while let Some((to, bytes)) = self.hosts[from].poll_transmit() {
                assert_eq!(to, address(1 - from));
                let mut chance = |permille| self.random.random_range(0..1_000) < permille;
                let copies = 1 + u32::from(chance(self.weather.doubled));
                for _ in 0..copies {
                    let mut chance = |permille| self.random.random_range(0..1_000) < permille;
                    let number = Some(u16::from_be_bytes([bytes[2], bytes[3]]));
                    let lost = chance(self.weather.lost) || self.cut || number == self.lost_number;
                    let late = chance(self.weather.late);
                    let takes = 50
                        + if late {
                            self.random.random_range(0..300)
                        } else {
                            0
                        };
                    self.sent += 1;
                    if !lost {
                        let at = self.now + Duration::from_millis(takes);
                        self.under_way
                            .insert((at, self.sent), (1 - from, bytes.clone()));
                    }
                }
            }
            while let Some(event) = self.hosts[from].poll_event() {
                self.events[from].push(event);
            }
        }
    }

    /// To the next thing that happens, if that is before `end`.
    pub(super) fn step(&mut self, end: Moment) -> bool {
        self.carry();
        let arrival = self.under_way.keys().next().map(|it| it.0);
        let timers = self.hosts.iter().filter_map(Endpoint::poll_timeout);
        let Some(next) = timers.chain(arrival).min().filter(|at| *at <= end) else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        while let Some(entry) = self
            .under_way
            .first_entry()
            .filter(|it| it.key().0 <= self.now)
        {
            let (to, bytes) = entry.remove();
            self.hosts[to].handle_input(self.now, address(1 - to), &bytes);
        }
        for host in &mut self.hosts {
            host.handle_timeout(self.now);
        }
        self.carry();
        true
    }

    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
    }

    pub(super) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// The first host dials the second and speaks; both ends. All calls of a dial may be
    /// lost: then it dials again.
    pub(super) fn connect(&mut self, hello: &[u8]) -> (Key, Key) {
        let ours = loop {
            let dial = self.hosts[0].dial(self.now, address(1));
            let key = self.wait(0, |event| match event {
                Event::Connected(of, key) if *of == dial => Some(Some(*key)),
                Event::Failed(of, _) if *of == dial => Some(None),
                _ => None,
            });
            if let Some(key) = key {
                break key;
            }
        };
        self.write(0, ours, hello);
        let theirs = self.wait(1, |event| match event {
            Event::Incoming(key) => Some(*key),
            _ => None,
        });
        (ours, theirs)
    }

    pub(super) fn wait<T>(&mut self, host: usize, what: impl Fn(&Event) -> Option<T>) -> T {
        let end = self.now + Duration::from_secs(600);
        loop {
            if let Some(found) = self.events[host].iter().find_map(&what) {
                return found;
            }
            assert!(self.step(end), "in vain");
        }
    }

    pub(super) fn write(&mut self, host: usize, key: Key, mut bytes: &[u8]) {
        let end = self.now + Duration::from_secs(600);
        while !bytes.is_empty() {
            match self.hosts[host].write(self.now, key, bytes).unwrap() {
                Some(len) => bytes = &bytes[len..],
                None => assert!(self.step(end), "in vain"),
            }
        }
        self.carry();
    }

    /// All that can be read now.
    pub(super) fn read(&mut self, host: usize, key: Key) -> Vec<u8> {
        let (mut read, mut buffer) = (Vec::new(), [0; 700]);
        while let Ok(Some(len @ 1..)) = self.hosts[host].read(self.now, key, &mut buffer) {
            read.extend(&buffer[..len]);
        }
        self.carry();
        read
    }

    pub(super) fn read_exactly(&mut self, host: usize, key: Key, len: usize) -> Vec<u8> {
        let (mut read, end) = (Vec::new(), self.now + Duration::from_secs(1_200));
        while read.len() < len {
            read.extend(self.read(host, key));
            assert!(read.len() >= len || self.step(end), "in vain");
        }
        read
    }

    /// What a read at the end gives.
    pub(super) fn last_word(&mut self, host: usize, key: Key) -> Result<Option<usize>, Failure> {
        self.hosts[host].read(self.now, key, &mut [0; 10])
    }
}

/// As bad as a network gets that people still use.
pub(super) const BAD: Weather = Weather {
    lost: 100,
    doubled: 50,
    late: 200,
};
