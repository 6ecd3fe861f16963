use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::{Layer, Observer};

use super::places::Places;
use super::{Bulkhead, Config, Event};
use crate::config::ConfigError;
use crate::counts::Counts;
use crate::tell::Tell;

/// Lets so many calls run at once. Every endpoint it wraps shares its places: make one for each dependency. The default is
/// that of the configuration.
#[derive(Clone, Debug)]
pub struct BulkheadLayer {
    places: Arc<Places>,
    tell: Tell<Event>,
}

impl BulkheadLayer {
    /// Calls run and wait within these bounds.
    ///
    /// # Errors
    /// [`ConfigError`] for no place at all, and for a wait of zero: a queue of 0 says that.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { places: Arc::new(Places::new(config.check()?)), tell: Tell::default() })
    }

    /// Tells `observer` of refusals: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.places))
    }
}

impl Default for BulkheadLayer {
    fn default() -> Self {
        Self { places: Arc::new(Places::new(Config::default())), tell: Tell::default() }
    }
}

impl<E> Layer<E> for BulkheadLayer {
    type Service = Bulkhead<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Bulkhead::new(inner, Arc::clone(&self.places), self.tell.clone())
    }
}

impl Placed for BulkheadLayer {
    type Place = place::Bulkhead;
}

/// Reads and changes a bulkhead while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Places>);

impl Handle {
    /// Changes the bounds. More places are there at once, for those who wait first; fewer are reached as calls end, since no
    /// running call loses its own. Who waits already does so by the old bounds. Counts go on.
    ///
    /// # Errors
    /// As [`BulkheadLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config.check()?);
        Ok(())
    }

    /// The bounds.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        Stats { calls: self.0.counters.read(), taken: self.0.taken(), waiting: self.0.waiting() }
    }
}

/// A bulkhead in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls so far. One that its caller abandoned in the queue counts as refused: it never got in.
    pub calls: Counts,
    /// Places taken now.
    pub taken: usize,
    /// Calls waiting now.
    pub waiting: usize,
}
