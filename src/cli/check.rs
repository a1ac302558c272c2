//! `bta --check`: what the inputs name, and what is wrong with them.

use std::fmt::Write;

use super::{Answer, exit};
use crate::input::{Inputs, Torrent};
use crate::protocol::metainfo::Metainfo;

/// The answer to `--check`: torrents on standard output, all else on standard
/// error. Exit code 0 if every entry is of use, 2 if none is, 1 between.
pub fn check(inputs: &Inputs) -> Answer {
    let Inputs {
        torrents,
        duplicates,
        problems,
        ..
    } = inputs;
    let mut answer = complaints(inputs);
    for torrent in torrents {
        answer.stdout += &line(torrent);
    }
    let counts = [
        counted(torrents.len(), "torrent"),
        counted(duplicates.len(), "duplicate"),
        counted(problems.len(), "problem"),
    ];
    let _ = writeln!(answer.stderr, "{}", counts.join(", "));
    answer.code = match (torrents.len(), problems.len()) {
        (0, _) => exit::USAGE,
        (_, 0) => exit::DONE,
        _ => exit::FAILED,
    };
    answer
}

/// What is wrong with the inputs, for standard error: one line each. Exit code 2 if
/// nothing is left to crawl.
pub fn complaints(inputs: &Inputs) -> Answer {
    let mut stderr = String::new();
    for problem in &inputs.problems {
        let _ = writeln!(stderr, "bta: {problem}");
    }
    for duplicate in &inputs.duplicates {
        let _ = writeln!(stderr, "bta: {duplicate}");
    }
    Answer {
        code: if inputs.torrents.is_empty() {
            exit::USAGE
        } else {
            exit::DONE
        },
        stdout: String::new(),
        stderr,
    }
}

/// `<info-hash>  <pieces> x <piece length>  <size>  <trackers>  <name>`; what a magnet
/// link does not tell is `?`.
fn line(torrent: &Torrent) -> String {
    let metainfo = torrent.metainfo();
    let known = |show: fn(&Metainfo) -> String| metainfo.map_or("?".into(), show);
    let mut line = format!(
        "{}  {:>6} x {:>9}  {:>10}  {:<11}  {}",
        torrent.info_hash(),
        known(|it| it.pieces.to_string()),
        known(|it| bytes(it.piece_length)),
        known(|it| bytes(it.content_len_bytes)),
        counted(torrent.trackers().len(), "tracker"),
        torrent.name(),
    );
    if metainfo.is_some_and(|it| it.private) {
        line += " (private)";
    }
    line + "\n"
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `1.5 GiB`.
fn bytes(len: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut size, mut unit) = (len as f64, "B");
    for next in UNITS {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, next);
    }
    let places = usize::from(unit != "B" && size.fract() > 0.0);
    format!("{size:.places$} {unit}")
}
