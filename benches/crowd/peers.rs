//! Who is in the crowd: what each holds, and what it says.

use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::Plan;

/// Extension protocol, and Fast.
const RESERVED: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0x04];

const HELLO: &[u8] =
    b"\x14\0d1:md11:lt_donthavei7e10:share_modei8ee4:reqqi500e1:v17:libtorrent/2.0.11e";

/// Length of a HAVE message as it is sent.
pub(super) const HAVE_BYTES: usize = 9;

/// One of the crowd.
pub(super) struct Peer {
    /// The pieces in the order in which it comes to hold them: a set of its own, and
    /// nowhere ascending, as of somebody who downloads.
    order: Box<[u16]>,
    /// How many of them it holds.
    pub(super) held: u16,
    held_at_first: u16,
    /// When its HAVE of the threshold was sent; 0: not yet.
    pub(super) crossed_ns: u64,
    /// Its youngest connection.
    pub(super) connection: Option<usize>,
    pub(super) visited: bool,
}

impl Peer {
    pub(super) fn all(plan: &Plan) -> Vec<Peer> {
        let mut rng = SmallRng::seed_from_u64(plan.seed);
        let peer = |_| {
            let mut order: Box<[u16]> = (0..plan.pieces).collect();
            order.shuffle(&mut rng);
            let held = match rng.random_range(0..1000) < plan.seeds_permille {
                true => plan.pieces,
                false => rng.random_range(plan.held.0..=plan.held.1),
            };
            Peer {
                order,
                held,
                held_at_first: held,
                crossed_ns: 0,
                connection: None,
                visited: false,
            }
        };
        (0..plan.peers).map(peer).collect()
    }

    pub(super) fn begin_anew(&mut self) {
        self.held = self.held_at_first;
        self.crossed_ns = 0;
        self.visited = false;
    }

    /// Handshake, extension handshake, and what it holds.
    pub(super) fn greet(&self, number: usize, info_hash: InfoHash, out: &mut Vec<u8>) {
        out.push(19);
        out.extend_from_slice(b"BitTorrent protocol");
        out.extend_from_slice(&RESERVED);
        out.extend_from_slice(&info_hash.0);
        out.extend_from_slice(&peer_id(number));
        frame(HELLO, out);
        let pieces = self.order.len();
        match usize::from(self.held) {
            0 => frame(b"\x0f", out),
            held if held == pieces => frame(b"\x0e", out),
            held => {
                let mut bitfield = vec![0; 1 + pieces.div_ceil(8)];
                bitfield[0] = 5;
                for piece in &self.order[..held] {
                    bitfield[1 + usize::from(piece / 8)] |= 0x80 >> (piece % 8);
                }
                frame(&bitfield, out);
            }
        }
    }

    /// Its next HAVE messages, at most so many, without coming to hold more than
    /// `most`. Answers how many these are.
    pub(super) fn have(&mut self, messages: u16, most: u16, out: &mut Vec<u8>) -> u16 {
        let messages = messages.min(most.saturating_sub(self.held));
        let next = usize::from(self.held)..usize::from(self.held + messages);
        for piece in &self.order[next] {
            out.extend_from_slice(b"\0\0\0\x05\x04\0\0");
            out.extend_from_slice(&piece.to_be_bytes());
        }
        self.held += messages;
        messages
    }
}

/// Of the peer with this number.
pub(crate) fn peer_id(number: usize) -> [u8; 20] {
    let mut id = *b"-LT20B0-crowd.......";
    id[13..].copy_from_slice(format!("{number:07}").as_bytes());
    id
}

fn frame(body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
}
