use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{ByOutcome, Layer, Observer};

use super::shared::{Around, Shared};
use super::{Breaker, Config, Event, Handle, Strategy};
use crate::config::ConfigError;
use crate::tell::Tell;

/// Wraps endpoints in [`Breaker`]; every endpoint it makes, and every clone of it, shares one breaker. The default is that of the
/// [`Config`].
#[derive(Clone, Debug)]
pub struct BreakerLayer<C = ByOutcome> {
    shared: Arc<Shared>,
    classify: C,
}

impl BreakerLayer {
    /// A closed breaker.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range, and if nothing would ever open it.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.opens()?;
        Ok(Self::of(config.check()?, None))
    }

    /// A closed breaker that a strategy of one's own opens as well, or several in a pair.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn with(config: Config, strategy: impl Strategy + 'static) -> Result<Self, ConfigError> {
        Ok(Self::of(config.check()?, Some(Box::new(strategy))))
    }

    /// The breaker that Go kit's users have: [`Config::gobreaker`].
    pub fn gobreaker() -> Self {
        Self::of(Config::gobreaker(), None)
    }

    fn of(config: Config, extra: Option<Box<dyn Strategy>>) -> Self {
        let around = Around { name: None, tell: Tell::default(), random: Arc::new(ThreadRandom) };
        Self { shared: Arc::new(Shared::new(config, extra, around)), classify: ByOutcome }
    }
}

impl<C> BreakerLayer<C> {
    /// The name under which its events are told.
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.shared.change_around(|around| around.name = Some(name.into()));
        self
    }

    /// Tells of every change, and of every refusal. In place of an earlier observer; for two, a pair.
    #[must_use]
    pub fn observe(self, observer: impl Observer<Event> + 'static) -> Self {
        self.shared.change_around(|around| around.tell = Tell::new(observer));
        self
    }

    /// Where the jitter of the open time comes from. Default [`ThreadRandom`].
    #[must_use]
    pub fn random(self, random: impl Random + 'static) -> Self {
        self.shared.change_around(|around| around.random = Arc::new(random));
        self
    }

    /// Who says how a call ended. Default [`ByOutcome`].
    pub fn classify<D>(self, classify: D) -> BreakerLayer<D> {
        BreakerLayer { shared: self.shared, classify }
    }

    /// Reads the breaker, and sets it.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }
}

impl Default for BreakerLayer {
    fn default() -> Self {
        Self::of(Config::default(), None)
    }
}

impl<E, C: Clone> Layer<E> for BreakerLayer<C> {
    type Service = Breaker<E, C>;

    fn layer(&self, inner: E) -> Self::Service {
        Breaker::new(inner, Arc::clone(&self.shared), self.classify.clone())
    }
}

impl<C> Placed for BreakerLayer<C> {
    type Place = place::Breaker;
}
