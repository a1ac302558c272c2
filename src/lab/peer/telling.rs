//! What one connection is told of a peer's pieces, and when.

use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;

use super::Plan;
use super::client::{Haves, Opening};
use crate::lab::pace::Pace;
use crate::moment::Moment;
use crate::protocol::peer::{Bitfield, Message};

/// HAVE messages of this span travel together, as under Nagle's algorithm.
const TICK: Duration = Duration::from_millis(100);
/// A bitfield comes so long after the extension handshake, at most.
const PAUSE_MS: u64 = 300;
/// A super-seeder's third piece comes after this; a fourth never does, because
/// we pass nothing on.
const THIRD_REVEAL: Duration = Duration::from_secs(30);
/// Holes of a lazy bitfield, at most.
const HOLES: u32 = 24;

/// Pieces that came and went faster than they could be taken back: the client
/// was restarted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Restarted;

/// The pieces that one connection was told.
#[derive(Debug)]
pub(super) struct Telling {
    pace: Pace,
    rng: SmallRng,
    /// Whether both sides know the Fast extension.
    fast: bool,
    /// Whether the other side has sent a bitfield or its like.
    pub(super) heard_bitfield: bool,
    /// The number under which the other side takes `lt_donthave`.
    pub(super) donthave: Option<u8>,
    opened: bool,
    told: u32,
    /// Where in the order a super-seeder starts; others at 0.
    offset: usize,
    next: Moment,
    next_repeat: Option<Moment>,
}

impl Telling {
    /// Nothing is told yet.
    pub(super) fn new(plan: &Plan, pace: Pace, fast: bool, mut rng: SmallRng, now: Moment) -> Self {
        let habits = plan.client.habits();
        let pause = match habits.opening {
            Opening::BitfieldFirst => 0,
            _ => rng.random_range(0..=PAUSE_MS),
        };
        let offset = if plan.super_seeds(now) {
            rng.random_range(0..plan.order.len().max(4) - 3)
        } else {
            0
        };
        Telling {
            pace,
            rng,
            fast,
            heard_bitfield: false,
            donthave: None,
            opened: false,
            told: 0,
            offset,
            next: now + pace.of(Duration::from_millis(pause)),
            next_repeat: habits.repeats.map(|every| now + pace.of(every)),
        }
    }

    /// How many pieces the other side knows of; `None` before it was told.
    pub(super) fn told(&self) -> Option<u32> {
        self.opened.then_some(self.told)
    }

    /// Appends the messages that are due.
    pub(super) fn tell(
        &mut self,
        plan: &Plan,
        now: Moment,
        out: &mut Vec<u8>,
    ) -> Result<(), Restarted> {
        if now < self.next {
            return Ok(());
        }
        if plan.super_seeds(now) {
            self.reveal(plan, now, out);
            return Ok(());
        }
        let held = plan.curve.held(now);
        if !self.opened {
            self.open(plan, held, out);
            self.next = self.next_telling(plan, now);
            return Ok(());
        }
        if held < self.told {
            self.take_back(plan, held, out)?;
        }
        let habits = plan.client.habits();
        if self.next_repeat.is_some_and(|due| due <= now) && held < plan.torrent.pieces {
            self.next_repeat = habits.repeats.map(|every| now + self.pace.of(every));
            put_bitfield(plan, held, out);
            self.told = held;
        }
        if habits.haves != Haves::AfterBitfield || self.heard_bitfield {
            put_haves(plan, self.told, held, out);
            self.told = held;
        }
        self.next = self.next_telling(plan, now);
        Ok(())
    }

    /// When [`Self::tell`] has something to say next.
    pub(super) fn poll_timeout(&self) -> Moment {
        self.next
    }

    /// The other side has sent a bitfield: who waited for it may speak now.
    pub(super) fn hear_bitfield(&mut self, plan: &Plan, now: Moment) {
        let waited = plan.client.habits().haves == Haves::AfterBitfield;
        if waited && !self.heard_bitfield && self.opened {
            self.next = now;
        }
        self.heard_bitfield = true;
    }

    fn open(&mut self, plan: &Plan, held: u32, out: &mut Vec<u8>) {
        self.opened = true;
        let opening = plan.client.habits().opening;
        if held == 0 {
            if self.fast {
                Message::HaveNone.encode(out);
            }
        } else if opening == Opening::Lazy {
            let holes = self.rng.random_range(1..=HOLES).min(held - 1);
            let shown = held - holes;
            put_bitfield(plan, shown, out);
            // In one go with it: between two writes a busy machine may take so long that
            // the rest looks like news.
            put_haves(plan, shown, held, out);
            self.told = held;
        } else if held == plan.torrent.pieces && self.fast {
            self.told = held;
            Message::HaveAll.encode(out);
        } else {
            self.told = held;
            put_bitfield(plan, held, out);
            if opening == Opening::Twice {
                put_bitfield(plan, held, out);
            }
        }
    }

    fn reveal(&mut self, plan: &Plan, now: Moment, out: &mut Vec<u8>) {
        if !self.opened && self.fast {
            Message::HaveNone.encode(out);
        }
        let (revealed, next) = match (self.opened, self.told) {
            (false, _) => (2, now + self.pace.of(THIRD_REVEAL)),
            _ => (3, now + Duration::from_secs(24 * 3600)),
        };
        self.opened = true;
        let order = plan.order.iter().skip(self.offset);
        for &piece in order.take(revealed as usize).skip(self.told as usize) {
            Message::Have(piece).encode(out);
            self.told += 1;
        }
        self.next = next;
    }

    fn take_back(&mut self, plan: &Plan, held: u32, out: &mut Vec<u8>) -> Result<(), Restarted> {
        let id = self.donthave.ok_or(Restarted)?;
        for piece in &plan.order[held as usize..self.told as usize] {
            let payload = &piece.to_be_bytes();
            Message::Extended { id, payload }.encode(out);
        }
        self.told = held;
        Ok(())
    }

    fn next_telling(&mut self, plan: &Plan, now: Moment) -> Moment {
        let never = now + Duration::from_secs(24 * 3600);
        match plan.client.habits().haves {
            Haves::Batched(least, most) => {
                let part = self.rng.random::<f64>();
                now + self.pace.of(least + (most - least).mul_f64(part))
            }
            Haves::AfterBitfield if !self.heard_bitfield => never,
            Haves::AtOnce | Haves::AfterBitfield => {
                let tick = now + self.pace.of(TICK);
                if self.told < plan.curve.held(now) {
                    return tick;
                }
                let change = plan.curve.next_change(now).unwrap_or(never);
                self.next_repeat.unwrap_or(never).min(change).max(tick)
            }
        }
    }
}

/// What comes between two counts.
fn put_haves(plan: &Plan, from: u32, until: u32, out: &mut Vec<u8>) {
    for &piece in &plan.order[from as usize..until as usize] {
        Message::Have(piece).encode(out);
    }
}

fn put_bitfield(plan: &Plan, held: u32, out: &mut Vec<u8>) {
    let mut bits = Bitfield::empty(plan.torrent.pieces);
    for &piece in &plan.order[..held as usize] {
        bits.set(piece);
    }
    Message::Bitfield(bits.as_wire()).encode(out);
}
