//! The command lines: how options are written, and how a bad one is answered.

pub mod check;
mod config_file;
pub mod crawl;
mod crawl_line;
pub mod dht;
pub mod dump;
mod print_config;
mod settings;
mod span;
pub mod when;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser;
use clap::error::ErrorKind;

use crate::protocol::peer::Encryption;

pub use self::crawl_line::CrawlLine;
pub use self::span::{SpanError, Unit, parse_span};

/// Exit codes of both programs.
pub mod exit {
    /// Done, or stopped by the user.
    pub const DONE: u8 = 0;
    /// Failed.
    pub const FAILED: u8 = 1;
    /// A bad command line, or no usable input.
    pub const USAGE: u8 = 2;
    /// Something kept dying, and the run was stopped in order.
    pub const ESCALATED: u8 = 3;
    /// Stopped at once by a second Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// How the summary and all tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SummaryFormat {
    /// For people.
    #[default]
    Table,
    /// For programs: one JSON document.
    Json,
}

/// When to write in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// At a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether connections to peers are encrypted (MSE/PE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum EncryptionMode {
    /// As each peer likes it.
    #[default]
    Prefer,
    /// Always.
    Require,
    /// Never.
    Off,
}

impl From<EncryptionMode> for Encryption {
    fn from(mode: EncryptionMode) -> Self {
        match mode {
            EncryptionMode::Prefer => Encryption::Prefer,
            EncryptionMode::Require => Encryption::Require,
            EncryptionMode::Off => Encryption::Off,
        }
    }
}

/// What a command line gets instead of a run: help, or a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The exit code.
    pub code: u8,
    /// What goes to standard output.
    pub stdout: String,
    /// What goes to standard error.
    pub stderr: String,
}

impl Answer {
    /// One line that says what is wrong, where, and how to mend it.
    pub fn usage(program: &str, what: impl std::fmt::Display) -> Self {
        Answer {
            code: exit::USAGE,
            stdout: String::new(),
            stderr: format!("{program}: {what} (see {program} --help)\n"),
        }
    }

    /// What clap has to say instead of a command line.
    fn instead(program: &str, error: &clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Answer {
                code: exit::DONE,
                stdout: error.to_string(),
                stderr: String::new(),
            },
            _ => Answer::usage(program, one_line(error)),
        }
    }

    /// Writes it where it belongs. A closed pipe is no failure.
    pub fn print(&self) {
        let _ = io::stdout().write_all(self.stdout.as_bytes());
        let _ = io::stderr().write_all(self.stderr.as_bytes());
    }
}

/// Reads a command line.
///
/// # Errors
/// The answer to give instead: help, version, or one line on what is wrong.
pub fn parse<T: Parser>(
    program: &str,
    args: impl IntoIterator<Item = OsString>,
) -> Result<T, Answer> {
    T::try_parse_from(args).map_err(|error| Answer::instead(program, &error))
}

/// clap's first paragraph and its tips, without usage and decoration.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let first: Vec<_> = first.lines().map(str::trim).collect();
    let tips = paragraphs
        .flat_map(str::lines)
        .filter_map(|line| line.trim().strip_prefix("tip: "));
    tips.fold(first.join(" "), |line, tip| line + "; " + tip)
}
