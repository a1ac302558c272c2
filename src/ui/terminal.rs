//! A terminal as a place to draw on: its size, whether it is ours, and the bytes
//! that put a screen on it.

use std::fmt::Write as _;
use std::io;

use rustix::process::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

use super::outlet::Order;

/// What is assumed where the terminal does not tell: columns and lines.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// The alternate screen, without a cursor; a text that is wider than we think does
/// not wrap.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/// All of that undone.
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// What was drawn with is of no concern to what is drawn next.
const HOME: &str = "\x1b[0m\x1b[H";

/// Columns and lines of the terminal at standard error.
pub fn size() -> (usize, usize) {
    match tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => USUAL_SIZE,
    }
}

/// Whether the terminal is ours now: a job in the background does not draw.
pub fn is_ours() -> bool {
    // One that does not tell is no job control of ours.
    tcgetpgrp(io::stderr()).map_or(true, |group| group == getpgrp())
}

/// Whether screens may be drawn on what the environment calls `term`.
pub fn can_draw(term: Option<&str>) -> bool {
    !matches!(term, None | Some("" | "dumb"))
}

/// Makes bytes of orders.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    entered: bool,
}

impl Canvas {
    /// All that puts the order on the terminal, to be written at once.
    pub(super) fn bytes(&mut self, order: &Order) -> String {
        match order {
            Order::Screen(lines) => self.screen(lines),
            Order::Leave => match std::mem::take(&mut self.entered) {
                true => LEAVE.to_owned(),
                false => String::new(),
            },
            Order::Line(line) => format!("{line}\n"),
        }
    }

    fn screen(&mut self, lines: &[String]) -> String {
        let mut bytes = String::new();
        if !std::mem::replace(&mut self.entered, true) {
            bytes += ENTER;
        }
        bytes += HOME;
        for (index, line) in lines.iter().enumerate() {
            // Each line to its own place, whatever became of the one before.
            let _ = write!(bytes, "\x1b[{};1H{line}\x1b[K", index + 1);
        }
        // What a taller screen left.
        bytes += "\x1b[J";
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_entered_once_and_left_as_it_was() {
        let mut canvas = Canvas::default();
        let screen = Order::Screen(vec!["a".into(), "b".into()]);
        let drawn = "\x1b[0m\x1b[H\x1b[1;1Ha\x1b[K\x1b[2;1Hb\x1b[K\x1b[J";
        assert_eq!(canvas.bytes(&screen), format!("{ENTER}{drawn}"));
        assert_eq!(canvas.bytes(&screen), drawn);
        assert_eq!(canvas.bytes(&Order::Leave), LEAVE);
        assert_eq!(canvas.bytes(&Order::Leave), "");
        assert_eq!(canvas.bytes(&screen), format!("{ENTER}{drawn}"));
    }

    #[test]
    fn draws_on_terminals_that_can_be_drawn_on() {
        assert!(can_draw(Some("xterm-256color")) && can_draw(Some("linux")));
        assert!(!can_draw(Some("dumb")) && !can_draw(Some("")) && !can_draw(None));
    }
}
