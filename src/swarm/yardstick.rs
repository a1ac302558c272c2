//! What progress is measured by: a torrent's pieces, their length, the threshold.

use std::time::Duration;

use super::facts::{Observation, threshold_pieces};
use super::pace::Pace;

/// The measures of one torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yardstick {
    /// Pieces in total.
    pub pieces: u32,
    /// T: with so many pieces a download is confirmed.
    pub threshold: u32,
    /// Bytes of a piece, on average.
    pub piece_length: u64,
}

impl Yardstick {
    /// A torrent shorter than this is no ground to suspect super-seeding: a few
    /// pieces revealed are soon most of it.
    pub const REVEALING_PIECES: u32 = 8;

    /// Those of a torrent whose metadata is not there yet: nothing reaches its threshold.
    pub const UNKNOWN: Yardstick = Yardstick {
        pieces: 0,
        threshold: u32::MAX,
        piece_length: 0,
    };

    /// The measures at a threshold of `permille` thousandths.
    pub fn new(pieces: u32, piece_length: u64, permille: u16) -> Self {
        Yardstick {
            pieces,
            threshold: threshold_pieces(permille, pieces),
            piece_length,
        }
    }

    /// Whether there is anything to measure by.
    pub fn is_known(&self) -> bool {
        self.pieces > 0
    }

    /// Whether so many pieces confirm a download.
    pub fn reached(&self, pieces: u32) -> bool {
        pieces >= self.threshold
    }

    /// Whether super-seeding can be told from a leecher in this torrent.
    pub fn can_reveal(&self) -> bool {
        self.pieces > Self::REVEALING_PIECES
    }

    /// Bytes a second from `earlier` to `later`, the time between them taken as at
    /// least `least`. A loss is 0.
    pub fn bytes_per_s(&self, earlier: Observation, later: Observation, least: Duration) -> u64 {
        let gained = u128::from(later.pieces.saturating_sub(earlier.pieces));
        let millis = later.at.since(earlier.at).max(least).as_millis().max(1);
        let speed = gained * u128::from(self.piece_length) * 1000 / millis;
        u64::try_from(speed).unwrap_or(u64::MAX)
    }

    /// Whether no line is fast enough to download what was gained from `earlier`
    /// to `later`.
    pub fn implausible(&self, earlier: Observation, later: Observation, holds_back: bool) -> bool {
        let window = Pace::plausible_window(holds_back);
        self.bytes_per_s(earlier, later, window) > Pace::PLAUSIBLE_BYTES_PER_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Moment;

    fn seen(millis: u64, pieces: u32) -> Observation {
        let at = Moment::from_millis(millis);
        Observation { at, pieces }
    }

    #[test]
    fn a_gain_is_spread_over_at_least_the_window() {
        // 1.25 GB/s × 15 s = 18.75 GB.
        let yardstick = Yardstick::new(1_000, 100_000_000, 980);
        assert!(!yardstick.implausible(seen(0, 10), seen(1, 197), false));
        assert!(yardstick.implausible(seen(0, 10), seen(1, 198), false));
        assert!(!yardstick.implausible(seen(0, 10), seen(16_000, 198), false));
        // rTorrent held them back: six times as much is believed.
        assert!(!yardstick.implausible(seen(0, 10), seen(1, 198), true));
        assert!(yardstick.implausible(seen(0, 0), seen(1, 1_000), false));
        assert!(!yardstick.implausible(seen(0, 0), seen(1, 1_000), true));
    }

    #[test]
    fn a_loss_has_no_speed() {
        let yardstick = Yardstick::new(u32::MAX, u64::MAX, 980);
        let second = Duration::from_secs(1);
        assert_eq!(yardstick.bytes_per_s(seen(0, 5), seen(9, 4), second), 0);
        let speed = yardstick.bytes_per_s(seen(0, 0), seen(9, u32::MAX), second);
        assert_eq!(speed, u64::MAX);
    }
}
