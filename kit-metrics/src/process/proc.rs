//! Linux's `/proc/self`.

use std::fs;

use crate::error::RegisterError;
use crate::registry::Registry;

/// Ticks of a second in `/proc`. The kernel's `USER_HZ`, 100 on every architecture Rust runs on; `sysconf` would need a
/// crate to say the same.
const TICKS: f64 = 100.0;

pub(super) fn register(registry: &Registry) -> Result<(), RegisterError> {
    let start = start_time().unwrap_or(f64::NAN);
    registry.counter_fn("process_cpu_seconds_total", "Processor time used", || told(cpu_seconds()))?;
    let gauge = |name, help, read: fn() -> Option<f64>| registry.gauge_fn(name, help, move || told(read()));
    gauge("process_resident_memory_bytes", "Memory held", || status("VmRSS:").map(kib))?;
    gauge("process_virtual_memory_bytes", "Memory mapped", || status("VmSize:").map(kib))?;
    gauge("process_threads", "Threads", || status("Threads:"))?;
    gauge("process_open_fds", "Open file descriptors", open_fds)?;
    gauge("process_max_fds", "Most file descriptors that may be open", max_fds)?;
    registry.gauge_fn("process_start_time_seconds", "When it started, in seconds since 1970", move || start)
}

fn told(read: Option<f64>) -> f64 {
    read.unwrap_or(f64::NAN)
}

fn kib(n: f64) -> f64 {
    n * 1024.0
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15: utime and stime.
    Some((field(&stat, 14)? + field(&stat, 15)?) / TICKS)
}

fn start_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let boot = line(&fs::read_to_string("/proc/stat").ok()?, "btime ")?;
    // Field 22: ticks from boot to start.
    Some(boot + field(&stat, 22)? / TICKS)
}

fn status(key: &str) -> Option<f64> {
    line(&fs::read_to_string("/proc/self/status").ok()?, key)
}

fn open_fds() -> Option<f64> {
    // One of them reads the directory.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

fn max_fds() -> Option<f64> {
    line(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

/// A field of `stat` by the number proc(5) gives it. The second is the program's name in parentheses, which may hold
/// spaces and parentheses.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(number - 3)?.parse().ok()
}

/// The first number after a key that begins a line.
fn line(text: &str, key: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    match rest.split_ascii_whitespace().next()? {
        "unlimited" => Some(f64::INFINITY),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b (c) S 1 7 7 0 -1 4194560 900 0 1 0 250 50 0 0 20 0 4 0 12345 1000 200 1";

    #[test]
    fn a_programs_name_does_not_shift_the_fields() {
        assert_eq!((field(STAT, 14), field(STAT, 15), field(STAT, 22)), (Some(250.0), Some(50.0), Some(12345.0)));
        assert_eq!(field(STAT, 99), None);
        assert_eq!(field("", 14), None);
    }

    #[test]
    fn numbers_are_found_by_the_key_of_their_line() {
        let status = "Name:\tThreads: 9\nVmRSS:\t  2048 kB\nThreads:\t4\n";
        assert_eq!((line(status, "VmRSS:"), line(status, "Threads:")), (Some(2048.0), Some(4.0)));
        let limits = "Max open files            unlimited            unlimited            files\n";
        assert_eq!(line(limits, "Max open files"), Some(f64::INFINITY));
        assert_eq!(line(limits, "Max locks"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let registry = Registry::new();
        register(&registry).unwrap();
        let snapshot = registry.snapshot();
        let value = |name| snapshot.value(name, &[]).unwrap();
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 1.0 && value("process_open_fds") < value("process_max_fds"));
        assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
        // After 2020, and before the file that runs was gone for a century.
        assert!((1.5e9..5e9).contains(&value("process_start_time_seconds")));
        assert!(register(&registry).is_err());
    }
}
