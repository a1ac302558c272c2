//! What this process takes of the machine; as far as the machine tells, which is
//! Linux's way (`/proc`).

use std::fs;

use rustix::process::{Resource, getrlimit};

/// Memory that is really there (resident set), in bytes.
///
/// Source: proc_pid_status(5), `VmRSS`.
pub fn memory_bytes() -> Option<u64> {
    resident(&fs::read_to_string("/proc/self/status").ok()?)
}

/// Open descriptors.
///
/// Source: proc_pid_fd(5).
pub fn descriptors() -> Option<u64> {
    const FOLDER: &str = "/proc/self/fd";
    // Since Linux 6.2 the folder's size is their number; before that it is 0.
    match fs::metadata(FOLDER).ok()?.len() {
        0 => Some(fs::read_dir(FOLDER).ok()?.count() as u64),
        number => Some(number),
    }
}

/// Descriptors that may be open; none: without a limit.
pub fn descriptor_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The machine's load average over a minute, in thousandths.
///
/// Source: proc_loadavg(5).
pub fn load_permille() -> Option<u64> {
    load(&fs::read_to_string("/proc/loadavg").ok()?)
}

fn resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib << 10)
}

fn load(averages: &str) -> Option<u64> {
    let minute: f64 = averages.split(' ').next()?.parse().ok()?;
    Some((minute * 1e3) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let status = "Name:\tbta\nVmHWM:\t    9000 kB\nVmRSS:\t    8192 kB\nThreads:\t4\n";
        assert_eq!(resident(status), Some(8 << 20));
        assert_eq!(resident("Name:\tbta\n"), None);
        assert_eq!(load("0.05 0.65 1.41 2/230 22078\n"), Some(50));
        assert_eq!(load("12.50 0.65 1.41 2/230 22078\n"), Some(12_500));
        assert_eq!(load(""), None);
    }

    #[test]
    fn tells_what_a_process_takes() {
        assert!(memory_bytes().unwrap() > 1 << 20);
        let (open, limit) = (descriptors().unwrap(), descriptor_limit());
        assert!(open >= 3 && limit.is_none_or(|limit| open <= limit));
        assert!(load_permille().is_some());
    }
}
