//! How many pieces a peer has at any time.

use std::time::Duration;

use crate::moment::Moment;

/// How pieces come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Downloaded and verified.
    Download,
    /// On disk all along, found by a check.
    Check,
    /// Lost: files were moved, or a check failed.
    Loss,
    /// Said, not had.
    Claim,
}

/// One stretch of a [`Curve`]: from one count to another, evenly.
#[derive(Clone, Copy, Debug)]
struct Leg {
    from: Moment,
    until: Moment,
    first: u32,
    last: u32,
    how: How,
}

impl Leg {
    fn held(&self, at: Moment) -> u32 {
        let span = self.until.since(self.from).as_millis() as u64;
        let passed = at.since(self.from).as_millis() as u64;
        if passed >= span {
            return self.last;
        }
        let step = u64::from(self.first.abs_diff(self.last)) * passed / span;
        if self.last >= self.first {
            self.first + step as u32
        } else {
            self.first - step as u32
        }
    }

    /// The first millisecond at which `pieces` are there, on a rising leg.
    fn reached(&self, pieces: u32) -> Option<Moment> {
        if pieces <= self.first || pieces > self.last {
            return None;
        }
        let span = self.until.since(self.from).as_millis() as u64;
        let gain = u64::from(self.last - self.first);
        let millis = (u64::from(pieces - self.first) * span).div_ceil(gain);
        Some(self.from + Duration::from_millis(millis))
    }
}

/// The pieces of one peer over its whole life, as a pure function of time.
#[derive(Clone, Debug)]
pub struct Curve {
    legs: Vec<Leg>,
}

impl Curve {
    /// `pieces` from `at` on (and before).
    pub fn starting(at: Moment, pieces: u32) -> Self {
        let leg = Leg {
            from: at,
            until: at,
            first: pieces,
            last: pieces,
            how: How::Check,
        };
        Curve { legs: vec![leg] }
    }

    /// Nothing changes for `span`.
    #[must_use]
    pub fn pause(self, span: Duration) -> Self {
        let (_, pieces) = self.end();
        self.leg(pieces, span, How::Check)
    }

    /// Comes to `pieces` within `span`.
    #[must_use]
    pub fn leg(mut self, pieces: u32, span: Duration, how: How) -> Self {
        let (from, first) = self.end();
        self.legs.push(Leg {
            from,
            until: from + span,
            first,
            last: pieces,
            how,
        });
        self
    }

    /// When the last change is over, and the pieces held then.
    pub fn end(&self) -> (Moment, u32) {
        self.legs
            .last()
            .map_or((Moment::EPOCH, 0), |leg| (leg.until, leg.last))
    }

    /// Pieces held at `at`.
    pub fn held(&self, at: Moment) -> u32 {
        match self.legs.iter().rev().find(|leg| leg.from <= at) {
            Some(leg) => leg.held(at),
            None => self.legs.first().map_or(0, |leg| leg.first),
        }
    }

    /// When it first came to `pieces` *by downloading*, from fewer.
    pub fn downloaded(&self, pieces: u32) -> Option<Moment> {
        let downloads = self.legs.iter().filter(|leg| leg.how == How::Download);
        downloads.into_iter().find_map(|leg| leg.reached(pieces))
    }

    /// The next moment after `after` at which the count may differ.
    pub fn next_change(&self, after: Moment) -> Option<Moment> {
        let leg = self
            .legs
            .iter()
            .find(|leg| leg.first != leg.last && (leg.until > after || leg.from > after))?;
        if leg.from > after || leg.last < leg.first {
            return Some(
                leg.until
                    .min(leg.from.max(after + Duration::from_millis(1))),
            );
        }
        leg.reached(leg.held(after) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn falls_and_rises() -> Curve {
        Curve::starting(at(1_000), 10)
            .pause(ms(500))
            .leg(100, ms(700), How::Download)
            .pause(ms(300))
            .leg(40, ms(0), How::Loss)
            .pause(ms(200))
            .leg(100, ms(333), How::Download)
    }

    #[test]
    fn reached_is_the_first_moment_at_which_the_count_holds() {
        let curve = falls_and_rises();
        for pieces in 11..=100 {
            let when = curve.downloaded(pieces).unwrap();
            assert!(curve.held(when) >= pieces);
            assert!(curve.held(when - ms(1)) < pieces);
        }
        assert_eq!(curve.downloaded(10), None);
        assert_eq!(curve.downloaded(101), None);
    }

    #[test]
    fn walking_its_changes_misses_none() {
        let curve = falls_and_rises();
        let mut now = at(0);
        let mut seen = vec![curve.held(now)];
        while let Some(next) = curve.next_change(now) {
            assert!(next > now, "{next} after {now}");
            for between in now.as_millis() + 1..next.as_millis() {
                assert_eq!(curve.held(at(between)), curve.held(now), "{between}");
            }
            now = next;
            seen.push(curve.held(now));
        }
        assert_eq!(now, curve.end().0);
        assert_eq!(seen.last(), Some(&100));
        assert!(seen.contains(&40));
    }

    #[test]
    fn only_downloads_count() {
        let curve =
            Curve::starting(at(0), 0)
                .leg(50, ms(10), How::Check)
                .leg(100, ms(0), How::Claim);
        assert_eq!(curve.downloaded(60), None);
        assert_eq!(curve.held(at(10)), 100);
    }
}
