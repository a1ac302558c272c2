//! A whole crawl, asked while it runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::dump;

/// The demo of the program, for so many seconds.
fn crawl(folder: &Path, seconds: u32) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bta"))
        .args(["--demo", "--duration", &format!("{seconds}s"), "--output"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn confirmed(folder: &Path) -> (usize, bool) {
    let (code, out, err) = dump(folder, "completions --format jsonl STORE");
    assert_eq!(code, 0, "{err}");
    (out.lines().count(), err.starts_with("bta-dump: live, "))
}

/// A row without where its peer is: that comes later than the download.
fn unlocated(row: &str) -> String {
    let (row, _) = row.split_once(",\"continent\"").unwrap();
    row.to_owned()
}

/// Waits until the crawl can be asked.
fn begun(folder: &Path) {
    for _ in 0..600 {
        if folder.join("bta.sock").exists() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the crawl did not begin");
}

#[test]
fn figures_rise_and_end_as_they_stay() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let mut child = crawl(&run_dir, 12);
    begun(&run_dir);
    let mut follower = Command::new(env!("CARGO_BIN_EXE_bta-dump"))
        .args(["completions", "--follow", "--format", "jsonl"])
        .arg(&run_dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut followed = BufReader::new(follower.stdout.take().unwrap()).lines();
    let first = followed.next().unwrap().unwrap();
    // It comes while the crawl runs.
    let (mut last, live) = confirmed(&run_dir);
    assert!(live && last > 0, "{last}");
    let mut steps = 0;
    while child.try_wait().unwrap().is_none() {
        let (now, _) = confirmed(&run_dir);
        assert!(now >= last, "{now} after {last}");
        steps += usize::from(now > last);
        last = now;
        thread::sleep(Duration::from_millis(300));
    }
    let (_, out, err) = dump(&run_dir, "completions --format jsonl STORE");
    assert!(err.starts_with("bta-dump: at rest, "), "{err}");
    assert!(
        out.lines().count() >= last && steps > 2,
        "{steps} steps to {last}"
    );
    assert!(!run_dir.join("bta.sock").exists());

    // Whoever followed saw them all.
    let followed = followed.map(Result::unwrap).chain([first]);
    let mut followed: Vec<_> = followed.map(|line| unlocated(&line)).collect();
    let mut at_rest: Vec<_> = out.lines().map(unlocated).collect();
    followed.sort();
    at_rest.sort();
    assert_eq!(followed, at_rest);
    let end = follower.wait_with_output().unwrap();
    let said = String::from_utf8(end.stderr).unwrap();
    assert!(end.status.success() && said.ends_with("bta-dump: the run has ended\n"));
}

#[test]
fn a_killed_crawl_is_shown_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    let mut child = crawl(&run_dir, 60);
    begun(&run_dir);
    assert!(confirmed(&run_dir).1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(run_dir.join("bta.sock").exists());
    assert!(!confirmed(&run_dir).1);
}
