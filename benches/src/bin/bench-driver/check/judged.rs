//! What came of it, in figures.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What the checker found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    pub(crate) calls: u64,
    /// Got an error.
    pub(crate) failed: u64,
    /// How often each, by outcome and code.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) lost: u64,
    /// Of these, ended later than 100 ms after the deadline.
    pub(crate) late: u64,
    /// Of these, have no line.
    pub(crate) missing: u64,
    pub(crate) doubled: u64,
    /// Executions of these calls.
    pub(crate) executed: u64,
    /// Calls that were executed more than once, whether they could be or not.
    pub(crate) repeated: u64,
    /// Successes that no instance knows of: a ledger is missing, or the client lies.
    pub(crate) unexecuted: u64,
    /// How many calls took so many attempts.
    pub(crate) attempts: BTreeMap<u32, u64>,
    /// In nanoseconds, in order.
    pub(super) latencies: Vec<u64>,
    pub(crate) shares: BTreeMap<String, Share>,
}

/// What one instance got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Calls that it executed, whoever made them.
    pub(crate) executed: u64,
    /// Calls of which an attempt went to it.
    pub(crate) touched: u64,
}

impl Judged {
    pub(crate) fn attempts_per_call(&self) -> f64 {
        let attempts: u64 = self.attempts.iter().map(|(attempts, calls)| u64::from(*attempts) * calls).sum();
        attempts as f64 / self.calls.max(1) as f64
    }

    /// The latency that this share of the calls does not exceed, within `(0.0, 1.0]`; zero without calls.
    pub(crate) fn latency(&self, share: f64) -> Duration {
        let rank = (self.latencies.len() as f64 * share).ceil() as usize;
        Duration::from_nanos(self.latencies.get(rank.saturating_sub(1)).copied().unwrap_or(0))
    }

    /// The share of all that was executed that `instance` executed, within `[0.0, 1.0]`.
    pub(crate) fn share(&self, instance: &str) -> f64 {
        let all: u64 = self.shares.values().map(|share| share.executed).sum();
        self.shares.get(instance).map_or(0, |share| share.executed) as f64 / all.max(1) as f64
    }

    /// The share of the calls of which an attempt went to `instance`, within `[0.0, 1.0]`.
    pub(crate) fn touched(&self, instance: &str) -> f64 {
        self.shares.get(instance).map_or(0, |share| share.touched) as f64 / self.calls.max(1) as f64
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, failed, lost, late, missing, doubled, executed, repeated, unexecuted, .. } = self;
        writeln!(f, "calls       {calls}, {} answered", calls - failed)?;
        let errors: Vec<String> = self.errors.iter().map(|(error, count)| format!("{count} {error}")).collect();
        writeln!(f, "failed      {failed}{}{}", if errors.is_empty() { "" } else { ": " }, errors.join(", "))?;
        writeln!(f, "lost        {lost}, of them {late} late, {missing} without a line")?;
        writeln!(f, "doubled     {doubled}")?;
        writeln!(
            f,
            "executed    {executed} times; {repeated} calls more than once, {unexecuted} answered that nobody executed"
        )?;
        let spread: Vec<String> =
            self.attempts.iter().map(|(attempts, calls)| format!("{attempts}: {calls}")).collect();
        writeln!(f, "attempts    {:.4} a call; calls of {}", self.attempts_per_call(), spread.join(", "))?;
        write!(f, "latency ms ")?;
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)] {
            write!(f, " {name} {:.2}", self.latency(share).as_secs_f64() * 1e3)?;
        }
        writeln!(f)?;
        for (instance, Share { executed, touched }) in &self.shares {
            writeln!(
                f,
                "share       {instance}: {:.2} % of what was executed ({executed}), {:.2} % of the calls went there ({touched})",
                self.share(instance) * 100.0,
                self.touched(instance) * 100.0,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(latencies: Vec<u64>) -> Judged {
        Judged { calls: latencies.len() as u64, latencies, ..Judged::default() }
    }

    #[test]
    fn a_percentile_is_the_least_latency_that_so_many_calls_do_not_exceed() {
        let hundred = of((1..=100).collect());
        for (share, nanos) in [(0.5, 50), (0.9, 90), (0.99, 99), (0.999, 100), (1.0, 100)] {
            assert_eq!(hundred.latency(share), Duration::from_nanos(nanos), "{share}");
        }
        assert_eq!(of(vec![7]).latency(0.5), Duration::from_nanos(7));
        assert_eq!(of(vec![1, 2]).latency(0.5), Duration::from_nanos(1));
        assert_eq!(of(vec![]).latency(0.99), Duration::ZERO);
    }

    #[test]
    fn nothing_to_divide_by_is_no_share() {
        let nothing = Judged::default();
        assert_eq!((nothing.share("a"), nothing.touched("a"), nothing.attempts_per_call()), (0.0, 0.0, 0.0));
    }

    #[test]
    fn what_is_printed_has_each_figure_by_its_name() {
        let mut judged = of(vec![1_000_000, 3_000_000]);
        judged.attempts = BTreeMap::from([(1, 1), (2, 1)]);
        judged.failed = 1;
        judged.errors = BTreeMap::from([("backend_error Unavailable".to_owned(), 1)]);
        judged.shares.insert("a".to_owned(), Share { executed: 2, touched: 1 });
        let text = judged.to_string();
        for line in [
            "calls       2, 1 answered\n",
            "failed      1: 1 backend_error Unavailable\n",
            "lost        0, of them 0 late, 0 without a line\n",
            "attempts    1.5000 a call; calls of 1: 1, 2: 1\n",
            "latency ms  p50 1.00 p90 3.00 p99 3.00 p99.9 3.00 max 3.00\n",
            "share       a: 100.00 % of what was executed (2), 50.00 % of the calls went there (1)\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
