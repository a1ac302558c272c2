//! The program as a process: how it takes signals, and what it leaves behind.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bta::clock::Clock;
use bta::lab::scenario::{Crowd, TrackerSpec, Transport};
use bta::lab::tracker::manner::Manner;
use bta::lab::{Lab, Scenario};
use bta::net::{Network, OsNet};
use bta::store::Reader;
use rustix::fs::{CWD, Mode};
use rustix::process::{Pid, Signal, kill_process};

/// Nothing here takes as long on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A small swarm on loopback whose tracker hears no goodbye. It ends when the
/// sender falls.
fn swarm(folder: &Path) -> (PathBuf, tokio::sync::oneshot::Sender<()>) {
    let mut scenario = Scenario::demo(7);
    scenario.torrents.truncate(1);
    scenario.trackers = vec![TrackerSpec {
        transport: Transport::Udp,
        manner: Manner::NoGoodbye,
        ..scenario.trackers.remove(0)
    }];
    scenario.crowd = Crowd {
        present: 30,
        arriving: 30,
        ..Crowd::default()
    };
    let (begun, torrent) = channel();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let folder = folder.to_owned();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let network = Network::Os(OsNet);
            let lab = Lab::start(network, Clock::start(), &scenario)
                .await
                .unwrap();
            begun
                .send(lab.write_torrents(&folder).unwrap().remove(0))
                .unwrap();
            let _ = stopped.await;
        });
    });
    (torrent.recv_timeout(PATIENCE).unwrap(), stop)
}

/// A running bta; it ends with the test at the latest.
struct Bta(Child);

impl Drop for Bta {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bta(output: &Path, more: &[&str], torrent: &Path) -> Bta {
    let child = Command::new(env!("CARGO_BIN_EXE_bta"))
        .args(["--allow-local", "--bind", "127.0.0.1", "--port", "auto"])
        .arg("--output")
        .arg(output)
        .args(more)
        .arg(torrent)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    Bta(child.unwrap())
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (say, said) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(from).lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| say.send(line))
    });
    said
}

/// The first line that holds these words; the lines before it go to `passed`.
fn await_line(lines: &Receiver<String>, words: &str, passed: &mut Vec<String>) -> String {
    loop {
        let line = lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| panic!("no {words:?} after {passed:#?}"));
        if line.contains(words) {
            return line;
        }
        passed.push(line);
    }
}

fn interrupt(bta: &Bta) {
    kill_process(Pid::from_child(&bta.0), Signal::INT).unwrap();
}

/// The number behind `peer: ` in a line of the log.
fn peer(line: &str) -> u32 {
    let (_, behind) = line.split_once(", peer: ").unwrap();
    behind.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn second_interrupt_ends_at_once_and_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (torrent, _lab) = swarm(folder.path());
    let output = folder.path().join("run");
    fs::create_dir(&output).unwrap();
    // The log as a pipe: what is in it was acknowledged.
    let log = output.join("bta.log");
    rustix::fs::mkfifoat(CWD, &log, Mode::RUSR | Mode::WUSR).unwrap();

    let mut child = bta(&output, &[], &torrent);
    let errors = lines(child.0.stderr.take().unwrap());
    let logged = lines(fs::File::open(&log).unwrap());
    let mut passed = Vec::new();
    let confirmed = "verdict: confirmed";
    let mut acknowledged = vec![await_line(&logged, confirmed, &mut passed)];
    interrupt(&child);
    await_line(&errors, "bta: stopping", &mut passed);
    interrupt(&child);
    await_line(&errors, "bta: stopped at once", &mut passed);
    assert_eq!(child.0.wait().unwrap().code(), Some(130));
    acknowledged.extend(logged.into_iter().filter(|it| it.contains(confirmed)));

    // The same run goes on, now with a log that takes nothing, and ends in order.
    fs::remove_file(&log).unwrap();
    symlink("/dev/full", &log).unwrap();
    let mut child = bta(&output, &["--duration", "1s"], &torrent);
    let errors = lines(child.0.stderr.take().unwrap());
    await_line(&errors, "log lines did not reach bta.log", &mut passed);
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    let reader = Reader::open(&output).unwrap();
    let stored = reader.completions(None).map(|row| row.unwrap().0.1.0);
    let stored: Vec<_> = stored.collect();
    for line in &acknowledged {
        assert!(stored.contains(&peer(line)), "{line} is not in {stored:?}");
    }
    let kinds: Vec<_> = reader.events().map(|row| row.unwrap().kind).collect();
    let count = |kind: &str| kinds.iter().filter(|it| &***it == kind).count();
    assert_eq!(count("log_lines_lost"), 1, "{kinds:?}");
    assert_eq!((count("store_resumed"), count("store_closed")), (1, 1));
}
