//! How programs write their version into the four characters of an Azureus-style
//! peer id.

/// A way to read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A number each, in base 36, at most so many: `20B0` is 2.0.11.
    Dotted(usize),
    /// Two numbers of two digits: `0107` is 1.7.
    Pairs,
    /// Whole number, then hundredths: `0165` is 1.65.
    Hundredths,
    /// Transmission's, which began with `0006` for 0.6, `0072` for 0.72 and `2940`
    /// for 2.94, and writes 4.0.5 as `4050`; its last character marks a build on the
    /// way to the next release.
    Transmission,
    /// A letter tells what kind of build it is: `33R1` is 3.3rc1.
    Lettered,
    /// Bits on Wheels: `WA0C` is 1.0.6, and so is what else it writes.
    OnWheels,
    /// They mean nothing.
    Unversioned,
}

impl Style {
    /// The version; empty if there is none. `text` is ASCII, letters, digits and
    /// dots.
    pub(super) fn read(self, text: &str) -> String {
        let numbers: Vec<u32> = text.chars().filter_map(|it| it.to_digit(36)).collect();
        match (self, &numbers[..]) {
            (Style::Unversioned, _) | (_, []) => String::new(),
            (Style::Dotted(most), numbers) => dotted(&numbers[..numbers.len().min(most)]),
            (Style::Pairs, &[a, b, c, d]) => format!("{}.{}", a * 10 + b, c * 10 + d),
            (Style::Hundredths, &[a, b, c, d]) => format!("{}.{c}{d}", a * 10 + b),
            (Style::Transmission, &[0, 0, 0, d]) => format!("0.{d}"),
            (Style::Transmission, &[0, 0, c, d]) => format!("0.{c}{d}"),
            (Style::Transmission, &[a @ 0..4, b, c, _]) => format!("{a}.{b}{c}{}", mark(text)),
            (Style::Transmission, &[a, b, c, _]) => format!("{a}.{b}.{c}{}", mark(text)),
            (Style::Lettered, &[a, b, _, d]) => match text.as_bytes()[2] {
                b'R' => format!("{a}.{b}rc{d}"),
                b'B' => format!("{a}.{b}beta{d}"),
                b'D' => format!("{a}.{b}dev"),
                _ => dotted(&numbers),
            },
            (Style::OnWheels, _) => match text {
                "WA0B" => "1.0.5".to_owned(),
                "WA0C" => "1.0.6".to_owned(),
                _ => text.trim_start_matches('W').to_owned(),
            },
            (_, numbers) => dotted(numbers),
        }
    }
}

/// With dots between; zeros behind the second number are left out.
pub(super) fn dotted(numbers: &[u32]) -> String {
    let significant = numbers
        .iter()
        .rposition(|it| *it != 0)
        .map_or(0, |it| it + 1);
    let kept = &numbers[..significant.max(2).min(numbers.len())];
    let texts: Vec<_> = kept.iter().map(u32::to_string).collect();
    texts.join(".")
}

/// What follows the version of a build that is no release.
fn mark(text: &str) -> &'static str {
    match text.as_bytes().last() {
        Some(b'Z' | b'X') => "+",
        Some(b'B') => "beta",
        _ => "",
    }
}
