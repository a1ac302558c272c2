//! A DHT of a thousand nodes in virtual time, the machines alone, with loss, dead nodes
//! and liars: what a lookup finds, and what it costs.
#![allow(clippy::unwrap_used)]

#[path = "dht/world.rs"]
mod world;

use std::time::Duration;

use world::{Share, World};

/// Torrents whose peers are stored and looked up.
const TORRENTS: usize = 30;

/// What lookups found of what honest nodes among the closest store, and their cost.
fn measure(world: &mut World) -> (f64, f64, f64, f64) {
    let (mut stored, mut found, mut asked, mut took) = (0, 0, 0, Duration::ZERO);
    for number in 0..TORRENTS {
        let torrent = world.store(number as u8, 1 + number * 99 / (TORRENTS - 1));
        let truth = world.stored_by_the_closest(torrent);
        let (peers, report) = world.look_up(torrent);
        stored += truth.len();
        found += truth.intersection(&peers).count();
        asked += report.asked;
        took += report.duration;
    }
    let count = TORRENTS as f64;
    (
        100.0 * found as f64 / stored as f64,
        f64::from(asked) / count,
        took.as_secs_f64() / count,
        stored as f64 / count,
    )
}

/// Of 1,000 nodes one in ten is dead and one datagram in fifty is lost. Each share of
/// liars is a test of its own, for they take their time.
fn finds_all_with(liars: u64) {
    let share = Share {
        dead: 10,
        liars,
        lost: 2,
    };
    let mut world = World::new(2015 + liars, 1_000, share);
    let (found, asked, seconds, stored) = measure(&mut world);
    println!(
        "{liars} % liars: {found:.2} % found of {stored:.1} stored, {asked:.1} nodes asked, \
         {seconds:.2} s a lookup"
    );
    assert!(found >= 99.0, "{found} % with {liars} % liars");
    assert!(asked < 100.0, "{asked} nodes asked with {liars} % liars");
}

#[test]
fn finds_all_without_liars() {
    finds_all_with(0);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn finds_all_with_10_percent_liars() {
    finds_all_with(10);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn finds_all_with_20_percent_liars() {
    finds_all_with(20);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn finds_all_with_30_percent_liars() {
    finds_all_with(30);
}

#[test]
fn a_second_lookup_costs_less() {
    let mut world = World::new(
        7,
        300,
        Share {
            dead: 5,
            liars: 0,
            lost: 0,
        },
    );
    let torrent = world.store(1, 20);
    let (_, first) = world.look_up(torrent);
    let (_, second) = world.look_up(torrent);
    println!("first {first:?}, second {second:?}");
    assert!(second.asked <= first.asked);
}

/// Nobody but the first node is known at the start.
#[test]
fn tables_fill_and_stay_filled() {
    let mut world = World::new(
        3,
        200,
        Share {
            dead: 0,
            liars: 0,
            lost: 5,
        },
    );
    let before = world.smallest_table();
    assert!(before >= 20, "{before}");
    world.pass(Duration::from_secs(3_600));
    let after = world.smallest_table();
    assert!(after >= before / 2, "{before} before, {after} after");
}
