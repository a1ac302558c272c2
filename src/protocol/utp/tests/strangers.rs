//! Who sends what it likes.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{START, Weather, World, address};
use crate::protocol::utp::limits::{CONNECTIONS, GIVE_UP, UNACKNOWLEDGED};
use crate::protocol::utp::packet::{Header, Kind, Packet};
use crate::protocol::utp::*;

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
fn who_never_acknowledges_one_packet_makes_us_keep_few_behind_it() {
    let mut endpoint = Endpoint::new(true, [1; 32]);
    intrude(&mut endpoint, 1, |told| told.wrapping_sub(1));
    let key = (address(1), 2);
    let mut header = Header {
        kind: Kind::State,
        connection: 2,
        timestamp_us: 1,
        difference_us: 0,
        window_bytes: 50_000,
        sequence: 9,
        acknowledged: 0,
    };
    let mut sent = std::collections::BTreeSet::new();
    for round in 0..1_000 {
        while let Ok(Some(_)) = endpoint.write(START, key, &[7; 2_000]) {}
        while let Some((_, bytes)) = endpoint.poll_transmit() {
            let sequence = Packet::parse(&bytes).unwrap().header.sequence;
            // The window grows as long as all is acknowledged.
            if round < 10 {
                header.acknowledged = sequence;
            } else {
                sent.insert(sequence);
            }
        }
        // Later all has come but one.
        endpoint.handle_input(START, address(1), &header.encode(&[0xff; 252], &[]));
    }
    assert!(sent.len() <= UNACKNOWLEDGED, "{}", sent.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
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
