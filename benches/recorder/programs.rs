//! Our two programs as processes of their own: how long they take and what memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{memory_bytes, now, peak_memory_bytes};

/// How often a process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Nothing here takes as long on any machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// What something took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) seconds: f64,
    pub(crate) memory_bytes: u64,
}

/// `bta-dump` with these arguments, its output thrown away.
pub(crate) fn dump(arguments: &[&str], store: &Path) -> Taken {
    let began = now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bta-dump"))
        .args(arguments)
        .arg(store)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut taken = Taken::default();
    loop {
        let peak = peak_memory_bytes(child.id()).unwrap_or_default();
        taken.memory_bytes = taken.memory_bytes.max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "bta-dump {arguments:?}: {status}");
            taken.seconds = began.elapsed().as_secs_f64();
            return taken;
        }
        assert!(began.elapsed() < PATIENCE, "bta-dump {arguments:?} hangs");
        sleep(LOOK_EVERY);
    }
}

/// A run that is continued, up to its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Continued {
    /// Until its swarm has begun; resident then.
    pub(crate) begun: Taken,
    /// The most that was resident until then.
    pub(crate) peak_bytes: u64,
    /// From the signal to the end.
    pub(crate) ended_s: f64,
}

/// `bta` on a run that is there, without network, until its swarm has begun.
pub(crate) fn resume(torrent: &Path, run_dir: &Path) -> Continued {
    let log = run_dir.join("bta.log");
    let _ = std::fs::remove_file(&log);
    let began = now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bta"))
        .args([
            "--allow-local",
            "--no-dht",
            "--no-lsd",
            "--no-utp",
            "--quiet",
        ])
        .args(["--port", "0", "--geoip", "none", "--output"])
        .args([run_dir, torrent])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = |log: &Path| {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        said.contains("swarm begins")
    };
    while !begun(&log) {
        assert!(began.elapsed() < PATIENCE, "bta does not begin");
        assert!(child.try_wait().unwrap().is_none(), "bta has ended");
        sleep(LOOK_EVERY);
    }
    let pid = child.id();
    let continued = Continued {
        begun: Taken {
            seconds: began.elapsed().as_secs_f64(),
            memory_bytes: memory_bytes(pid).unwrap(),
        },
        peak_bytes: peak_memory_bytes(pid).unwrap(),
        ended_s: 0.0,
    };
    let asked = now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success(), "bta failed");
    Continued {
        ended_s: asked.elapsed().as_secs_f64(),
        ..continued
    }
}
