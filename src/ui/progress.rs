//! One line about how a run stands: rewritten at a terminal, now and then elsewhere.

use std::io::{self, Write};
use std::time::Duration;

use crate::moment::Moment;

/// How often the line is rewritten at a terminal.
const AT_A_TERMINAL: Duration = Duration::from_secs(1);

/// How often a line is written elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(30);

/// How a run stands, all torrents together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Torrents.
    pub torrents: usize,
    /// Addresses known.
    pub addresses: usize,
    /// Sessions open now.
    pub sessions: usize,
    /// Peers observed.
    pub observed: usize,
    /// Of these, complete when first seen.
    pub complete: usize,
    /// Of these, below the threshold when last seen.
    pub below: usize,
    /// Confirmed downloads.
    pub confirmed: usize,
    /// Rises not counted.
    pub not_counted: usize,
}

/// Writes the line to standard error.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    quiet: bool,
    begun: Moment,
    open_line: bool,
}

impl Progress {
    /// For a run that begins now.
    pub fn new(terminal: bool, quiet: bool, begun: Moment) -> Self {
        Progress {
            terminal,
            quiet,
            begun,
            open_line: false,
        }
    }

    /// How often to call [`Self::show`].
    pub fn interval(&self) -> Duration {
        match self.terminal && !self.quiet {
            true => AT_A_TERMINAL,
            false => ELSEWHERE,
        }
    }

    /// Writes how the run stands.
    pub fn show(&mut self, now: Moment, standing: &Standing) {
        if self.quiet {
            return;
        }
        let line = line(now.since(self.begun), standing);
        let mut err = io::stderr().lock();
        // A terminal that is gone is no failure of the run.
        let _ = if self.terminal {
            self.open_line = true;
            write!(err, "\r\x1b[K{line}").and_then(|()| err.flush())
        } else {
            writeln!(err, "bta: {line}")
        };
    }

    /// The line is over: what comes next begins its own.
    pub fn done(&mut self) {
        if std::mem::take(&mut self.open_line) {
            let _ = writeln!(io::stderr());
        }
    }
}

fn line(elapsed: Duration, it: &Standing) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}  {} {}, {} addresses, {} sessions; \
         {} observed: {} complete, {} below; {} confirmed",
        seconds % 60,
        it.torrents,
        if it.torrents == 1 {
            "torrent"
        } else {
            "torrents"
        },
        it.addresses,
        it.sessions,
        it.observed,
        it.complete,
        it.below,
        it.confirmed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_a_run_stands_in_one_line() {
        let standing = Standing {
            torrents: 2,
            addresses: 120,
            sessions: 45,
            observed: 60,
            complete: 31,
            below: 24,
            confirmed: 5,
            not_counted: 0,
        };
        assert_eq!(
            line(Duration::from_secs(3_725), &standing),
            "01:02:05  2 torrents, 120 addresses, 45 sessions; \
             60 observed: 31 complete, 24 below; 5 confirmed"
        );
    }
}
