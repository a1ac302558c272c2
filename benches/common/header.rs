//! On what, from what and with what the figures were measured.

use std::fs;
use std::process::Command;

use bta::clock::Clock;
use bta::net::usage;

/// Prints what every figure needs beside it.
pub(crate) fn header() {
    let load = usage::load_permille().map_or(0.0, |it| it as f64 / 1e3);
    println!("commit    {}", commit());
    println!("CPU       {}, load {load:.2}", cpu());
    println!("kernel    {}", kernel());
    println!("compiler  {}", output("rustc", &["--version"]));
    println!("command   {}", command());
    println!("date      {}\n", Clock::start().now());
}

fn commit() -> String {
    let commit = output("git", &["rev-parse", "--short=10", "HEAD"]);
    let changes = output("git", &["status", "--porcelain", "--untracked-files=no"]);
    match changes.as_str() {
        "" | UNKNOWN => commit,
        _ => format!("{commit} with changes"),
    }
}

fn cpu() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |key| {
        let mut lines = known.lines().filter_map(|it| it.split_once(':'));
        lines.find(|it| it.0.trim() == key).map(|it| it.1.trim())
    };
    let model = value("model name").unwrap_or(std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match (value("cpu family"), value("model")) {
        (Some(family), Some(number)) => {
            format!("{model} (family {family}, model {number}), {cores} cores")
        }
        _ => format!("{model}, {cores} cores"),
    }
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, release.trim())
}

/// As cargo is called, since the program's own name has a hash in it.
fn command() -> String {
    let program = std::env::args().next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    let name = name.rsplit_once('-').map_or(name, |it| it.0);
    let arguments = super::arguments().join(" ");
    match arguments.as_str() {
        "" => format!("cargo bench --bench {name}"),
        _ => format!("cargo bench --bench {name} -- {arguments}"),
    }
}

const UNKNOWN: &str = "unknown";

fn output(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    match command.output() {
        Ok(said) if said.status.success() => {
            String::from_utf8_lossy(&said.stdout).trim().to_owned()
        }
        _ => UNKNOWN.to_owned(),
    }
}
