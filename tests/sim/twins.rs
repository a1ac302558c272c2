//! Peers with an address of each family, and clients that look like each other.

use bta::lab::judgement::Wrong;
use bta::lab::peer::client::Client;
use bta::lab::peer::{Fate, Reach};
use bta::lab::{Judgement, Scenario};

use crate::crowds::motley;
use crate::world::{HOUR, MINUTE, World, in_virtual_time, overlooked};

/// Half of all have two addresses, and all change their peer id with each
/// connection: nothing tells at once who they are.
fn two_faced(seed: u64) -> Scenario {
    let mut scenario = Scenario::sim(seed, 100, HOUR);
    let crowd = &mut scenario.crowd;
    (crowd.dual_stack, crowd.two_ports) = (0.5, 0.1);
    crowd.reach = vec![(Reach::Open, 1.0)];
    crowd.clients = vec![(Client::Qbittorrent, 0.7), (Client::Libtorrent, 0.3)];
    scenario
}

/// Whether anything that it sends tells that it is one: one peer id, or one name and
/// port in both families and one rise. Who falls back may be met in the one family
/// before that and in the other after.
fn can_be_told(judgement: &Judgement, wrong: &Wrong) -> bool {
    let Some(peer) = wrong.peer.map(|index| &judgement.truth.peers[index]) else {
        return true;
    };
    let one_port = peer.also.is_none_or(|it| it.port() == peer.address.port());
    !peer.client.habits().fresh_ids || one_port && peer.fate != Fate::FallsBack
}

/// Nobody is counted that did not download, and nobody twice that can be told.
fn nobody_is_counted_twice(judgement: &Judgement, least: usize) {
    assert!(judgement.truth.offences.is_empty());
    let (told, rest): (Vec<_>, Vec<_>) = judgement
        .wrong
        .iter()
        .partition(|it| !it.again || can_be_told(judgement, it));
    let peers = judgement.hits.iter().map(|hit| judgement.peer_of(hit));
    let two = peers.filter(|peer| peer.also.is_some()).count();
    println!(
        "of {two} with two addresses {} were counted twice, and {} that cannot be told",
        told.len(),
        rest.len()
    );
    assert!(told.is_empty(), "{told:?}");
    assert!(two >= least);
    assert!(overlooked(judgement) <= 1);
}

#[test]
fn two_addresses_are_one_peer() {
    in_virtual_time(async {
        let world = World::of(&two_faced(7)).await;
        world.run(HOUR).await;
        nobody_is_counted_twice(&world.judge(), 5);
    });
}

#[test]
fn two_addresses_are_one_peer_in_a_motley_crowd() {
    in_virtual_time(async {
        let mut scenario = motley(8);
        scenario.crowd.dual_stack = 0.2;
        let world = World::of(&scenario).await;
        world.run(HOUR).await;
        nobody_is_counted_twice(&world.judge(), 1);
    });
}

/// Who was counted before bta was stopped is met at its other address afterwards.
#[test]
fn two_addresses_are_one_peer_over_restarts() {
    in_virtual_time(async {
        let world = World::of(&two_faced(502)).await;
        for _ in 0..5 {
            world.run(11 * MINUTE).await;
            world.pass(MINUTE).await;
        }
        nobody_is_counted_twice(&world.judge(), 5);
    });
}

/// One client, one port, and half of them with two addresses.
#[test]
fn clients_that_look_alike_are_not_taken_for_one() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(201, 300, HOUR);
        let crowd = &mut scenario.crowd;
        (crowd.dual_stack, crowd.one_port) = (0.5, true);
        crowd.clients = vec![(Client::Qbittorrent, 1.0)];
        crowd.churn = Some(20 * MINUTE);
        let world = World::of(&scenario).await;
        world.run(HOUR).await;
        let judgement = world.judge();
        nobody_is_counted_twice(&judgement, 15);
        assert!(judgement.fair.percent() >= 70.0, "{}", judgement.fair);
    });
}
