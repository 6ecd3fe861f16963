use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit_core::Context;
use tokio::time::Instant;

use super::Config;
use crate::live::Live;

/// A config, of which what every call needs is in a word beside it: to read it all costs more than the rest of a call that succeeds.
#[derive(Debug)]
pub(super) struct Settings {
    config: Live<Config>,
    first: AtomicU64,
    /// Held while both are written, so that they agree.
    setting: Mutex<()>,
}

/// What is needed before anything has failed: `per_try` in nanoseconds above, whether there is one attempt alone in bit 0.
#[derive(Clone, Copy)]
pub(super) struct First(u64);

/// Longer than any process lives: no limit.
const NONE: u64 = u64::MAX >> 1;

impl Settings {
    pub(super) fn new(config: Config) -> Self {
        Self { config: Live::new(config), first: AtomicU64::new(First::of(&config).0), setting: Mutex::default() }
    }

    pub(super) fn set(&self, config: Config) {
        let _setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        self.config.set(config);
        self.first.store(First::of(&config).0, Ordering::Relaxed);
    }

    pub(super) fn config(&self) -> Config {
        **self.config.load()
    }

    pub(super) fn first(&self) -> First {
        First(self.first.load(Ordering::Relaxed))
    }
}

impl First {
    fn of(config: &Config) -> Self {
        let limit = config.per_try.and_then(|limit| u64::try_from(limit.as_nanos()).ok()).unwrap_or(NONE);
        Self(limit.min(NONE) << 1 | u64::from(config.attempts == 1))
    }

    /// Nothing is repeated.
    pub(super) fn is_only(self) -> bool {
        self.0 & 1 == 1
    }

    /// The latest end of an attempt that begins now; the caller's deadline may be earlier.
    pub(super) fn latest(self, cx: &Context) -> Option<Instant> {
        let limit = self.0 >> 1;
        if limit == NONE { None } else { cx.now().checked_add(Duration::from_nanos(limit)) }
    }
}
