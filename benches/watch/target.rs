//! bta as it is installed, in a process of its own.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::common::{CpuTime, cpu_time, memory_bytes, now, peak_memory_bytes};

/// How often its process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Who does less than this in [`LOOK_EVERY`] does nothing; the kernel counts no finer.
const NOTHING: Duration = Duration::from_millis(10);

/// So long without work, and all was done.
const QUIET: Duration = Duration::from_millis(500);

/// It is killed with this, unless it was stopped.
pub(super) struct Target {
    child: Child,
    /// Its store; it goes with this.
    _folder: TempDir,
}

impl Target {
    /// Starts to watch so many peers of a torrent, whom it dials by plain TCP.
    pub(super) fn start(torrent: &Path, peers: usize) -> Target {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_bta"))
            .args(["--allow-local", "--no-dht", "--no-lsd", "--no-utp"])
            .args(["--encryption", "off", "--port", "0", "--geoip", "none"])
            .args(["--quiet", "--format", "json", "--timeout", "60", "--jobs"])
            .arg(peers.to_string())
            .arg("--output")
            .arg(folder.path().join("run"))
            .arg(torrent)
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Target {
            child,
            _folder: folder,
        }
    }

    pub(super) fn cpu(&self) -> CpuTime {
        cpu_time(self.child.id()).unwrap()
    }

    /// Resident, in bytes.
    pub(super) fn memory(&self) -> f64 {
        memory_bytes(self.child.id()).unwrap() as f64
    }

    /// The most that was ever resident, in bytes.
    pub(super) fn peak(&self) -> f64 {
        peak_memory_bytes(self.child.id()).unwrap() as f64
    }

    /// Waits until it has nothing to do. How long it has had nothing to do by then.
    pub(super) fn rest(&self) -> Duration {
        let (mut used, mut rested_from) = (self.cpu().total(), now());
        while rested_from.elapsed() < QUIET {
            sleep(LOOK_EVERY);
            let is = self.cpu().total();
            if is - used > NOTHING {
                rested_from = now();
            }
            used = is;
        }
        rested_from.elapsed()
    }

    /// Ends the run as Ctrl-C does. How many downloads it confirmed.
    pub(super) fn stop(mut self) -> u64 {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let mut said = String::new();
        let mut out = self.child.stdout.take().unwrap();
        out.read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {said}");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        said["torrents"][0]["confirmed"].as_u64().unwrap()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
