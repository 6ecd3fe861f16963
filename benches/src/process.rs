//! What Linux knows of a process: the time it used, the memory it had.

use std::{fs, io};

/// Linux tells times to user space in hundredths of a second, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time that a process used since it began, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// In the process itself.
    pub user: f64,
    /// In the kernel, for it.
    pub system: f64,
}

impl Used {
    /// Reads `/proc/PID/stat`.
    ///
    /// # Errors
    /// There is no such process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name before it may hold spaces and parentheses; the state is the first field after the last of them.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let seconds = |index: usize| {
            let ticks = fields.get(index).and_then(|ticks| ticks.parse::<f64>().ok());
            ticks.map(|ticks| ticks / TICKS_PER_SECOND).ok_or_else(|| io::Error::other("a stat without times"))
        };
        Ok(Self { user: seconds(11)?, system: seconds(12)? })
    }
}

/// The most memory that a process has had resident, in MiB: `VmHWM`.
///
/// # Errors
/// There is no such process.
pub fn peak_mib(pid: u32) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| io::Error::other("a status without VmHWM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_time_and_memory() {
        let pid = std::process::id();
        let before = Used::of(pid).unwrap();
        let mut sum = 0u64;
        let after = loop {
            sum = std::hint::black_box(sum.wrapping_add(1));
            let after = Used::of(pid).unwrap();
            if after.user + after.system > before.user + before.system {
                break after;
            }
        };
        assert!(after.user >= before.user && after.system >= before.system);
        assert!(peak_mib(pid).unwrap() > 0.1);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Used::of(u32::MAX).is_err());
        assert!(peak_mib(u32::MAX).is_err());
    }
}
