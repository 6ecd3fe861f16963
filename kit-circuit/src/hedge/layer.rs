use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit_core::order::{Placed, place};
use kit_core::{Layer, Observer};

use super::latencies::Latencies;
use super::{Config, Event, Hedging};
use crate::budget::Budget;
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::tell::Tell;

/// Sends a second attempt when the first is slow. Endpoints that one layer wraps share its measure of what slow is, so make
/// one for each method, or for methods that are alike; and its budget. The default is that of the configuration.
#[derive(Clone, Debug)]
pub struct HedgeLayer {
    state: Arc<State>,
    shared: Option<Budget>,
    tell: Tell<Event>,
}

/// What a layer's endpoints share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) config: Live<Config>,
    pub(super) latencies: Latencies,
    /// The layer's own: a share of the calls that it sees.
    pub(super) budget: Budget,
    pub(super) counters: Arc<Counters>,
    pub(super) sent: AtomicU64,
    pub(super) won: AtomicU64,
    pub(super) spent: AtomicU64,
}

impl HedgeLayer {
    /// Hedges by these settings.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::checked(config.check()?))
    }

    fn checked(config: Config) -> Self {
        let state = State {
            config: Live::new(config),
            latencies: Latencies::default(),
            budget: Budget::checked(config.budget(), ""),
            counters: Arc::default(),
            sent: AtomicU64::new(0),
            won: AtomicU64::new(0),
            spent: AtomicU64::new(0),
        };
        Self { state: Arc::new(state), shared: None, tell: Tell::default() }
    }

    /// Spends this budget besides its own: that of the [retry](crate::retry::RetryLayer::budget) outside, which counts the
    /// calls in it. So the two together send no more than it allows.
    #[must_use]
    pub fn budget(mut self, budget: &Budget) -> Self {
        self.shared = Some(budget.clone());
        self
    }

    /// Tells `observer` of hedges: on the endpoints that are wrapped after this.
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

impl Default for HedgeLayer {
    fn default() -> Self {
        Self::checked(Config::default())
    }
}

impl Placed for HedgeLayer {
    type Place = place::Hedge;
}

impl<E> Layer<E> for HedgeLayer {
    type Service = Hedging<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Hedging::new(inner, Arc::clone(&self.state), self.shared.clone(), self.tell.clone())
    }
}

/// Reads and changes a hedge while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<State>);

impl Handle {
    /// Other settings, for calls that begin after this; counts, measure and what was spent go on. Another percentile is known
    /// after the next few calls.
    ///
    /// # Errors
    /// As [`HedgeLayer::new`]; then nothing has changed.
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
            won: self.0.won.load(Ordering::Relaxed),
            spent: self.0.spent.load(Ordering::Relaxed),
            delay: self.0.delay(&self.config()),
        }
    }
}

/// Hedges in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls so far, each by how it ended. None is refused here.
    pub calls: Counts,
    /// Attempts sent besides the first of each call.
    pub sent: u64,
    /// Those that were answered first.
    pub won: u64,
    /// Those that were not sent, since a budget was spent.
    pub spent: u64,
    /// How long the first attempt has now; none as long as that is not known.
    pub delay: Option<Duration>,
}
