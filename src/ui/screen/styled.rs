//! Lines with a little colour, cut to the room that there is.

use crate::report::text::{fit, harmless, width};

/// How a piece of text looks where there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// Titles.
    Strong,
    /// What is explained, and of less importance.
    Faint,
    /// Confirmed.
    Good,
    /// Wrong, or about to end.
    Bad,
}

impl Style {
    /// Its parameters of SGR (ECMA-48).
    fn code(self) -> Option<&'static str> {
        match self {
            Style::Plain => None,
            Style::Strong => Some("1"),
            Style::Faint => Some("2"),
            Style::Good => Some("32"),
            Style::Bad => Some("31"),
        }
    }
}

/// A line in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    /// A line of one piece.
    pub(super) fn of(style: Style, text: impl Into<String>) -> Self {
        Line::default().with(style, text)
    }

    /// With one more piece.
    pub(super) fn with(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push((style, text.into()));
        self
    }

    /// Columns that it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// With the pieces of another.
    pub(super) fn and(mut self, other: Line) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text for the terminal, no wider than there is room.
    pub(super) fn paint(&self, mut room: usize, colour: bool) -> String {
        let mut painted = String::new();
        for (style, text) in &self.0 {
            let shown = fit(text, room);
            room -= width(&shown).min(room);
            match style.code().filter(|_| colour && !shown.is_empty()) {
                Some(code) => painted += &format!("\x1b[{code}m{shown}\x1b[0m"),
                None => painted += &shown,
            }
            if shown.len() < text.len() {
                break;
            }
        }
        match colour {
            true => painted,
            false => painted.trim_end().to_owned(),
        }
    }
}

/// A stranger's text in exactly so many columns, to the left.
pub(super) fn cell(text: &str, room: usize) -> String {
    let shown = harmless(text);
    let shown = fit(&shown, room);
    let padding = room.saturating_sub(width(&shown));
    format!("{shown}{}", " ".repeat(padding))
}

/// Words in lines of at most so many columns.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last] += word;
        } else if width(&lines[last]) + 1 + width(word) <= room {
            lines[last] += " ";
            lines[last] += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_pieces_by_columns_and_colours_what_is_left() {
        let line = Line::of(Style::Strong, "日本語").with(Style::Good, "12345");
        assert_eq!(line.paint(11, false), "日本語12345");
        assert_eq!(line.paint(9, false), "日本語12…");
        assert_eq!(
            line.paint(9, true),
            "\x1b[1m日本語\x1b[0m\x1b[32m12…\x1b[0m"
        );
        assert_eq!(line.paint(4, false), "日…");
        assert_eq!(line.paint(0, true), "");
    }

    #[test]
    fn a_cell_steers_no_terminal_and_keeps_its_width() {
        assert_eq!(cell("a\x1b[2J", 8), "a\u{fffd}[2J   ");
        assert_eq!(cell("日本語", 5), "日本…");
        assert_eq!(cell("日本語", 4), "日… ");
    }

    #[test]
    fn wraps_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("longer than the room", 4),
            ["longer", "than", "the", "room"]
        );
        assert_eq!(wrap("", 4), [""]);
    }
}
