//! Strangers' texts on a terminal: nothing that steers it, and no wider than
//! there is room.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for a character that is not shown.
const HIDDEN: char = '\u{fffd}';

/// A text without characters that steer a terminal or turn the direction of what
/// follows; each becomes U+FFFD.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) {
        let show = |it| if steers(it) { HIDDEN } else { it };
        Cow::Owned(text.chars().map(show).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Control characters (C0, DEL, C1), line and paragraph separators, marks and
/// overrides of direction, invisible ones.
fn steers(it: char) -> bool {
    it.is_control()
        || matches!(it,
            '\u{061c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text that takes at most `room` columns; the end of a longer one becomes `…`.
pub fn fit(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 0;
    for it in text.chars() {
        used += it.width().unwrap_or(0);
        if used + 1 > room {
            break;
        }
        kept.push(it);
    }
    if room > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_steers_a_terminal() {
        assert_eq!(harmless("\x1b[31mred\u{7}"), "\u{fffd}[31mred\u{fffd}");
        assert_eq!(harmless("a\nb\u{9b}c\u{7f}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(harmless("film\u{202e}gpj.exe"), "film\u{fffd}gpj.exe");
        for kept in ["Ein schöner Film", "日本語 (2015)", "🎬", ""] {
            assert!(matches!(harmless(kept), Cow::Borrowed(it) if it == kept));
        }
    }

    #[test]
    fn fits_by_columns_and_not_by_bytes() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("longer", 5), "long…");
        assert_eq!(fit("日本語の映画", 7), "日本語…");
        assert_eq!(fit("日本語の映画", 6), "日本…");
        assert_eq!(fit("äöü", 3), "äöü");
        assert_eq!(fit("any", 0), "");
        assert_eq!(fit("日本", 1), "…");
    }
}
