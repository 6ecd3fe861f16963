use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Config;
use crate::counts::Counters;

/// What one layer's endpoints share. Every call reads it: durations are single words, of nanoseconds.
#[derive(Debug)]
pub(super) struct State {
    max: AtomicU64,
    default: AtomicU64,
    elapsed: AtomicU64,
    pub(super) calls: Arc<Counters>,
}

/// Longer than any process lives, and than a word of nanoseconds holds.
const NONE: u64 = u64::MAX;

impl State {
    pub(super) fn new(config: Config) -> Self {
        let (max, default, elapsed) = (AtomicU64::new(NONE), AtomicU64::new(NONE), AtomicU64::new(0));
        let state = Self { max, default, elapsed, calls: Arc::default() };
        state.set(config);
        state
    }

    pub(super) fn set(&self, config: Config) {
        for (word, given) in [(&self.max, config.max), (&self.default, config.default)] {
            let nanos = given.and_then(|given| u64::try_from(given.as_nanos()).ok()).unwrap_or(NONE);
            word.store(nanos, Ordering::Relaxed);
        }
    }

    pub(super) fn max(&self) -> Option<Duration> {
        duration(self.max.load(Ordering::Relaxed))
    }

    /// What a call has whose caller says nothing: never more than `max`, also while the two change.
    pub(super) fn default(&self) -> Option<Duration> {
        duration(self.default.load(Ordering::Relaxed).min(self.max.load(Ordering::Relaxed)))
    }

    /// One more call was given up on.
    pub(super) fn elapse(&self) {
        self.elapsed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn elapsed(&self) -> u64 {
        self.elapsed.load(Ordering::Relaxed)
    }

    pub(super) fn config(&self) -> Config {
        Config { max: self.max(), default: duration(self.default.load(Ordering::Relaxed)) }
    }
}

fn duration(nanos: u64) -> Option<Duration> {
    (nanos != NONE).then(|| Duration::from_nanos(nanos))
}
