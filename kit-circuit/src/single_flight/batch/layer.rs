use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::{Endpoint, Layer, Observer};

use super::super::endpoint::Landed;
use super::super::layer::Common;
use super::super::{Config, Event, Stats};
use super::BatchFlight;
use crate::config::ConfigError;
use crate::tell::Tell;

/// How a batch lands.
pub(super) type Rows<K, V> = Landed<Arc<HashMap<K, V>>>;

/// Asks for each key once at a time. Every endpoint it wraps shares its flights: make one for each operation.
pub struct BatchFlightLayer<K, V> {
    shared: Arc<Common<K, Rows<K, V>>>,
    tell: Tell<Event>,
}

impl<K, V> BatchFlightLayer<K, V> {
    /// Flights take no longer than the limit.
    ///
    /// # Errors
    /// [`ConfigError`] for a limit of zero.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { shared: Arc::new(Common::new(config.check()?)), tell: Tell::default() })
    }

    /// Tells `observer` of flights that fail or are abandoned: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle<K, V> {
        Handle(Arc::clone(&self.shared))
    }
}

impl<E, K, V> Layer<E> for BatchFlightLayer<K, V>
where
    E: Endpoint<Vec<K>, Response = HashMap<K, V>>,
{
    type Service = BatchFlight<E, K, V>;

    fn layer(&self, inner: E) -> Self::Service {
        BatchFlight::new(inner, Arc::clone(&self.shared), self.tell.clone())
    }
}

impl<K, V> Placed for BatchFlightLayer<K, V> {
    type Place = place::SingleFlight;
}

impl<K, V> Clone for BatchFlightLayer<K, V> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), tell: self.tell.clone() }
    }
}

impl<K, V> fmt::Debug for BatchFlightLayer<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchFlightLayer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// Reads and changes single flight of batches while it runs. Clones are one handle.
pub struct Handle<K, V>(Arc<Common<K, Rows<K, V>>>);

impl<K, V> Handle<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Changes the limit, for the flights that begin from now on. Counts go on.
    ///
    /// # Errors
    /// As [`BatchFlightLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config)
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// Who asks for `key` from now on begins a flight anew.
    pub fn forget(&self, key: &K) {
        self.0.flights.forget(key);
    }

    /// What has been seen so far: `joined` and `under_way` in keys.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl<K, V> Clone for Handle<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Handle<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("config", &self.0.config).finish_non_exhaustive()
    }
}
