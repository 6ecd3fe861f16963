use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{ByOutcome, Layer, Observer};
use tokio::time::Instant;

use super::shared::{Around, Shared};
use super::{Config, Throttle, Throttled};
use crate::config::ConfigError;
use crate::counts::Counts;
use crate::tell::Tell;

/// Wraps endpoints in [`Throttle`]; every endpoint it makes, and every clone of it, shares one throttle. The default is that of the
/// [`Config`].
#[derive(Clone, Debug)]
pub struct ThrottleLayer<C = ByOutcome> {
    shared: Arc<Shared>,
    classify: C,
}

/// What a throttle tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It turned a call away.
    #[non_exhaustive]
    Refused {
        /// The throttle's name, if it has one.
        name: Option<Arc<str>>,
        /// What the caller was told.
        throttled: Throttled,
    },
}

/// Reads a throttle, and sets it. Clones are of one throttle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl ThrottleLayer {
    /// A throttle that has seen nothing, and refuses nothing.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::of(config.check()?))
    }

    fn of(config: Config) -> Self {
        let around = Around { name: None, tell: Tell::default(), random: Arc::new(ThreadRandom) };
        Self { shared: Arc::new(Shared::new(config, around)), classify: ByOutcome }
    }
}

impl<C> ThrottleLayer<C> {
    /// The name under which its events are told.
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.shared.change_around(|around| around.name = Some(name.into()));
        self
    }

    /// Tells of every refusal. In place of an earlier observer; for two, a pair.
    #[must_use]
    pub fn observe(self, observer: impl Observer<Event> + 'static) -> Self {
        self.shared.change_around(|around| around.tell = Tell::new(observer));
        self
    }

    /// Where the dice come from. Default [`ThreadRandom`].
    #[must_use]
    pub fn random(self, random: impl Random + 'static) -> Self {
        self.shared.change_around(|around| around.random = Arc::new(random));
        self
    }

    /// Who says how a call ended. Default [`ByOutcome`].
    pub fn classify<D>(self, classify: D) -> ThrottleLayer<D> {
        ThrottleLayer { shared: self.shared, classify }
    }

    /// Reads the throttle, and sets it.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Default for ThrottleLayer {
    fn default() -> Self {
        Self::of(Config::default())
    }
}

impl<E, C: Clone> Layer<E> for ThrottleLayer<C> {
    type Service = Throttle<E, C>;

    fn layer(&self, inner: E) -> Self::Service {
        Throttle::new(inner, Arc::clone(&self.shared), self.classify.clone())
    }
}

/// It learns as a breaker does, and stands where one does.
impl<C> Placed for ThrottleLayer<C> {
    type Place = place::Breaker;
}

impl Handle {
    /// The chance that a call is refused which comes now, `[0.0, 1.0]`.
    pub fn chance(&self) -> f64 {
        self.0.chance_at(Instant::now())
    }

    /// What went through since it was made. A call is counted, as admitted too, when it has ended.
    pub fn stats(&self) -> Counts {
        self.0.counts()
    }

    /// The settings it goes by.
    pub fn config(&self) -> Config {
        self.0.config()
    }

    /// Goes by other settings from now on. What was counted is kept: in a window of another length, as if it had just come.
    ///
    /// # Errors
    /// [`ConfigError`] as for a new throttle; nothing has changed then.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config)
    }
}
