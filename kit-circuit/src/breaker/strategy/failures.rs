use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use super::super::{Ratio, Reason};
use super::recent::Recent;
use super::{Call, Strategy, Verdict};
use crate::config::ConfigError;

/// Opens when too large a share of the last calls failed: steady, and slower than a row of failures.
#[derive(Debug)]
pub struct FailureRatio(Share);

impl FailureRatio {
    /// Looks at the calls of the ratio's window.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(ratio: Ratio) -> Result<Self, ConfigError> {
        ratio.check("failures")?;
        let new = Self::off();
        new.set(Some(ratio), 0, 0);
        Ok(new)
    }

    pub(super) fn off() -> Self {
        Self(Share::default())
    }

    pub(super) fn set(&self, ratio: Option<Ratio>, number: u64, at: u64) {
        self.0.set(ratio, number, at);
    }

    #[inline]
    pub(super) fn worked(&self, number: impl FnOnce() -> u64, at: Instant, made: Instant) {
        self.0.recent.worked(number, at, made);
    }

    #[inline]
    pub(super) fn numbers(&self) -> bool {
        self.0.numbers()
    }
}

impl Strategy for FailureRatio {
    #[inline]
    fn record(&self, call: &Call) -> Option<Reason> {
        let (failed, calls) = self.0.record(call, call.verdict() == Verdict::Failed)?;
        Some(Reason::Failures { failed, calls })
    }

    fn reset(&self, number: u64) {
        self.0.reset(number);
    }
}

/// A window, and how much of it may be bad.
#[derive(Debug, Default)]
pub(super) struct Share {
    recent: Recent,
    /// The bits of an `f64`.
    limit: AtomicU64,
    min_calls: AtomicU64,
}

impl Share {
    pub(super) fn set(&self, ratio: Option<Ratio>, number: u64, at: u64) {
        if let Some(ratio) = ratio {
            self.limit.store(ratio.ratio.to_bits(), Ordering::Relaxed);
            self.min_calls.store(u64::from(ratio.min_calls), Ordering::Relaxed);
        }
        self.recent.set(ratio.map(|ratio| ratio.window), number, at);
    }

    /// Looks, after a bad call only, whether they are too many; then says how many of how many.
    #[inline]
    pub(super) fn record(&self, call: &Call, bad: bool) -> Option<(u64, u64)> {
        self.recent.record(call, bad);
        if bad { self.judge(call) } else { None }
    }

    #[inline]
    pub(super) fn numbers(&self) -> bool {
        self.recent.numbers()
    }

    #[cold]
    fn judge(&self, call: &Call) -> Option<(u64, u64)> {
        let (bad, calls) = self.recent.seen(call.number(), call.nanos())?;
        let limit = f64::from_bits(self.limit.load(Ordering::Relaxed));
        let enough = calls >= self.min_calls.load(Ordering::Relaxed);
        (enough && bad as f64 >= limit * calls as f64).then_some((bad, calls))
    }

    pub(super) fn reset(&self, number: u64) {
        self.recent.reset(number);
    }
}
