//! Two endpoints, on any kind of network.

mod strangers;
mod world;

use std::time::Duration;

use proptest::prelude::*;

use super::limits::{GIVE_UP, LINGER, QUIET};
use super::*;
use world::{BAD, Weather, World, address};

fn some_bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

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
        for (host, key) in keys.into_iter().enumerate() {
            world.hosts[host].leave(world.now, key);
        }
        world.pass(LINGER + Duration::from_secs(1));
        prop_assert_eq!(world.hosts.each_ref().map(Endpoint::connections), [0, 0]);
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
fn one_gone_without_a_word_is_noticed_where_others_are_heard() {
    let mut world = World::new(15, Weather::default());
    let (lost, _) = world.connect(b"hello");
    world.events = [Vec::new(), Vec::new()];
    let (heard, theirs) = world.connect(b"hello");
    world.seconds(60);
    assert_eq!(
        [lost, heard].map(|key| world.last_word(0, key)),
        [Ok(None); 2]
    );
    world.lost_number = Some(lost.1);
    for _ in 0..60 {
        world.write(1, theirs, b"have");
        world.seconds(1);
    }
    assert_eq!(world.last_word(0, lost), Err(Failure::Silent));
    assert_eq!(world.read(0, heard).len(), 240);
}

#[test]
fn a_cut_ends_no_idle_connection_beside_others() {
    for begins in 0..30 {
        let mut world = World::new(16, Weather::default());
        let (first, _) = world.connect(b"hello");
        world.events = [Vec::new(), Vec::new()];
        let (second, _) = world.connect(b"hello");
        world.seconds(60 + begins);
        world.cut = true;
        world.seconds(60);
        world.cut = false;
        world.seconds(300);
        for key in [first, second] {
            assert_eq!(world.last_word(0, key), Ok(None), "cut after {begins} s");
        }
    }
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
    for (host, key) in keys.into_iter().enumerate() {
        world.write(host, key, b"hello");
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
