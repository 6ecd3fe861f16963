use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Layer, Observer};

use super::plan::Plan;
use super::settings::Settings;
use super::{Config, Event, Retrying, Verdict, Why};
use crate::budget::Budget;
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::tell::Tell;

/// Calls again what failed. Endpoints that one layer wraps share its counts and its budget. The default is that of the
/// configuration, with a budget of its own.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    state: Arc<State>,
    plan: Plan,
    tell: Tell<Event>,
}

/// What a layer's endpoints share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) counters: Arc<Counters>,
    pub(super) repeats: AtomicU64,
    pub(super) suppressed: AtomicU64,
    gave_up: [AtomicU64; Why::ALL.len()],
}

impl State {
    fn new(config: Config) -> Self {
        Self {
            settings: Settings::new(config),
            counters: Arc::default(),
            repeats: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
            gave_up: Default::default(),
        }
    }

    pub(super) fn count(&self, why: Why) {
        self.gave_up[why as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl RetryLayer {
    /// Repeats by these settings, on a default budget of its own.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::checked(config.check()?))
    }

    fn checked(config: Config) -> Self {
        let plan = Plan { budget: Budget::default(), random: Arc::new(ThreadRandom), decide: None };
        Self { state: Arc::new(State::new(config)), plan, tell: Tell::default() }
    }

    /// Spends this budget, which others may share: whatever repeats calls to the same callee should. It counts each call in it.
    #[must_use]
    pub fn budget(mut self, budget: &Budget) -> Self {
        self.plan.budget = budget.clone();
        self
    }

    /// Asks `decide` after every failed attempt, with the number of attempts that have failed, from 1, and the last one's error.
    /// Without it, [`Verdict::ByRule`].
    #[must_use]
    pub fn decide(mut self, decide: impl Fn(u32, &Error) -> Verdict + Send + Sync + 'static) -> Self {
        self.plan.decide = Some(Arc::new(decide));
        self
    }

    /// Draws pauses from `random`.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.plan.random = Arc::new(random);
        self
    }

    /// Tells `observer` of failed attempts: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle {
        Handle { state: Arc::clone(&self.state), budget: self.plan.budget.clone() }
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::checked(Config::default())
    }
}

impl Placed for RetryLayer {
    type Place = place::Retry;
}

impl<E> Layer<E> for RetryLayer {
    type Service = Retrying<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Retrying::new(inner, Arc::clone(&self.state), self.plan.clone(), self.tell.clone())
    }
}

/// Reads and changes a retry layer while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle {
    state: Arc<State>,
    budget: Budget,
}

impl Handle {
    /// Other settings, from the next attempt on, also of calls that run; counts and budget go on.
    ///
    /// # Errors
    /// As [`RetryLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.state.settings.set(config.check()?);
        Ok(())
    }

    /// The settings.
    pub fn config(&self) -> Config {
        self.state.settings.config()
    }

    /// What it spends.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        Stats {
            calls: self.state.counters.read(),
            repeats: self.state.repeats.load(Ordering::Relaxed),
            suppressed: self.state.suppressed.load(Ordering::Relaxed),
            gave_up: Why::ALL.map(|why| self.state.gave_up[why as usize].load(Ordering::Relaxed)),
        }
    }
}

/// Retries in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls so far, each by how it ended at last. None is refused here.
    pub calls: Counts,
    /// Attempts made besides the first of each call.
    pub repeats: u64,
    /// Calls that got one attempt alone, since whoever made them repeats already.
    pub suppressed: u64,
    gave_up: [u64; Why::ALL.len()],
}

impl Stats {
    /// Calls that failed for good, for this reason.
    pub fn gave_up(&self, why: Why) -> u64 {
        self.gave_up[why as usize]
    }
}
