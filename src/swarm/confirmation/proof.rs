//! Whether a peer can be told from a super-seeder (BEP 16).

use crate::swarm::progress::{Few, Seen, Showing};

/// What all sessions of a peer have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Proof {
    /// Nothing yet.
    #[default]
    Open = 0,
    /// One to three pieces, each by a single HAVE: a jump from there is unproven.
    Revealed = 1,
    /// No piece for longer than a super-seeder waits to reveal one.
    Empty = 2,
    /// More pieces below the threshold than a super-seeder reveals.
    Honest = 3,
    /// Other pieces in another session: a known super-seeder.
    SuperSeeder = 4,
}

impl Proof {
    /// The number in the store, below 16.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the number in the store; an unknown one proves nothing.
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Proof::Revealed,
            2 => Proof::Empty,
            3 => Proof::Honest,
            4 => Proof::SuperSeeder,
            _ => Proof::Open,
        }
    }

    /// Whether a rise of such a peer is a download.
    pub const fn downloads(self) -> bool {
        matches!(self, Proof::Empty | Proof::Honest)
    }

    /// With what one more session shows, `revealed` being the pieces that single
    /// HAVE messages had revealed before.
    ///
    /// Only pieces that a super-seeder would not show clear its name; emptiness
    /// helps a peer only that has revealed nothing before.
    #[must_use]
    pub(super) fn with(self, seen: &Seen, revealed: &Few) -> Self {
        match (self, seen.showing) {
            (_, Showing::Honest) | (Proof::Honest, _) => Proof::Honest,
            (Proof::SuperSeeder, _) => Proof::SuperSeeder,
            _ if revealed.differs_from(&seen.revealed) => Proof::SuperSeeder,
            (Proof::Open, Showing::Revealed) => Proof::Revealed,
            (Proof::Open, Showing::Empty) => Proof::Empty,
            (proof, _) => proof,
        }
    }
}
