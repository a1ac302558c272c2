//! Numbers as people read them.

use std::time::Duration;

use crate::moment::Moment;

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in binary units, three or four digits: `331.8 MiB`, `16 KiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut scaled = number as f64 / 1024.0;
    let mut unit = 0;
    while scaled >= 1023.95 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    let text = format!("{scaled:.1}");
    format!(
        "{} {}",
        text.strip_suffix(".0").unwrap_or(&text),
        UNITS[unit]
    )
}

/// Bytes a second.
pub fn speed(bytes_per_s: u64) -> String {
    format!("{}/s", bytes(bytes_per_s))
}

/// A share of a whole in percent, rounded to a tenth; 0 of nothing.
pub fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 * 1000.0 / whole as f64).round() / 10.0
}

/// Progress in percent, rounded *down* to a tenth: what is not complete never
/// reads 100.
pub fn progress(pieces: u64, total: u64) -> f64 {
    if total == 0 {
        return 0.0;
    }
    (u128::from(pieces) * 1000 / u128::from(total)) as f64 / 10.0
}

/// A point in time to the second, `2026-11-23 03:44:01`, UTC.
pub fn time(moment: Moment) -> String {
    let text = moment.to_string();
    let date = text.get(..19).unwrap_or(&text);
    date.replace('T', " ")
}

/// A span of time in its two greatest units: `35 ms`, `1.5 s`, `2h 5m`, `3d 4h`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let two = |great: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{great}{unit}"),
        _ => format!("{great}{unit} {small}{small_unit}"),
    };
    match seconds {
        0 if span.subsec_millis() > 0 => format!("{} ms", span.subsec_millis()),
        0..10 if span.subsec_millis() >= 100 => {
            format!("{seconds}.{} s", span.subsec_millis() / 100)
        }
        0..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "m", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A span of time to the second, as a clock shows it: `00:02:05`, `3d 04:00:00`.
pub fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let rest = format!("{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    match days {
        0 => rest,
        _ => format!("{days}d {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        let texts = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn scales_bytes() {
        let texts = [0, 1023, 16_384, 347_866_112, 1_048_575, u64::MAX].map(bytes);
        let expected = ["0 B", "1023 B", "16 KiB", "331.8 MiB", "1 MiB", "16 EiB"];
        assert_eq!(texts, expected);
        assert_eq!(speed(1536), "1.5 KiB/s");
    }

    #[test]
    fn never_rounds_progress_up() {
        assert_eq!(progress(9_999, 10_000), 99.9);
        assert_eq!(progress(10_000, 10_000), 100.0);
        assert_eq!(progress(1, 0), 0.0);
        assert_eq!(percent(9_999, 10_000), 100.0);
        assert_eq!(percent(1, 3), 33.3);
        assert_eq!(percent(0, 0), 0.0);
    }

    #[test]
    fn writes_times_and_spans() {
        let moment = Moment::from_millis(1_795_405_441_250);
        assert_eq!(time(moment), "2026-11-23 03:44:01");
        let texts = [0, 35, 1_500, 59_000, 125_000, 7_200_000, 273_600_000]
            .map(|millis| span(Duration::from_millis(millis)));
        let expected = ["0 s", "35 ms", "1.5 s", "59 s", "2m 5s", "2h", "3d 4h"];
        assert_eq!(texts, expected);
        let texts = [0, 3_725, 273_600].map(|seconds| clock(Duration::from_secs(seconds)));
        assert_eq!(texts, ["00:00:00", "01:02:05", "3d 04:00:00"]);
    }
}
