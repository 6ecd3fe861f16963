use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, SeededRandom};
use kit_core::{Layer, Observer};

use super::{Chaos, Config, Event, Fault};
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::tell::Tell;

/// Injects faults, once it is armed and its settings are enabled. Every endpoint it wraps shares both, and the counts. The
/// default is that of the configuration: nothing.
#[derive(Clone)]
pub struct ChaosLayer {
    shared: Arc<Shared>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
}

impl ChaosLayer {
    /// These faults, not yet armed.
    ///
    /// # Errors
    /// [`ConfigError`] for a share outside 0.0 to 1.0, for faults that add up to more than all calls, and for a shortest
    /// wait above the longest.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::with(config.check()?))
    }

    fn with(config: Config) -> Self {
        let shared = Shared { config: Live::new(config), ..Shared::default() };
        // A run that found something can be run again, without anybody having noted its seed.
        Self { shared: Arc::new(shared), random: Arc::new(SeededRandom::new(0)), tell: Tell::default() }
    }

    /// Where the chances of the endpoints that are wrapped after this come from. Default: a source seeded with 0, so that
    /// each run of a program meets the same faults.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Tells `observer` of each fault: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// The second of the two switches, on.
    #[must_use]
    pub fn arm(self) -> Self {
        self.handle().arm();
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Default for ChaosLayer {
    fn default() -> Self {
        Self::with(Config::default())
    }
}

impl<E> Layer<E> for ChaosLayer {
    type Service = Chaos<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Chaos::new(inner, Arc::clone(&self.shared), Arc::clone(&self.random), self.tell.clone())
    }
}

impl Placed for ChaosLayer {
    type Place = place::Any;
}

impl fmt::Debug for ChaosLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChaosLayer").field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// What the endpoints of one layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Live<Config>,
    armed: AtomicBool,
    pub(super) calls: Arc<Counters>,
    latencies: AtomicU64,
    errors: AtomicU64,
    hangs: AtomicU64,
    panics: AtomicU64,
}

impl Shared {
    /// The settings, if both switches are on.
    pub(super) fn on(&self) -> Option<Config> {
        if !self.armed.load(Ordering::Relaxed) {
            return None;
        }
        Some(**self.config.load()).filter(|config| config.enabled)
    }

    pub(super) fn count(&self, fault: Fault) {
        let counter = match fault {
            Fault::Latency(_) => &self.latencies,
            Fault::Error(_) => &self.errors,
            Fault::Hang => &self.hangs,
            Fault::Panic => &self.panics,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            config: Live::new(Config::default()),
            armed: AtomicBool::new(false),
            calls: Arc::default(),
            latencies: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            hangs: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }
}

/// Reads and changes chaos while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Changes the faults, for the calls that begin from now on. Counts, the source of chance and [`arm`](Self::arm) stay.
    ///
    /// # Errors
    /// As [`ChaosLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.config.set(config.check()?);
        Ok(())
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// The second of the two switches, on.
    pub fn arm(&self) {
        self.0.armed.store(true, Ordering::Relaxed);
    }

    /// The second of the two switches, off: calls that begin from now on meet no fault.
    pub fn disarm(&self) {
        self.0.armed.store(false, Ordering::Relaxed);
    }

    /// Whether faults happen: it is armed, and its settings are enabled.
    pub fn is_on(&self) -> bool {
        self.0.on().is_some()
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        let [latencies, errors, hangs, panics] = [&self.0.latencies, &self.0.errors, &self.0.hangs, &self.0.panics]
            .map(|counter| counter.load(Ordering::Relaxed));
        Stats { calls: self.0.calls.read(), latencies, errors, hangs, panics }
    }
}

/// Chaos in numbers. Nobody is refused; calls are counted only while it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The calls, by how they ended, whether they met a fault or not.
    pub calls: Counts,
    /// Calls that were made to wait first.
    pub latencies: u64,
    /// Calls that failed on purpose.
    pub errors: u64,
    /// Calls that were left to hang.
    pub hangs: u64,
    /// Calls that were made to panic.
    pub panics: u64,
}
