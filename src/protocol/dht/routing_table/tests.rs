use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::*;

const T0: Moment = Moment::from_millis(1_000_000);
const OWN: NodeId = NodeId([0; 20]);

/// A node in a lab, where any name suits, that shares `bits` with us.
fn contact(bits: usize, number: u32) -> Contact {
    let mut rng = SmallRng::seed_from_u64(number.into());
    Contact {
        id: OWN.random_at(bits, &mut rng),
        address: SocketAddr::from(((0x0a00_0000 + number).to_be_bytes(), 6881)),
    }
}

/// The same at large, where it does not suit its address.
fn chosen(bits: usize, number: u32) -> Contact {
    Contact {
        address: SocketAddr::from(((0x0b00_0000 + number).to_be_bytes(), 6881)),
        ..contact(bits, number)
    }
}

#[test]
fn holds_so_many_a_bucket() {
    let mut table = RoutingTable::new(OWN);
    for number in 0..500 {
        table.answered(T0, contact(20, number));
        table.answered(T0, contact(0, 1_000 + number));
    }
    assert_eq!(table.len(), limits::K + limits::FAR_BUCKETS[0]);
    let ourselves = Contact {
        id: OWN,
        ..contact(0, 9)
    };
    table.answered(T0, ourselves);
    assert!(!table.sound().any(|it| it.id == OWN));
}

#[test]
fn who_fails_gives_way_to_who_waits() {
    let mut table = RoutingTable::new(OWN);
    for number in 0..20 {
        table.answered(T0, contact(20, number));
    }
    let first = contact(20, 0);
    table.failed(first.address);
    assert_eq!(table.len(), limits::K);
    assert!(!table.sound().any(|it| it == first));
    table.failed(first.address);
    assert_eq!(table.sound().count(), limits::K, "the heir took its place");
    assert!(table.sound().any(|it| it == contact(20, 19)));
}

#[test]
fn a_chosen_name_gives_way_to_one_that_suits() {
    let mut table = RoutingTable::new(OWN);
    for number in 0..20 {
        table.answered(T0, chosen(20, number));
    }
    let honest = contact(20, 100);
    table.answered(T0, honest);
    assert!(table.sound().any(|it| it == honest));
    assert_eq!(table.len(), limits::K);
}

#[test]
fn an_outage_of_our_own_does_not_empty_it() {
    let mut table = RoutingTable::new(OWN);
    let node = contact(3, 1);
    table.answered(T0, node);
    for _ in 1..limits::FAILURES_ALONE {
        table.failed(node.address);
    }
    assert_eq!((table.len(), table.sound().count()), (1, 0));
    table.answered(T0, node);
    assert_eq!(table.sound().count(), 1);
    for _ in 0..limits::FAILURES_ALONE {
        table.failed(node.address);
    }
    assert!(table.is_empty());
}

#[test]
fn one_host_is_one_node() {
    let mut table = RoutingTable::new(OWN);
    for bits in 0..100 {
        let address = SocketAddr::from(([11, 0, 0, 1], 1_000 + bits as u16));
        let id = contact(bits, bits as u32).id;
        table.answered(T0, Contact { id, address });
    }
    assert_eq!(table.len(), 1);
}

#[test]
fn nobody_takes_the_name_of_another_while_it_answers() {
    let mut table = RoutingTable::new(OWN);
    let honest = contact(5, 1);
    let thief = Contact {
        id: honest.id,
        ..contact(5, 2)
    };
    table.answered(T0, honest);
    table.answered(T0, thief);
    assert_eq!(table.closest(honest.id, 9), [honest]);
    table.failed(honest.address);
    table.answered(T0, thief);
    assert_eq!(table.closest(honest.id, 9), [thief]);
}

#[test]
fn questionable_nodes_are_named_in_turn() {
    let mut table = RoutingTable::new(OWN);
    let (old, new) = (contact(5, 1), contact(6, 2));
    table.answered(T0, old);
    table.answered(T0 + Duration::from_secs(60), new);
    let late = T0 + limits::FRESH;
    assert_eq!(table.next_questionable(late), Some(old));
    assert_eq!(table.next_questionable(late), None);
    table.heard(late, old);
    let later = late + Duration::from_secs(60);
    assert_eq!(table.next_questionable(later), Some(new));
    assert_eq!(table.next_questionable(later), None);
}

#[test]
fn stale_buckets_are_refreshed_once() {
    let mut rng = SmallRng::seed_from_u64(1);
    let mut table = RoutingTable::new(OWN);
    assert_eq!(table.next_refresh(T0, &mut rng), None);
    table.answered(T0, contact(2, 1));
    let late = T0 + limits::FRESH;
    let targets = (0..9).filter_map(|_| table.next_refresh(late, &mut rng));
    let shared = targets.map(|it| OWN.distance(it).shared_bits());
    assert_eq!(shared.collect::<HashSet<_>>(), HashSet::from([0, 1, 2]));
}

proptest! {
    #[test]
    fn names_the_closest(
        bits in proptest::collection::vec(0..160usize, 0..60), shared in 0..=160usize, seed: u64,
    ) {
        let mut table = RoutingTable::new(OWN);
        for (number, bits) in bits.iter().enumerate() {
            table.answered(T0, contact(*bits, number as u32));
        }
        let target = match shared {
            160 => OWN,
            _ => OWN.random_at(shared, &mut SmallRng::seed_from_u64(seed)),
        };
        let closest = table.closest(target, 8);
        let mut all: Vec<_> = table.sound().collect();
        all.sort_by_key(|it| target.distance(it.id));
        all.truncate(8);
        prop_assert_eq!(closest, all);
    }
}
