//! How much faster than life a lab runs.

use std::time::Duration;

/// The divisor of every duration that a real client would keep: at pace 10 a
/// client that hangs up after 31 s does so after 3.1 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(u32);

impl Pace {
    /// As in life.
    pub const REAL: Pace = Pace(1);

    /// `divisor` times faster; 0 is taken as 1.
    pub const fn faster(divisor: u32) -> Self {
        Pace(if divisor == 0 { 1 } else { divisor })
    }

    /// The divisor.
    pub const fn divisor(self) -> u32 {
        self.0
    }

    /// A duration of real life at this pace.
    pub fn of(self, real: Duration) -> Duration {
        real / self.0
    }
}
