//! A DHT of thousands of nodes in virtual time, the machines alone, with loss, dead
//! nodes and liars: what a lookup finds, and what it costs.
#![allow(clippy::unwrap_used)]

#[path = "dht/citizen.rs"]
mod citizen;
#[path = "dht/liar.rs"]
mod liar;
#[path = "dht/world.rs"]
mod world;

use std::time::Duration;

use bta::protocol::dht::limits;
use liar::Lie;
use world::{Plan, World};

/// Torrents whose peers are stored and looked up.
const TORRENTS: usize = 60;

/// One node in ten is dead and one datagram in fifty is lost; some of the others lie.
fn plan(liars: usize, is_local: bool) -> Plan {
    Plan {
        seed: 2015 + liars as u64,
        dead: 10,
        liars,
        lost: 2,
        is_local,
        ..Plan::default()
    }
}

/// What lookups find of what honest nodes among the closest store, in percent on
/// average; prints what they cost.
fn share_found(plan: Plan) -> f64 {
    let mut world = World::of_citizens(plan.clone());
    let (mut stored, mut found, mut asked, mut took) = (0, 0.0, 0, Duration::ZERO);
    for number in 0..TORRENTS {
        let (torrent, truth) = world.store(1 + number * 99 / (TORRENTS - 1));
        let (peers, report) = world.look_up(torrent);
        let share = truth.intersection(&peers).count() as f64 / truth.len().max(1) as f64;
        found += if truth.is_empty() { 1.0 } else { share };
        stored += truth.len();
        asked += report.asked;
        took += report.duration;
    }
    let count = TORRENTS as f64;
    println!(
        "{} % liars ({:?}), on loopback: {}: {:.2} % found of {:.1} stored, {:.1} questions, \
         {:.2} s a lookup",
        plan.liars,
        plan.lies,
        plan.is_local,
        100.0 * found / count,
        stored as f64 / count,
        f64::from(asked) / count,
        took.as_secs_f64() / count,
    );
    100.0 * found / count
}

#[test]
fn finds_all_whatever_share_of_the_nodes_lies() {
    for liars in [0, 10, 20, 30] {
        let found = share_found(plan(liars, false));
        assert!(found >= 99.0, "{found} % with {liars} % liars");
    }
}

/// Where no name can be told from a chosen one.
#[test]
fn finds_all_on_loopback_too() {
    for liars in [0, 10, 20, 30] {
        let found = share_found(plan(liars, true));
        assert!(found >= 99.0, "{found} % with {liars} % liars");
    }
}

#[test]
fn finds_all_however_they_lie() {
    for lie in Lie::ALL {
        for is_local in [false, true] {
            let found = share_found(Plan {
                lies: vec![lie],
                ..plan(30, is_local)
            });
            assert!(found >= 99.0, "{found} % where everybody {lie:?}");
        }
    }
}

/// It begins with whom the first one reached, and with a table in which it left its mark.
#[test]
fn a_second_lookup_among_liars_finds_all_too() {
    let crowds = [Lie::Crowds, Lie::Conspires];
    for (lie, is_local) in crowds.map(|it| [(it, false), (it, true)]).concat() {
        let mut world = World::of_citizens(Plan {
            lies: vec![lie],
            ..plan(30, is_local)
        });
        let mut found = [0.0; 2];
        for _ in 0..20 {
            let (torrent, truth) = world.store(20);
            for found in &mut found {
                let (peers, _) = world.look_up(torrent);
                let share = truth.intersection(&peers).count() as f64 / truth.len().max(1) as f64;
                *found += share * 100.0 / 20.0;
            }
        }
        println!("{lie:?}, on loopback: {is_local}: {found:?} % found");
        assert!(found[1] >= 99.0, "{found:?}");
    }
}

#[test]
fn a_second_lookup_costs_less() {
    let mut world = World::of_citizens(Plan::default());
    let (torrent, _) = world.store(20);
    let (_, first) = world.look_up(torrent);
    let (_, second) = world.look_up(torrent);
    println!("first {first:?}, second {second:?}");
    assert!(second.asked <= first.asked);
}

/// Nobody but the first node is known at the start.
#[test]
fn tables_fill_and_stay_filled() {
    let mut world = World::of_ours(Plan {
        seed: 3,
        nodes: 200,
        lost: 5,
        ..Plan::default()
    });
    let before = world.smallest_table();
    world.pass(Duration::from_secs(3_600));
    let after = world.smallest_table();
    println!("the smallest table: {before} nodes after the joins, {after} an hour later");
    assert!(before.min(after) >= limits::K, "{before}, {after}");
}
