use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::{Reason, Slow};
use super::call::nanos;
use super::failures::Share;
use super::{Call, Strategy};
use crate::config::ConfigError;

/// Opens when too large a share of the last calls was slow, however they ended: a slow backend takes its callers down
/// as surely as a failing one.
#[derive(Debug)]
pub struct SlowCalls {
    /// Nanoseconds; zero is never.
    over: AtomicU64,
    share: Share,
}

impl SlowCalls {
    /// Looks at the calls of the ratio's window.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(slow: Slow) -> Result<Self, ConfigError> {
        slow.check()?;
        let new = Self::off();
        new.set(Some(slow), 0, 0);
        Ok(new)
    }

    pub(super) fn off() -> Self {
        Self { over: AtomicU64::new(0), share: Share::default() }
    }

    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.over.load(Ordering::Relaxed) != 0
    }

    #[inline]
    pub(super) fn numbers(&self) -> bool {
        self.is_on() && self.share.numbers()
    }

    pub(super) fn set(&self, slow: Option<Slow>, number: u64, at: u64) {
        self.over.store(slow.map_or(0, |slow| nanos(slow.over)), Ordering::Relaxed);
        self.share.set(slow.map(|slow| slow.ratio()), number, at);
    }
}

impl Strategy for SlowCalls {
    #[inline]
    fn record(&self, call: &Call) -> Option<Reason> {
        let over = self.slow_after()?;
        let bad = call.took().is_some_and(|took| took >= over);
        let (slow, calls) = self.share.record(call, bad)?;
        Some(Reason::Slow { slow, calls })
    }

    fn reset(&self, number: u64) {
        self.share.reset(number);
    }

    #[inline]
    fn slow_after(&self) -> Option<Duration> {
        match self.over.load(Ordering::Relaxed) {
            0 => None,
            over => Some(Duration::from_nanos(over)),
        }
    }
}
