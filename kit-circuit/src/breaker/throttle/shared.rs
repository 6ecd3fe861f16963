use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Code, Context, Error, Outcome, Retry};
use tokio::time::Instant;

use super::super::pass::{Ended, Ends};
use super::super::strategy::{Recent, nanos};
use super::super::{Call, Verdict, Window};
use super::{Config, Event, Throttled};
use crate::config::ConfigError;
use crate::counts::Counts;
use crate::live::Live;
use crate::tell::Tell;

/// One throttle.
pub(super) struct Shared {
    made: Instant,
    /// Calls that were not accepted, of the requests in the window.
    recent: Recent,
    config: Live<Config>,
    around: RwLock<Around>,
    counters: Counters,
}

pub(super) struct Around {
    pub(super) name: Option<Arc<str>>,
    pub(super) tell: Tell<Event>,
    pub(super) random: Arc<dyn Random>,
}

#[derive(Default)]
#[repr(align(128))]
struct Counters {
    /// Calls that ended with a word on the backend, and those refused here; their numbers.
    requests: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    cancelled: AtomicU64,
}

impl Shared {
    /// Of a config that was checked.
    pub(super) fn new(config: Config, around: Around) -> Self {
        let recent = Recent::default();
        recent.set(Some(Window::Time(config.window)), 0, 0);
        Self {
            made: Instant::now(),
            recent,
            config: Live::new(config),
            around: RwLock::new(around),
            counters: Counters::default(),
        }
    }

    pub(super) fn admit(&self, cx: &Context) -> Result<(), Error> {
        let now = self.nanos(cx.now());
        let chance = self.chance(now);
        if chance > 0.0 && self.around().random.unit() < chance {
            return Err(self.refuse(now, chance));
        }
        Ok(())
    }

    /// That a call is refused which comes now.
    fn chance(&self, now: u64) -> f64 {
        let (unaccepted, requests) = self.seen(now);
        // Nearly always.
        if unaccepted == 0 {
            return 0.0;
        }
        let config = self.config.load();
        let (requests, accepts) = (requests as f64, (requests - unaccepted) as f64);
        ((requests - config.k * accepts) / (requests + 1.0)).clamp(0.0, config.most)
    }

    pub(super) fn chance_at(&self, now: Instant) -> f64 {
        self.chance(self.nanos(now))
    }

    fn seen(&self, now: u64) -> (u64, u64) {
        self.recent.seen(self.counters.requests.load(Ordering::Relaxed), now).unwrap_or_default()
    }

    #[cold]
    fn refuse(&self, now: u64, chance: f64) -> Error {
        self.record(now, Verdict::Failed);
        self.counters.refused.fetch_add(1, Ordering::Release);
        let throttled = Throttled::new(chance);
        let around = self.around();
        around.tell.tell(|| Event::Refused { name: around.name.clone(), throttled });
        drop(around);
        // It did not run.
        Error::boundary(Code::Unavailable, throttled).with_outcome(Outcome::Rejected).with_retry(Retry::Safe)
    }

    fn record(&self, now: u64, verdict: Verdict) {
        let number = self.counters.requests.fetch_add(1, Ordering::Relaxed) + 1;
        self.recent.record(&Call::at_nanos(number, now, verdict), verdict == Verdict::Failed);
    }

    pub(super) fn set(&self, config: Config) -> Result<(), ConfigError> {
        let config = config.check()?;
        let number = self.counters.requests.load(Ordering::Relaxed);
        self.recent.set(Some(Window::Time(config.window)), number, self.nanos(Instant::now()));
        self.config.set(config);
        Ok(())
    }

    pub(super) fn config(&self) -> Config {
        **self.config.load()
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (failed, refused, cancelled) =
            (of(&self.counters.failed), of(&self.counters.refused), of(&self.counters.cancelled));
        // Read after its parts, it is at least their sum; a refusal that is being counted may be in it for an instant.
        let ok = of(&self.counters.requests) - failed - refused;
        Counts { admitted: ok + failed + cancelled, refused, ok, failed, cancelled }
    }

    pub(super) fn around(&self) -> RwLockReadGuard<'_, Around> {
        self.around.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change_around(&self, change: impl FnOnce(&mut Around)) {
        change(&mut self.around.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn nanos(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.made))
    }
}

impl Ends for Shared {
    type Ticket = ();

    fn counts((): ()) -> bool {
        true
    }

    fn asks_more(&self) -> bool {
        false
    }

    fn worked(&self, (): (), at: Instant) {
        self.record(self.nanos(at), Verdict::Worked);
    }

    fn slow_after(&self) -> Option<Duration> {
        None
    }

    fn end(&self, (): (), ended: Ended) {
        self.record(self.nanos(ended.at), ended.verdict);
        if ended.verdict == Verdict::Failed {
            self.counters.failed.fetch_add(1, Ordering::Release);
        }
    }

    fn end_without_word(&self, (): ()) {
        self.counters.cancelled.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("name", &self.around().name)
            .field("config", &self.config)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
