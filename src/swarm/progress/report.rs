//! What a session's progress says: little, and only when it matters.

use crate::moment::Moment;
use crate::swarm::facts::Observation;

/// What the book should learn of a session's peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The session's first settled observation.
    Settled(Seen),
    /// A provisional 0 (see [`Seen::provisional`]) was wrong: this is the session's
    /// first observation.
    Replaced(Seen),
    /// Progress at a coarse step, or something newly known at the same count: that
    /// a provisional 0 was right, that the peer is an honest one.
    Step(Seen),
    /// The threshold was reached within the session.
    Crossed(Crossing),
    /// Pieces were lost: a new check, moved files, a restart.
    FellBack(Seen),
    /// Below the threshold, and wants no more.
    PartialSeed(Seen),
}

/// A settled observation and what it tells of the peer's honesty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was last known to be true: the message, or the end of the silence,
    /// that told it.
    pub at: Moment,
    /// Pieces held.
    pub pieces: u32,
    /// A keyed sum over the numbers of the pieces held; 0 for a set that tells
    /// nobody apart: none, all, what is downloaded in order.
    pub set_sum: u64,
    /// What the session has shown so far.
    pub showing: Showing,
    /// The first pieces that single HAVE messages revealed.
    pub revealed: Few,
    /// Known by silence alone: no evidence of a later download, until HAVE messages
    /// uphold it.
    pub provisional: bool,
    /// Somewhere in this session pieces were gained faster than any line can carry.
    pub implausible: bool,
    /// The client holds HAVE messages back for long (rTorrent).
    pub holds_back: bool,
}

impl Seen {
    /// Only time and count.
    pub fn observation(&self) -> Observation {
        let (at, pieces) = (self.at, self.pieces);
        Observation { at, pieces }
    }
}

/// A rise to the threshold within one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The last observation below the threshold.
    pub from: Observation,
    /// The first one at or above it; what it shows was shown before the crossing.
    pub seen: Seen,
    /// The HAVE messages up to it read like the report of a disk check.
    pub checking: bool,
}

/// What a session has shown that a super-seeder (BEP 16) would not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Showing {
    /// No piece, and not for long.
    #[default]
    Nothing,
    /// At most three pieces, each revealed by a single HAVE after nothing or
    /// HAVE_NONE: a leecher that has just begun, or a super-seeder.
    Revealed,
    /// No piece for longer than a super-seeder waits to reveal one.
    Empty,
    /// More pieces below the threshold than a super-seeder reveals, or a bitfield.
    Honest,
}

/// Up to three piece numbers, in the order of their arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Few {
    pieces: [u32; Few::MOST],
    count: u8,
}

impl Few {
    /// More than this is no longer "few".
    pub const MOST: usize = 3;

    /// The piece numbers.
    pub fn as_slice(&self) -> &[u32] {
        &self.pieces[..usize::from(self.count)]
    }

    /// Adds a piece number; one that is there, or one too many, is left out.
    pub fn push(&mut self, piece: u32) {
        let full = usize::from(self.count) == Self::MOST;
        if !full && !self.as_slice().contains(&piece) {
            self.pieces[usize::from(self.count)] = piece;
            self.count += 1;
        }
    }

    /// Whether each of the two holds a piece that the other lacks.
    pub fn differs_from(&self, other: &Few) -> bool {
        let lacks = |a: &Few, b: &Few| a.as_slice().iter().any(|it| !b.as_slice().contains(it));
        lacks(self, other) && lacks(other, self)
    }

    /// With those of `other` that fit in.
    #[must_use]
    pub fn joined(mut self, other: &Few) -> Few {
        other.as_slice().iter().for_each(|piece| self.push(*piece));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn few(pieces: &[u32]) -> Few {
        let mut few = Few::default();
        pieces.iter().for_each(|piece| few.push(*piece));
        few
    }

    #[test]
    fn keeps_the_first_three() {
        assert_eq!(few(&[7, 7, 3, 9, 1]).as_slice(), [7, 3, 9]);
    }

    #[test]
    fn grown_sets_do_not_differ() {
        assert!(!few(&[7]).differs_from(&few(&[7, 3])));
        assert!(!few(&[]).differs_from(&few(&[7])));
        assert!(few(&[7, 5]).differs_from(&few(&[7, 3])));
    }
}
