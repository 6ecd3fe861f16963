use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::order::{Placed, place};
use kit_core::{Layer, Method, Observer};

use super::{Config, Replicating};
use crate::budget::Budget;
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::tell::Tell;

/// What an observer of replicated calls hears of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A call went out in fewer copies than it was to have: the budget is spent.
    Spent {
        /// What is being called.
        method: Option<&'static Method>,
        /// How many copies went out.
        copies: u32,
    },
}

/// Sends each call several times at once. Endpoints that one layer wraps share its budget and its counts. The default is that
/// of the configuration.
#[derive(Clone, Debug)]
pub struct ReplicateLayer {
    state: Arc<State>,
    shared: Option<Budget>,
    tell: Tell<Event>,
}

/// What a layer's endpoints share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) config: Live<Config>,
    /// The layer's own: a share of the calls that it sees.
    pub(super) budget: Budget,
    pub(super) counters: Arc<Counters>,
    pub(super) sent: AtomicU64,
    pub(super) spent: AtomicU64,
}

impl ReplicateLayer {
    /// Replicates by these settings.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::checked(config.check()?))
    }

    fn checked(config: Config) -> Self {
        let state = State {
            config: Live::new(config),
            budget: Budget::checked(config.budget(), ""),
            counters: Arc::default(),
            sent: AtomicU64::new(0),
            spent: AtomicU64::new(0),
        };
        Self { state: Arc::new(state), shared: None, tell: Tell::default() }
    }

    /// Spends this budget besides its own: that of the [retry](crate::retry::RetryLayer::budget) outside, which counts the
    /// calls in it.
    #[must_use]
    pub fn budget(mut self, budget: &Budget) -> Self {
        self.shared = Some(budget.clone());
        self
    }

    /// Tells `observer` of copies that were not sent: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.state))
    }
}

impl Default for ReplicateLayer {
    fn default() -> Self {
        Self::checked(Config::default())
    }
}

impl Placed for ReplicateLayer {
    type Place = place::Hedge;
}

impl<E> Layer<E> for ReplicateLayer {
    type Service = Replicating<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Replicating::new(inner, Arc::clone(&self.state), self.shared.clone(), self.tell.clone())
    }
}

/// Reads and changes a replicating layer while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<State>);

impl Handle {
    /// Other settings, for calls that begin after this; counts and what was spent go on.
    ///
    /// # Errors
    /// As [`ReplicateLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        let config = config.check()?;
        self.0.budget.set(config.budget())?;
        self.0.config.set(config);
        Ok(())
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        Stats {
            calls: self.0.counters.read(),
            sent: self.0.sent.load(Ordering::Relaxed),
            spent: self.0.spent.load(Ordering::Relaxed),
        }
    }
}

/// Replicated calls in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls so far, each by how it ended. None is refused here.
    pub calls: Counts,
    /// Copies sent besides the first of each call.
    pub sent: u64,
    /// Calls that went out in fewer copies, since a budget was spent.
    pub spent: u64,
}
