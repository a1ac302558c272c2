//! The program in a process of its own: the whole actor tree on real sockets and a real
//! store, composed as the command line does it, but for the rhythm, which a bench sets.
//!
//! The bench starts itself again for it: its `main` begins with [`played`].
#![allow(dead_code)] // each bench uses its part of it

mod child;

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::{CpuTime, cpu_time, memory_bytes, peak_memory_bytes};

pub(crate) use child::played;

/// The first word of a process that plays the program.
const ROLE: &str = "--play-program";

/// The program, running; killed with this unless it was ended.
pub(crate) struct Program {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
    /// What it had used when it began: opening the store is no part of the work.
    began: CpuTime,
    /// The memory that it had then, in bytes.
    pub began_with: u64,
}

/// How it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Peers that were observed.
    pub observed: u64,
    /// Sessions, contacts under way included.
    pub sessions: u64,
    /// Confirmed downloads.
    pub confirmed: u64,
    /// What is not yet acknowledged by the recorder: rows, batches, rises.
    pub unrecorded: u64,
}

impl Program {
    /// Starts a run of this input; rhythms are divided by `divisor`. `words` are further
    /// options of the command line.
    pub(crate) fn start(input: &Path, divisor: u32, words: &[&str]) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            // With it each error of a parser looks up who called whom.
            .env_remove("RUST_BACKTRACE")
            .arg(ROLE)
            .arg(divisor.to_string())
            .arg("--output")
            .arg(folder.path().join("run"))
            .args(words)
            .arg(input)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(answers.next().unwrap().unwrap(), "begun");
        Program {
            began: cpu_time(child.id()).unwrap(),
            began_with: memory_bytes(child.id()).unwrap(),
            child,
            orders,
            answers,
            folder,
        }
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The run's folder.
    pub(crate) fn output(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// How it stands.
    pub(crate) fn standing(&mut self) -> Standing {
        let [observed, sessions, confirmed, unrecorded] = numbers(&self.order("standing"));
        Standing {
            observed,
            sessions,
            confirmed,
            unrecorded,
        }
    }

    /// What it has used of processors since it began.
    pub(crate) fn cpu(&self) -> Duration {
        (cpu_time(self.process()).unwrap() - self.began).total()
    }

    /// Its memory now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        memory_bytes(self.process()).unwrap()
    }

    /// The most that it ever had.
    pub(crate) fn peak(&self) -> u64 {
        peak_memory_bytes(self.process()).unwrap()
    }

    /// Ends the run as Ctrl-C does; its folder lasts as long as the answer.
    pub(crate) fn end(mut self) -> Ended {
        let ended = self.order("end");
        assert_eq!(ended, "stopped");
        assert!(self.child.wait().unwrap().success());
        Ended {
            run: self.output(),
            program: self,
        }
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answers.next().unwrap().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that has ended.
pub(crate) struct Ended {
    /// Its folder.
    pub run: PathBuf,
    program: Program,
}

fn numbers<const N: usize>(line: &str) -> [u64; N] {
    let words = line.split_ascii_whitespace();
    let numbers: Vec<_> = words.map(|it| it.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}
