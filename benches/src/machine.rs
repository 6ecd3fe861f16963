//! Where it was measured, and what with.

use std::time::Duration;
use std::{env, fs, io, thread};

use tokio::time::sleep;

/// The crates whose versions matter.
const CRATES: [&str; 7] = ["hyper", "hyper-util", "tokio", "tonic", "axum", "tower-http", "tracing-subscriber"];
/// What `./bench` knows of the peers in Go.
const GO_VERSIONS: &str = "BENCH_GO_VERSIONS";

/// Above this share of the processors somebody else is at work too.
const IDLE: f64 = 0.05;

/// Whether there is a core for who is measured and one for who measures.
///
/// # Errors
/// There are not two cores: load and server would take turns.
pub fn check_cores() -> io::Result<()> {
    match thread::available_parallelism()?.get() {
        0 | 1 => Err(io::Error::other("two cores are needed: one for the server, one for the load")),
        _ => Ok(()),
    }
}

/// What the processors did since they were started, all of them together, in ticks.
#[derive(Clone, Copy)]
struct Ticks {
    all: f64,
    idle: f64,
    /// Given to other guests by the host.
    stolen: f64,
}

impl Ticks {
    fn now() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let first = stat.lines().next().unwrap_or_default();
        // user nice system idle iowait irq softirq steal; what follows is part of user and nice.
        let ticks: Vec<f64> = first.split_whitespace().skip(1).take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        match ticks[..] {
            [_, _, _, idle, waiting, _, _, stolen] => {
                Ok(Self { all: ticks.iter().sum(), idle: idle + waiting, stolen })
            }
            _ => Err(io::Error::other("a /proc/stat without times")),
        }
    }

    /// The shares of the time since `earlier` in which somebody worked, and in which the host let others work.
    fn since(self, earlier: Self) -> (f64, f64) {
        let all = (self.all - earlier.all).max(1.0);
        (1.0 - (self.idle - earlier.idle) / all, (self.stolen - earlier.stolen) / all)
    }
}

/// How the machine was: looked at before the first run and after the last.
pub struct Watch {
    /// The share of the processors that others used.
    busy: f64,
    begun: Ticks,
}

impl Watch {
    /// Looks at the machine for a second, while nothing of ours runs.
    ///
    /// # Errors
    /// There is no `/proc/stat`.
    pub async fn begin() -> io::Result<Self> {
        let before = Ticks::now()?;
        sleep(Duration::from_secs(1)).await;
        let begun = Ticks::now()?;
        Ok(Self { busy: begun.since(before).0, begun })
    }

    /// Machine, versions and noise, in a few lines.
    ///
    /// # Errors
    /// There is no `/proc/stat`.
    pub fn describe(&self) -> io::Result<String> {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("unknown");
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let cores = thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let go = env::var(GO_VERSIONS).unwrap_or_else(|_| "no Go: its rows are missing".to_owned());
        let (_, stolen) = Ticks::now()?.since(self.begun);
        let noise = format!(
            "before the first run others used {:.0} % of the processors; during all of it the host took {:.1} %{}",
            self.busy * 100.0,
            stolen * 100.0,
            if self.busy > IDLE { ": the machine is busy, these figures mean little" } else { "" },
        );
        Ok(format!("{cpu}, {cores} cores, Linux {}\n{}\n{go}\n{noise}", kernel.trim(), crates()))
    }
}

/// From the lock file that this was built with.
fn crates() -> String {
    let lock = include_str!("../../Cargo.lock");
    let version = |name: &str| {
        let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")))?;
        let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
        Some(format!("{name} {}", version.trim_matches('"')))
    };
    CRATES.iter().filter_map(|name| version(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::Ticks;

    #[test]
    fn shares_are_of_the_time_between_two_looks() {
        let earlier = Ticks { all: 1000.0, idle: 800.0, stolen: 10.0 };
        let later = Ticks { all: 1200.0, idle: 950.0, stolen: 20.0 };
        assert_eq!(later.since(earlier), (0.25, 0.05));
    }

    #[test]
    fn every_crate_is_found_in_the_lock_file() {
        assert_eq!(super::crates().split(", ").count(), super::CRATES.len());
    }
}
