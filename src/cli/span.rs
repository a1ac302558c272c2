//! Spans of time as people write them: `30s`, `5m`, `1h30m`, or a bare number in
//! the option's own unit.

use std::time::Duration;

/// What a bare number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

/// Not a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a span of time; write a number of {}, or such as 90s, 5m, 1h30m, 2d", self.unit_name())]
pub struct SpanError(Unit);

impl SpanError {
    fn unit_name(self) -> &'static str {
        match self.0 {
            Unit::Seconds => "seconds",
            Unit::Minutes => "minutes",
        }
    }
}

/// Longest span that can be written: beyond it a number is a slip.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Reads a span: numbers, decimal ones too, each followed by `ms`, `s`, `m` or
/// `min`, `h`, `d`; or one bare number.
///
/// # Errors
/// Anything else, or more than ten years.
pub fn parse_span(text: &str, unit: Unit) -> Result<Duration, SpanError> {
    let error = SpanError(unit);
    let bare = match unit {
        Unit::Seconds => "s",
        Unit::Minutes => "m",
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(error);
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, behind) = split_at_first(rest, |c| !c.is_ascii_digit() && c != '.');
        let (name, behind) = split_at_first(behind, |c| !c.is_ascii_alphabetic());
        let alone = number.len() == text.trim().len();
        let millis = match if alone { bare } else { name } {
            "ms" => 1.0,
            "s" => 1e3,
            "m" | "min" => 60e3,
            "h" => 3_600e3,
            "d" => 86_400e3,
            _ => return Err(error),
        };
        let number: f64 = number.parse().map_err(|_| error)?;
        let part = Duration::try_from_secs_f64((number * millis).round() / 1e3);
        total = total.saturating_add(part.map_err(|_| error)?);
        rest = behind.trim_start();
    }
    if total > LONGEST {
        return Err(error);
    }
    Ok(total)
}

fn split_at_first(text: &str, is: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let seconds = |text| parse_span(text, Unit::Seconds).map(|it| it.as_millis());
        assert_eq!(seconds("10"), Ok(10_000));
        assert_eq!(seconds("1.5"), Ok(1_500));
        assert_eq!(seconds("30s"), Ok(30_000));
        assert_eq!(seconds("250ms"), Ok(250));
        assert_eq!(seconds("5m"), Ok(300_000));
        assert_eq!(seconds(" 1h 30min "), Ok(5_400_000));
        assert_eq!(seconds("1h30m"), Ok(5_400_000));
        assert_eq!(seconds("2d"), Ok(172_800_000));
        assert_eq!(seconds("0"), Ok(0));
        let minutes = parse_span("10", Unit::Minutes);
        assert_eq!(minutes, Ok(Duration::from_secs(600)));
    }

    #[test]
    fn refuses_anything_else() {
        let refused = [
            "",
            " ",
            "s",
            "-5",
            "+5",
            "5 x",
            "5x",
            "1h30",
            "1.2.3",
            ".",
            "1e3",
            "inf",
            "nan",
            "9999999999d",
            "5,5",
            "5270401",
        ];
        for text in refused {
            let error = Err(SpanError(Unit::Minutes));
            assert_eq!(parse_span(text, Unit::Minutes), error, "{text:?}");
        }
    }
}
