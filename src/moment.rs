//! What a point in time is, for every room of the house.
//!
//! Pure code never reads a clock: it is handed a [`Moment`]. Only
//! [`crate::clock`] makes them from the machine's clocks.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// Within one run moments never go backwards (see [`crate::clock::Clock`]), so
/// the same value serves as a timer's deadline and as the date in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(
    /// One more than the milliseconds: sessions and peers are many, and an
    /// `Option<Moment>` takes no more room than a Moment.
    NonZeroU64,
);

impl Moment {
    /// The Unix epoch itself.
    pub const EPOCH: Moment = Moment(NonZeroU64::MIN);

    /// From milliseconds since the epoch. The last one that there is, is one before
    /// `u64::MAX`.
    pub const fn from_millis(millis: u64) -> Self {
        Moment(NonZeroU64::MIN.saturating_add(millis))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// Whole hours since the epoch: the bucket of hourly counters.
    pub const fn hour(self) -> u32 {
        (self.as_millis() / 3_600_000) as u32
    }

    /// Time passed since `earlier`; zero if `earlier` lies ahead.
    pub const fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// The same point in time as the standard library writes it.
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.as_millis())
    }

    /// Reads RFC 3339, `T` or space between date and time, `Z` optional.
    ///
    /// # Errors
    /// The text is no such date, or lies before 1970.
    pub fn parse(text: &str) -> Result<Self, humantime::TimestampError> {
        let time = humantime::parse_rfc3339_weak(text)?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Moment::from_millis(since.as_millis() as u64))
    }
}

impl Default for Moment {
    fn default() -> Self {
        Moment::EPOCH
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moment").field(&self.as_millis()).finish()
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, span: Duration) -> Moment {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Moment(self.0.saturating_add(millis))
    }
}

impl Sub<Duration> for Moment {
    type Output = Moment;

    fn sub(self, span: Duration) -> Moment {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Moment::from_millis(self.as_millis().saturating_sub(millis))
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-23T03:44:01.250Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // humantime refuses years past 9999; such a moment is "never".
        const LAST: u64 = 253_402_300_799_999;
        let time = Moment::from_millis(self.as_millis().min(LAST)).to_system_time();
        write!(f, "{}", humantime::format_rfc3339_millis(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_rfc3339() {
        let moment = Moment::from_millis(1_795_405_441_250);
        let text = moment.to_string();
        assert_eq!(text, "2026-11-23T03:44:01.250Z");
        assert_eq!(Moment::parse(&text).unwrap(), moment);
        assert!(Moment::parse("yesterday").is_err());
    }

    #[test]
    fn never_wraps() {
        let late = Moment::from_millis(u64::MAX) + Duration::MAX;
        assert!(late.to_string().starts_with("9999-12-31"));
        assert_eq!(Moment::EPOCH - Duration::from_secs(1), Moment::EPOCH);
        assert_eq!(Moment::EPOCH.since(late), Duration::ZERO);
        assert_eq!(Moment::from_millis(u64::MAX).as_millis(), u64::MAX - 1);
        assert_eq!(size_of::<Option<Moment>>(), size_of::<Moment>());
    }
}
