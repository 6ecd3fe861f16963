use std::sync::atomic::{AtomicU32, Ordering};

use super::super::Reason;
use super::{Call, Strategy, Verdict};
use crate::config::ConfigError;

/// Opens on so many failures in a row: quick, and blind to a backend that fails every other call.
///
/// Whatever worked ends the row; an abandoned call does not.
#[derive(Debug)]
pub struct ConsecutiveFailures {
    /// Zero is never.
    limit: AtomicU32,
    row: AtomicU32,
}

impl ConsecutiveFailures {
    /// Opens on the failure that makes the row `limit` long.
    ///
    /// # Errors
    /// [`ConfigError`] for a limit of zero.
    pub fn new(limit: u32) -> Result<Self, ConfigError> {
        check(limit)?;
        let new = Self::off();
        new.set(Some(limit));
        Ok(new)
    }

    pub(super) fn off() -> Self {
        Self { limit: AtomicU32::new(0), row: AtomicU32::new(0) }
    }

    #[inline]
    pub(super) fn worked(&self) {
        // Read first: a store on every success would take the line from the other threads.
        if self.row.load(Ordering::Relaxed) != 0 {
            self.row.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn set(&self, limit: Option<u32>) {
        self.limit.store(limit.unwrap_or(0), Ordering::Relaxed);
    }
}

/// `consecutive` of a config.
pub(crate) fn check(limit: u32) -> Result<(), ConfigError> {
    if limit == 0 { Err(ConfigError::new("consecutive", limit, "at least 1")) } else { Ok(()) }
}

impl Strategy for ConsecutiveFailures {
    #[inline]
    fn record(&self, call: &Call) -> Option<Reason> {
        match call.verdict() {
            Verdict::Worked => {
                self.worked();
                None
            }
            Verdict::Abandoned => None,
            Verdict::Failed => {
                let limit = self.limit.load(Ordering::Relaxed);
                let failures = self.row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                (limit != 0 && failures >= limit).then_some(Reason::Consecutive { failures })
            }
        }
    }

    fn reset(&self, _number: u64) {
        self.row.store(0, Ordering::Relaxed);
    }
}
