//! Behaviour of metadata exchange.

use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::moment::Moment;
use crate::protocol::info_hash::{InfoHash, InfoHashV2, InfoHashes};

const PIECE: usize = limits::METADATA_PIECE_BYTES as usize;

fn at(seconds: u64) -> Moment {
    Moment::from_millis(0) + Duration::from_secs(seconds)
}

/// An info dictionary of three pieces, the last one short.
fn info() -> Vec<u8> {
    (0..2 * PIECE + 100)
        .map(|byte| (byte % 251) as u8)
        .collect()
}

/// A fetch, and peers that serve it.
struct World {
    fetch: Fetch<u16>,
    info: Vec<u8>,
    asked: Vec<(u16, u32)>,
}

impl World {
    /// So many peers offer it, each at a host of its own.
    fn of(peers: u16) -> World {
        let info = info();
        let mut world = World {
            fetch: Fetch::new(InfoHash::of_info(&info)),
            info,
            asked: Vec::new(),
        };
        for peer in 0..peers {
            world.offer(peer, 2 * PIECE + 100);
        }
        world
    }

    fn offer(&mut self, peer: u16, len: usize) {
        let endpoint = SocketAddr::from(([192, 0, 2, peer as u8], 1000 + peer));
        self.fetch.offer(at(0), peer, endpoint, len as u32);
    }

    /// All that is asked for now.
    fn poll(&mut self, now: Moment) -> Vec<(u16, u32)> {
        let mut requests = Vec::new();
        while let Some(request) = self.fetch.poll_request(now) {
            requests.push(request);
            assert!(requests.len() < 1000, "it ends");
        }
        self.asked.extend(&requests);
        requests
    }

    /// A peer answers as an honest one does.
    fn answer(&mut self, (peer, piece): (u16, u32)) -> Option<Vec<u8>> {
        let begin = piece as usize * PIECE;
        let end = self.info.len().min(begin + PIECE);
        // Nothing, to who asks for what is not there.
        let bytes = self.info.get(begin..end).unwrap_or_default().to_vec();
        let total = self.info.len() as u32;
        self.fetch.data(peer, piece, total, bytes)
    }

    /// Answers go to and fro until it is there, at most 30 times; who is in `liars`
    /// gives zeros.
    fn run(&mut self, now: Moment, liars: &[u16]) -> Option<Vec<u8>> {
        for _ in 0..30 {
            for (peer, piece) in self.poll(now) {
                let lie = self.info.clone();
                if liars.contains(&peer) {
                    self.info.fill(0);
                }
                let whole = self.answer((peer, piece));
                self.info = lie;
                if whole.is_some() {
                    return whole;
                }
            }
        }
        None
    }
}

#[test]
fn every_hash_that_is_known_is_checked() {
    let (v1, v2) = (InfoHash::of_info(&info()), InfoHashV2::of_info(&info()));
    let hybrid = |first, v2| InfoHashes {
        first,
        v2: Some(v2),
    };
    for (hashes, right) in [
        (InfoHashes::from(v2), true),
        (hybrid(v1, v2), true),
        (InfoHashes::from(InfoHashV2([7; 32])), false),
        (hybrid(v1, InfoHashV2([7; 32])), false),
        (hybrid(InfoHash([7; 20]), v2), false),
    ] {
        let mut world = World::of(0);
        world.fetch = Fetch::new(hashes);
        world.offer(1, 2 * PIECE + 100);
        assert_eq!(world.run(at(0), &[]).is_some(), right, "{hashes:?}");
    }
}

#[test]
fn says_what_bep_9_shows() {
    let request = MetadataMessage::Request(0);
    assert_eq!(request.encode(), b"d8:msg_typei0e5:piecei0ee");
    let reject = MetadataMessage::Reject(0);
    assert_eq!(reject.encode(), b"d8:msg_typei2e5:piecei0ee");
    let data = MetadataMessage::Data {
        piece: 0,
        total_bytes: 34256,
        bytes: b"xxx".to_vec(),
    };
    let wire = b"d8:msg_typei1e5:piecei0e10:total_sizei34256eexxx";
    assert_eq!(data.encode(), wire);
    for message in [request, reject, data] {
        assert_eq!(MetadataMessage::decode(&message.encode()), Some(message));
    }
    for wire in [
        &b""[..],
        b"de",
        b"d8:msg_typei3e5:piecei0ee",
        b"d8:msg_typei0e5:piecei-1ee",
        b"d8:msg_typei1e5:piecei0ee",
        b"d8:msg_typei1e5:piecei0e10:total_sizei-1eex",
    ] {
        assert_eq!(MetadataMessage::decode(wire), None);
    }
}

#[test]
fn asks_several_peers_at_once_and_takes_answers_in_any_order() {
    let mut world = World::of(3);
    let mut asked = world.poll(at(0));
    assert_eq!(asked, [(0, 0), (1, 1), (2, 2)]);
    asked.reverse();
    assert_eq!(world.answer(asked[0]), None);
    assert_eq!(world.answer(asked[0]), None, "given twice");
    assert_eq!(world.answer(asked[1]), None);
    assert_eq!(world.answer(asked[2]), Some(info()));
    // One peer does as well.
    let mut lone = World::of(1);
    assert_eq!(lone.poll(at(0)), [(0, 0)], "one at a time");
    assert_eq!(World::of(1).run(at(0), &[]), Some(info()));
}

#[test]
fn finds_out_who_lies_and_asks_no_liar_again() {
    let mut world = World::of(4);
    assert_eq!(world.run(at(0), &[0, 1]), Some(info()));
    // Together, then alone: each liar lost its one attempt.
    let from = |peer| world.asked.iter().filter(|it| it.0 == peer).count();
    assert_eq!((from(0), from(1)), (1 + 3, 1 + 3));
    let mut liar = World::of(1);
    assert_eq!(liar.run(at(0), &[0]), None);
    assert_eq!(liar.asked.len(), 3);
    liar.fetch.gone(0);
    liar.offer(0, 2 * PIECE + 100);
    assert_eq!(liar.poll(at(9_000)), [], "it comes back");
    liar.offer(1, 2 * PIECE + 100);
    assert_eq!(liar.run(at(9_000), &[]), Some(info()));
}

#[test]
fn a_wrong_length_is_a_lie() {
    for (total, len) in [(PIECE, PIECE), (2 * PIECE + 100, 5), (2 * PIECE + 100, 0)] {
        let mut world = World::of(1);
        let (peer, piece) = world.poll(at(0))[0];
        let answer = world.fetch.data(peer, piece, total as u32, vec![1; len]);
        assert_eq!(answer, None);
        assert_eq!(world.poll(at(100)), [], "it is asked no more");
    }
}

#[test]
fn a_length_that_most_name_is_tried_first_and_the_others_in_time() {
    let mut world = World::of(1);
    world.offer(7, 10 * PIECE);
    world.offer(8, 10 * PIECE);
    let wrong = world.poll(at(0));
    assert!(
        wrong.iter().all(|it| it.0 > 6) && wrong.len() == 2,
        "{wrong:?}"
    );
    // They never answer.
    assert_eq!(world.poll(at(14)), []);
    assert_eq!(world.run(at(15), &[]), Some(info()));
}

#[test]
fn takes_no_length_beyond_the_bounds() {
    for len in [0, limits::METADATA_BYTES as usize + 1, u32::MAX as usize] {
        let mut world = World::of(0);
        world.offer(1, len);
        assert_eq!(world.poll(at(0)), []);
    }
    let mut world = World::of(0);
    world.offer(1, limits::METADATA_BYTES as usize);
    assert_eq!(world.poll(at(0)), [(1, 0)]);
}

#[test]
fn who_refuses_or_is_silent_rests_for_a_minute() {
    let mut world = World::of(1);
    assert_eq!(world.poll(at(0)), [(0, 0)]);
    world.fetch.reject(at(1), 0, 9);
    assert_eq!(world.poll(at(1)), [], "it was not asked for that");
    world.fetch.reject(at(1), 0, 0);
    assert_eq!(world.poll(at(60)), []);
    assert_eq!(world.poll(at(61)), [(0, 0)]);
    assert_eq!(world.poll(at(76)), [], "it does not answer");
    assert_eq!(world.run(at(136), &[]), Some(info()));
}

#[test]
fn passes_over_what_was_not_asked_for() {
    let mut world = World::of(1);
    assert_eq!(world.answer((0, 0)), None);
    assert_eq!(world.answer((9, 0)), None);
    world.fetch.gone(9);
    assert_eq!(world.run(at(0), &[]), Some(info()));
}

#[test]
fn a_piece_of_who_left_stays() {
    let mut world = World::of(2);
    let asked = world.poll(at(0));
    assert_eq!(asked, [(0, 0), (1, 1)]);
    assert_eq!(world.answer(asked[0]), None);
    world.fetch.gone(0);
    assert_eq!(world.answer(asked[1]), None);
    assert_eq!(world.poll(at(0)), [(1, 2)]);
    assert_eq!(world.answer((1, 2)), Some(info()));
}

proptest! {
    #[test]
    fn messages_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
        let _ = MetadataMessage::decode(&bytes);
    }

    #[test]
    fn an_honest_peer_is_enough_whatever_the_others_do(
        steps in proptest::collection::vec((0..6u8, 0..5u16, 0..5u32, 0..70_000u32), 0..80),
    ) {
        let mut world = World::of(3);
        let mut now = 0;
        for (step, peer, piece, number) in steps {
            match step {
                0 => world.offer(peer, number as usize),
                1 => world.fetch.gone(peer),
                2 => world.fetch.reject(at(now), peer, piece),
                3 => {
                    let bytes = vec![3; number as usize % (PIECE + 2)];
                    let lie = world.fetch.data(peer, piece, number, bytes);
                    prop_assert_eq!(lie, None);
                }
                4 => drop(world.poll(at(now))),
                _ => now += u64::from(number % 100),
            }
        }
        world.offer(99, 2 * PIECE + 100);
        let mut found = None;
        for round in 0..20 {
            found = found.or(world.run(at(now + round * 60), &[0, 1, 2, 3, 4]));
        }
        prop_assert_eq!(found, Some(info()));
    }
}
