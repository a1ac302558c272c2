//! What a process takes of the machine, as Linux tells it.

use std::fs;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Time on a processor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CpuTime {
    /// In its own code.
    pub user: Duration,
    /// In the kernel, on its behalf.
    pub system: Duration,
}

impl CpuTime {
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Add for CpuTime {
    type Output = CpuTime;

    fn add(self, other: CpuTime) -> CpuTime {
        CpuTime {
            user: self.user + other.user,
            system: self.system + other.system,
        }
    }
}

/// What passed since an earlier reading.
impl Sub for CpuTime {
    type Output = CpuTime;

    fn sub(self, earlier: CpuTime) -> CpuTime {
        CpuTime {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// The kernel's unit towards programs (`USER_HZ`), on all that it runs on here.
const TICK: Duration = Duration::from_millis(10);

/// Of a process with all its threads, those that have ended too; to a hundredth of a second.
///
/// Source: proc_pid_stat(5), `utime` and `stime`.
pub(crate) fn cpu_time(pid: u32) -> Option<CpuTime> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name may hold spaces and brackets; the state, the third field, follows it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(14 - 3);
    let mut ticks = || fields.next()?.parse().ok().map(|it: u32| TICK * it);
    let (user, system) = (ticks()?, ticks()?);
    Some(CpuTime { user, system })
}

/// Of this process.
pub(crate) fn own_cpu_time() -> CpuTime {
    cpu_time(std::process::id()).unwrap_or_default()
}

/// Memory that is really there (resident set), in bytes.
///
/// Source: proc_pid_status(5), `VmRSS`.
pub(crate) fn memory_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmRSS:")
}

/// The most that ever was there, in bytes.
///
/// Source: proc_pid_status(5), `VmHWM`.
pub(crate) fn peak_memory_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmHWM:")
}

fn status_bytes(pid: u32, key: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|it| it.strip_prefix(key))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib << 10)
}
