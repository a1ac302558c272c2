//! Points in time on a command line.

use std::str::FromStr;
use std::time::Duration;

use super::{Unit, parse_span};
use crate::moment::Moment;

/// A point in time, as it is written on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This one.
    At(Moment),
    /// So long ago.
    Ago(Duration),
}

/// Neither a date nor a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time; write 2026-11-23T03:44:01Z, 2026-11-23, or a span such as '2h ago'")]
pub struct NotATime;

impl When {
    /// The point in time, seen from `now`.
    pub fn moment(self, now: Moment) -> Moment {
        match self {
            When::At(moment) => moment,
            When::Ago(span) => now - span,
        }
    }
}

impl FromStr for When {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        let midnight = format!("{text}T00:00:00Z");
        if let Ok(moment) = Moment::parse(text).or_else(|_| Moment::parse(&midnight)) {
            return Ok(When::At(moment));
        }
        let span = text.strip_suffix("ago").map_or(text, str::trim_end);
        if span.chars().all(|it| it.is_ascii_digit() || it == '.') {
            return Err(NotATime); // of which unit?
        }
        let span = parse_span(span, Unit::Seconds);
        span.map(When::Ago).map_err(|_| NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_spans() {
        let now = Moment::from_millis(1_795_405_441_250);
        let at = |text: &str| {
            text.parse::<When>()
                .map(|when| when.moment(now).to_string())
        };
        for (text, moment) in [
            ("2026-11-23T01:02:03Z", "2026-11-23T01:02:03.000Z"),
            ("2026-11-23 01:02:03", "2026-11-23T01:02:03.000Z"),
            ("2026-11-23", "2026-11-23T00:00:00.000Z"),
            ("2h", "2026-11-23T01:44:01.250Z"),
            ("2h ago", "2026-11-23T01:44:01.250Z"),
            ("1h30m ago", "2026-11-23T02:14:01.250Z"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(moment), "{text}");
        }
        for text in ["", "ago", "yesterday", "7", "2015", "2026-13-01"] {
            assert_eq!(at(text), Err(NotATime), "{text}");
        }
    }
}
