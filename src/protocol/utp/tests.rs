//! Two endpoints, and a network between them that loses, doubles and reorders.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::limits::{CONNECTIONS, GIVE_UP, LINGER, QUIET};
use super::packet::{Header, Kind, Packet};
use super::*;
use crate::moment::Moment;

const START: Moment = Moment::from_millis(1_772_365_200_000);

fn address(host: usize) -> SocketAddr {
    SocketAddr::from(([44, 0, 0, host as u8], 6881))
}

/// How the network treats datagrams, each of a thousand.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    lost: u32,
    doubled: u32,
    late: u32,
}

/// Two hosts, 50 ms apart.
struct World {
    now: Moment,
    hosts: [Endpoint; 2],
    under_way: BTreeMap<(Moment, u64), (usize, Vec<u8>)>,
    sent: u64,
    random: StdRng,
    weather: Weather,
    /// Nothing arrives any longer.
    cut: bool,
    events: [Vec<Event>; 2],
}

impl World {
    fn new(seed: u64, weather: Weather) -> Self {
        World {
            now: START,
            hosts: [1, 2].map(|it| Endpoint::new(true, [it; 32])),
            under_way: BTreeMap::new(),
            sent: 0,
            random: StdRng::seed_from_u64(seed),
            weather,
            cut: false,
            events: [Vec::new(), Vec::new()],
        }
    }

    fn carry(&mut self) {
        for from in 0..2 {
            while let Some((to, bytes)) = self.hosts[from].poll_transmit() {
                assert_eq!(to, address(1 - from));
                let mut chance = |permille| self.random.random_range(0..1_000) < permille;
                let copies = 1 + u32::from(chance(self.weather.doubled));
                for _ in 0..copies {
                    let mut chance = |permille| self.random.random_range(0..1_000) < permille;
                    let lost = chance(self.weather.lost) || self.cut;
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
    fn step(&mut self, end: Moment) -> bool {
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

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
    }

    fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// The first host dials the second and speaks; both ends.
    fn connect(&mut self, hello: &[u8]) -> (Key, Key) {
        self.hosts[0].dial(self.now, address(1));
        let ours = self.wait(0, |event| match event {
            Event::Connected(_, key) => Some(*key),
            _ => None,
        });
        self.write(0, ours, hello);
        let theirs = self.wait(1, |event| match event {
            Event::Incoming(key) => Some(*key),
            _ => None,
        });
        (ours, theirs)
    }

    fn wait<T>(&mut self, host: usize, what: impl Fn(&Event) -> Option<T>) -> T {
        let end = self.now + Duration::from_secs(600);
        loop {
            if let Some(found) = self.events[host].iter().find_map(&what) {
                return found;
            }
            assert!(self.step(end), "in vain");
        }
    }

    fn write(&mut self, host: usize, key: Key, mut bytes: &[u8]) {
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
    fn read(&mut self, host: usize, key: Key) -> Vec<u8> {
        let (mut read, mut buffer) = (Vec::new(), [0; 700]);
        while let Ok(Some(len @ 1..)) = self.hosts[host].read(self.now, key, &mut buffer) {
            read.extend(&buffer[..len]);
        }
        self.carry();
        read
    }

    fn read_exactly(&mut self, host: usize, key: Key, len: usize) -> Vec<u8> {
        let (mut read, end) = (Vec::new(), self.now + Duration::from_secs(1_200));
        while read.len() < len {
            read.extend(self.read(host, key));
            assert!(read.len() >= len || self.step(end), "in vain");
        }
        read
    }

    /// What a read at the end gives.
    fn last_word(&mut self, host: usize, key: Key) -> Result<Option<usize>, Failure> {
        self.hosts[host].read(self.now, key, &mut [0; 10])
    }
}

fn some_bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

const BAD: Weather = Weather {
    lost: 100,
    doubled: 50,
    late: 200,
};

#[test]
fn connects_speaks_and_closes() {
    let mut world = World::new(1, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    assert_eq!(world.read_exactly(1, theirs, 5), b"hello");
    world.write(1, theirs, b"and you");
    assert_eq!(world.read_exactly(0, ours, 7), b"and you");
    world.hosts[0].leave(world.now, ours);
    world.seconds(1);
    assert_eq!(world.last_word(1, theirs), Ok(Some(0)));
    assert_eq!(
        world.hosts[1].write(world.now, theirs, b"late").unwrap(),
        Some(4)
    );
    world.hosts[1].leave(world.now, theirs);
    world.seconds(1);
    assert_eq!(world.hosts.each_ref().map(Endpoint::connections), [0, 0]);
    assert_eq!(
        world.hosts.each_ref().map(Endpoint::poll_timeout),
        [None, None]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_bytes_arrive_in_order_over_a_bad_network(seed in any::<u64>(), len in 1_usize..100_000) {
        let mut world = World::new(seed, BAD);
        let (ours, theirs) = world.connect(b"hello");
        prop_assert_eq!(world.read_exactly(1, theirs, 5), b"hello");
        // Both ways at once.
        let bytes = some_bytes(len);
        let (mut sent, mut read) = ([0, 0], [Vec::new(), Vec::new()]);
        let (keys, end) = ([ours, theirs], world.now + Duration::from_secs(3_600));
        while read.iter().any(|it| it.len() < len) {
            for host in 0..2 {
                if sent[host] < len {
                    let rest = &bytes[sent[host]..];
                    let written = world.hosts[host].write(world.now, keys[host], rest).unwrap();
                    sent[host] += written.unwrap_or(0);
                }
                read[host].extend(world.read(host, keys[host]));
            }
            prop_assert!(world.step(end), "stuck at {:?} of {len}", read.each_ref().map(Vec::len));
        }
        prop_assert!(read[0] == bytes && read[1] == bytes);
        for host in 0..2 {
            world.hosts[host].leave(world.now, keys[host]);
        }
        world.pass(LINGER + Duration::from_secs(1));
        prop_assert_eq!(world.hosts.each_ref().map(Endpoint::connections), [0, 0]);
    }

    #[test]
    fn survives_any_packets_of_a_stranger(
        packets in proptest::collection::vec(
            (0_u8..6, 0_u16..4, 0_u16..80, 0_u16..6, proptest::collection::vec(any::<u8>(), 0..40)),
            0..60,
        ),
    ) {
        let mut world = World::new(1, Weather::default());
        let (ours, _) = world.connect(b"hello");
        world.seconds(1);
        let base = ours.1;
        for (kind, id, sequence, acknowledged, rest) in packets {
            let mut bytes = Header {
                kind: Kind::Data,
                connection: base.wrapping_add(id).wrapping_sub(1),
                timestamp_us: 1,
                difference_us: 1,
                window_bytes: u32::from(sequence),
                sequence,
                acknowledged: acknowledged.wrapping_sub(2),
            }
            .encode(&[], &rest);
            (bytes[0], bytes[1]) = (kind << 4 | 1, u8::from(acknowledged == 5));
            world.hosts[0].handle_input(world.now, address(1), &bytes);
            world.hosts[1].handle_input(world.now, address(0), &bytes);
            world.pass(Duration::from_millis(300));
        }
        world.pass(GIVE_UP * 2);
    }
}

#[test]
fn an_idle_connection_is_kept_warm_and_alive() {
    let mut world = World::new(2, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.read(1, theirs);
    let before = world.sent;
    world.seconds(1_800);
    // Each one asks and answers, twice a minute at most.
    let packets = world.sent - before;
    assert!((60..=250).contains(&packets), "{packets}");
    world.write(1, theirs, b"still here");
    assert_eq!(world.read_exactly(0, ours, 10), b"still here");
    assert_eq!(world.read(0, ours), b"", "what kept it warm was no data");
}

#[test]
fn a_vanished_peer_is_noticed_when_something_is_said_to_it() {
    let mut world = World::new(3, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.seconds(1);
    world.cut = true;
    world.seconds(600);
    assert_eq!(
        world.last_word(0, ours),
        Ok(None),
        "nothing was to be answered"
    );
    world.write(0, ours, b"keep-alive");
    world.pass(GIVE_UP - Duration::from_secs(1));
    assert_eq!(world.last_word(0, ours), Ok(None));
    world.seconds(1);
    assert_eq!(world.last_word(0, ours), Err(Failure::Silent));
    assert_eq!(
        world.hosts[0].write(world.now, ours, b"x"),
        Err(Failure::Silent)
    );
    world.hosts[0].leave(world.now, ours);
    world.hosts[1].leave(world.now, theirs);
    world.pass(LINGER);
    assert_eq!(world.hosts.each_ref().map(Endpoint::connections), [0, 0]);
}

#[test]
fn a_cut_of_a_minute_ends_no_connection() {
    let mut world = World::new(4, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.read_exactly(1, theirs, 5);
    world.cut = true;
    world.write(0, ours, b"one");
    world.write(1, theirs, b"two");
    world.seconds(60);
    world.cut = false;
    world.seconds(16);
    assert_eq!(world.read(1, theirs), b"one");
    assert_eq!(world.read(0, ours), b"two");
}

#[test]
fn a_lost_syn_is_followed_by_another_with_a_new_number() {
    let mut world = World::new(5, Weather::default());
    world.cut = true;
    let dial = world.hosts[0].dial(world.now, address(1));
    let (_, first) = world.hosts[0].poll_transmit().unwrap();
    world.pass(Duration::from_millis(999));
    assert_eq!(world.sent, 0);
    world.cut = false;
    world.seconds(1);
    let (key, events) = (world.events[0][0], world.events[0].len());
    assert!(
        matches!(key, Event::Connected(number, _) if number == dial),
        "{key:?}"
    );
    // The first was only late: its answer finds nobody.
    world.hosts[1].handle_input(world.now, address(0), &first);
    world.seconds(1);
    assert_eq!(world.events[0].len(), events);
    assert_eq!(world.hosts[1].connections(), 0, "nothing was said yet");
}

#[test]
fn a_late_answer_to_the_first_syn_is_an_answer() {
    let mut world = World::new(6, Weather::default());
    world.hosts[0].dial(world.now, address(1));
    let (_, first) = world.hosts[0].poll_transmit().unwrap();
    world.cut = true;
    world.pass(Duration::from_millis(3_500));
    world.cut = false;
    world.hosts[1].handle_input(world.now, address(0), &first);
    world.pass(Duration::from_millis(100));
    assert!(matches!(world.events[0][0], Event::Connected(..)));
    let syns = world.sent;
    world.seconds(60);
    assert_eq!(world.sent, syns, "no further SYN");
}

#[test]
fn a_dial_without_an_answer_fails_and_one_hung_up_says_nothing() {
    let mut world = World::new(7, Weather::default());
    world.cut = true;
    let dial = world.hosts[0].dial(world.now, address(1));
    let other = world.hosts[0].dial(world.now, address(1));
    world.seconds(5);
    world.hosts[0].hang_up(other);
    world.seconds(60);
    assert_eq!(world.events[0], [Event::Failed(dial, Failure::Silent)]);
    assert_eq!(world.sent, 4 + 3);
    assert_eq!(world.hosts[0].poll_timeout(), None);
}

#[test]
fn a_refusal_fails_a_dial_at_once() {
    let mut world = World::new(8, Weather::default());
    world.hosts[1] = Endpoint::new(false, [2; 32]);
    let dial = world.hosts[0].dial(world.now, address(1));
    world.pass(Duration::from_millis(100));
    assert_eq!(world.events[0], [Event::Failed(dial, Failure::Reset)]);
}

#[test]
fn both_may_dial_at_once() {
    let mut world = World::new(9, Weather::default());
    world.hosts[0].dial(world.now, address(1));
    world.hosts[1].dial(world.now, address(0));
    world.seconds(1);
    let keys = [0, 1].map(|host| match world.events[host][0] {
        Event::Connected(_, key) => key,
        ref other => panic!("{other:?}"),
    });
    for host in 0..2 {
        world.write(host, keys[host], b"hello");
    }
    for host in 0..2 {
        let theirs = world.wait(host, |event| match event {
            Event::Incoming(key) => Some(*key),
            _ => None,
        });
        assert_eq!(world.read_exactly(host, theirs, 5), b"hello");
    }
}

#[test]
fn who_only_knocks_costs_nothing() {
    let mut endpoint = Endpoint::new(true, [1; 32]);
    let syn = |id: u16| {
        let header = Header {
            kind: Kind::Syn,
            connection: id,
            timestamp_us: 1,
            difference_us: 0,
            window_bytes: 0,
            sequence: 1,
            acknowledged: 0,
        };
        header.encode(&[], &[])
    };
    for id in 0..10_000 {
        endpoint.handle_input(START, address(1), &syn(id));
        let (_, answer) = endpoint.poll_transmit().unwrap();
        assert_eq!(answer.len(), 20, "no longer than the question");
        assert_eq!(Packet::parse(&answer).unwrap().header.kind, Kind::State);
        assert_eq!(endpoint.poll_transmit(), None);
    }
    assert_eq!(endpoint.connections(), 0);
    assert_eq!(
        (endpoint.poll_timeout(), endpoint.poll_event()),
        (None, None)
    );
}

/// The packets by which a stranger connects: what it knows is what it was told.
fn intrude(endpoint: &mut Endpoint, id: u16, proof: impl Fn(u16) -> u16) {
    let mut header = Header {
        kind: Kind::Syn,
        connection: id,
        timestamp_us: 1,
        difference_us: 0,
        window_bytes: 50_000,
        sequence: 7,
        acknowledged: 0,
    };
    endpoint.handle_input(START, address(1), &header.encode(&[], &[]));
    let (_, answer) = endpoint.poll_transmit().unwrap();
    let told = Packet::parse(&answer).unwrap().header.sequence;
    (header.kind, header.connection) = (Kind::Data, id.wrapping_add(1));
    (header.sequence, header.acknowledged) = (8, proof(told));
    endpoint.handle_input(START, address(1), &header.encode(&[], b"hello"));
}

#[test]
fn only_who_hears_us_connects_and_not_too_many_do() {
    let mut endpoint = Endpoint::new(true, [1; 32]);
    intrude(&mut endpoint, 1, |told| told);
    assert_eq!(endpoint.connections(), 0);
    assert_eq!(
        Packet::parse(&endpoint.poll_transmit().unwrap().1)
            .unwrap()
            .header
            .kind,
        Kind::Reset
    );
    for id in 0..CONNECTIONS + 100 {
        intrude(&mut endpoint, (2 * id) as u16, |told| told.wrapping_sub(1));
        while endpoint.poll_transmit().is_some() {}
    }
    assert_eq!(endpoint.connections(), CONNECTIONS);
}

#[test]
fn who_speaks_to_nobody_is_told_so_and_a_reset_is_not_answered() {
    let mut world = World::new(10, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.seconds(1);
    // The second forgets everything, as after a restart.
    world.hosts[1] = Endpoint::new(true, [3; 32]);
    world.write(0, ours, b"anybody there?");
    world.seconds(1);
    assert_eq!(world.last_word(0, ours), Err(Failure::Reset));
    assert_eq!(world.last_word(1, theirs), Err(Failure::Reset));
    let sent = world.sent;
    world.pass(QUIET * 3);
    assert_eq!(world.sent, sent);
}

#[test]
fn a_forged_reset_changes_nothing() {
    let mut world = World::new(11, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.seconds(1);
    for acknowledged in 0..=u16::MAX {
        let reset = Header {
            kind: Kind::Reset,
            connection: ours.1,
            timestamp_us: 0,
            difference_us: 0,
            window_bytes: 0,
            sequence: 0,
            acknowledged,
        };
        // One of ten thousand would hit.
        if acknowledged % 16_000 == 0 {
            world.hosts[0].handle_input(world.now, address(1), &reset.encode(&[], &[]));
        }
    }
    world.write(1, theirs, b"still");
    assert_eq!(world.read_exactly(0, ours, 5), b"still");
}

#[test]
fn data_for_one_who_left_is_answered_by_a_reset() {
    let mut world = World::new(12, Weather::default());
    let (ours, theirs) = world.connect(b"hello");
    world.read_exactly(1, theirs, 5);
    world.write(1, theirs, b"more");
    world.hosts[0].leave(world.now, ours);
    world.seconds(1);
    assert_eq!(
        world.hosts[1].write(world.now, theirs, b"x"),
        Err(Failure::Reset)
    );
    assert_eq!(world.hosts[0].connections(), 0);
}

#[test]
fn a_reader_that_stops_stops_the_writer_and_goes_on() {
    let mut world = World::new(13, BAD);
    let (ours, theirs) = world.connect(b"hello");
    world.read_exactly(1, theirs, 5);
    let bytes = some_bytes(200_000);
    let mut sent = 0;
    for _ in 0..600 {
        sent += world.hosts[0]
            .write(world.now, ours, &bytes[sent..])
            .unwrap()
            .unwrap_or(0);
        world.pass(Duration::from_millis(500));
    }
    assert!(sent < 70_000, "{sent}");
    let mut read = Vec::new();
    while read.len() < bytes.len() {
        if sent < bytes.len() {
            sent += world.hosts[0]
                .write(world.now, ours, &bytes[sent..])
                .unwrap()
                .unwrap_or(0);
        }
        world.pass(Duration::from_millis(100));
        read.extend(world.read(1, theirs));
    }
    assert!(read == bytes);
}
