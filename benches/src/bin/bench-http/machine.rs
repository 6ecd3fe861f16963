//! Where it was measured, and what with.

use std::{env, fs, io, thread};

/// The crates whose versions matter.
const CRATES: [&str; 6] = ["hyper", "hyper-util", "tokio", "axum", "tower-http", "tracing-subscriber"];
/// What `./bench` knows of the peers in Go.
const GO_VERSIONS: &str = "KIT_BENCH_GO_VERSIONS";

/// Above this somebody else was at work too.
const IDLE: f64 = 0.5;

/// # Errors
/// There are not two cores: load and server would take turns.
pub(crate) fn check_cores() -> io::Result<()> {
    match thread::available_parallelism()?.get() {
        0 | 1 => Err(io::Error::other("two cores are needed: one for the server, one for the load")),
        _ => Ok(()),
    }
}

/// How much was running over the last minute.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// Machine and versions, in a few lines; `before` is the load average before anything was measured.
pub(crate) fn describe(before: f64) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("unknown");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let go = env::var(GO_VERSIONS).unwrap_or_else(|_| "no Go: its rows are missing".to_owned());
    let busy = match before > IDLE {
        true => format!("\nThe machine was busy (load {before:.1} before the first run): these figures mean little."),
        false => String::new(),
    };
    format!("{cpu}, {cores} cores, Linux {}\n{}\n{go}{busy}", kernel.trim(), crates())
}

/// From the lock file that this was built with.
fn crates() -> String {
    let lock = include_str!("../../../../Cargo.lock");
    let version = |name: &str| {
        let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")))?;
        let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
        Some(format!("{name} {}", version.trim_matches('"')))
    };
    CRATES.iter().filter_map(|name| version(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_crate_is_found_in_the_lock_file() {
        assert_eq!(super::crates().split(", ").count(), super::CRATES.len());
    }
}
