//! How benches of fresh processes are asked for: how long each is measured, how often, and how they end.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

/// How long one run is, and how many there are of each subject.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What is not measured, at the start of each run. Default 2 s.
    pub warmup: Duration,
    /// What is. Default 5 s.
    pub window: Duration,
    /// Runs of each subject. Default 5.
    pub rounds: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { warmup: Duration::from_secs(2), window: Duration::from_secs(5), rounds: 5 }
    }
}

impl Plan {
    /// Takes `flag` if every bench has it: `--quick`, `--rounds N` (1 to 100), `--seconds S` (1 to 60). None if it is no such flag, or if
    /// its value, the next of `args`, is none of those.
    pub fn take(&mut self, flag: &str, args: &mut impl Iterator<Item = String>) -> Option<()> {
        match flag {
            "--quick" => *self = Self { warmup: Duration::from_millis(500), window: Duration::from_secs(1), rounds: 1 },
            "--rounds" => self.rounds = args.next()?.parse().ok().filter(|rounds| (1..=100).contains(rounds))?,
            "--seconds" => {
                let seconds = args.next()?.parse().ok().filter(|seconds| (1..=60).contains(seconds))?;
                self.window = Duration::from_secs(seconds);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Progress, for whoever waits; the table alone goes to stdout.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What a `main` answers that was not told what to do: after `usage`.
pub fn misused(usage: &str) -> ExitCode {
    tell(usage);
    ExitCode::from(2)
}

/// What the `main` of `bench` answers when that has ended so.
pub fn exit(bench: &str, ended: io::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("{bench}: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plan of these flags, each with its value.
    fn plan(flags: &[&str]) -> Option<(u128, u128, usize)> {
        let (mut plan, mut args) = (Plan::default(), flags.iter().map(|flag| (*flag).to_owned()));
        while let Some(flag) = args.next() {
            plan.take(&flag, &mut args)?;
        }
        Some((plan.warmup.as_millis(), plan.window.as_millis(), plan.rounds))
    }

    #[test]
    fn every_bench_may_be_quick_and_what_is_out_of_range_is_misuse() {
        assert_eq!(plan(&[]), Some((2_000, 5_000, 5)));
        assert_eq!(plan(&["--quick", "--rounds", "3"]), Some((500, 1_000, 3)));
        assert_eq!(plan(&["--seconds", "60"]), Some((2_000, 60_000, 5)));
        for wrong in
            [&["--only", "x"][..], &["--rounds"], &["--rounds", "0"], &["--seconds", "61"], &["--seconds", "x"]]
        {
            assert_eq!(plan(wrong), None, "{wrong:?}");
        }
    }
}
