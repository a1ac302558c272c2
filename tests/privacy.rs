//! What a run leaves on disk is its owner's alone, whatever the umask.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A run, which ends with the test.
struct Run {
    child: Child,
    /// What it says goes on being taken.
    _stderr: Lines<BufReader<ChildStderr>>,
}

impl Run {
    /// Starts the demo under a umask that keeps nothing from anybody; answers when the
    /// run has begun.
    fn begin(output: &Path) -> Run {
        let mut child = Command::new("sh")
            .args(["-c", "umask 000; exec \"$@\"", "sh"])
            .arg(env!("CARGO_BIN_EXE_bta"))
            .args(["--demo", "--loglevel", "debug", "--output"])
            .arg(output)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = lines.by_ref().map_while(Result::ok);
        let begun = said.any(|line| line.starts_with("bta: run in "));
        assert!(begun, "no run began");
        Run {
            child,
            _stderr: lines,
        }
    }

    /// As by `kill -9`: it puts nothing in order.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Everything below a folder, itself included.
fn all_of(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut next) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = next.pop() {
        // sled's files come and go while it works.
        if let Ok(entries) = fs::read_dir(&path) {
            next.extend(entries.map(|it| it.unwrap().path()));
        }
        found.push(path);
    }
    found
}

fn is_private(output: &Path) {
    let mut files = 0;
    for path in all_of(output) {
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let mode = meta.permissions().mode() & 0o777;
        if meta.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
        } else if meta.is_file() {
            assert_eq!(mode, 0o600, "{}", path.display());
            files += 1;
        } else {
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }
    for name in ["secret", "completions.journal", "bta.log", "store/db"] {
        assert!(output.join(name).is_file(), "{name}");
    }
    assert!(files >= 5, "{files}");
}

#[test]
fn a_run_is_its_owners_alone_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("deep/run");
    let run = Run::begin(&output);
    is_private(&output);
    run.kill();
    is_private(&output);
    let above = fs::metadata(folder.path().join("deep")).unwrap();
    assert_eq!(above.permissions().mode() & 0o777, 0o700);

    // What a copy has opened to others is closed again.
    for path in all_of(&output) {
        let open = fs::Permissions::from_mode(if path.is_dir() { 0o777 } else { 0o666 });
        fs::set_permissions(path, open).unwrap();
    }
    let run = Run::begin(&output);
    is_private(&output);
    run.kill();
}
