use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Endpoint, Layer, Observer};

use super::super::state::State;
use super::super::{Config, Event, Handle};
use super::BatchCache;
use crate::config::ConfigError;
use crate::tell::Tell;

/// Keeps the rows of batches. Every endpoint it wraps shares its entries: make one for each operation.
pub struct BatchCacheLayer<K, V> {
    state: Arc<State<K, V>>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
}

impl<K, V> BatchCacheLayer<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Keeps rows as the config says.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { state: Arc::new(State::new(config)?), random: Arc::new(ThreadRandom), tell: Tell::default() })
    }
}

impl<K, V> BatchCacheLayer<K, V> {
    /// Where the jitter of the endpoints that are wrapped after this comes from. Default: each thread's own source.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Tells `observer` of stale answers and of refreshes that fail: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs, and to remove entries.
    pub fn handle(&self) -> Handle<K, V> {
        Handle(Arc::clone(&self.state))
    }
}

impl<E, K, V> Layer<E> for BatchCacheLayer<K, V>
where
    E: Endpoint<Vec<K>, Response = Vec<Option<V>>>,
{
    type Service = BatchCache<E, K, V>;

    fn layer(&self, inner: E) -> Self::Service {
        BatchCache::new(inner, Arc::clone(&self.state), Arc::clone(&self.random), self.tell.clone())
    }
}

impl<K, V> Placed for BatchCacheLayer<K, V> {
    type Place = place::Cache;
}

impl<K, V> Clone for BatchCacheLayer<K, V> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), random: Arc::clone(&self.random), tell: self.tell.clone() }
    }
}

impl<K, V> fmt::Debug for BatchCacheLayer<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchCacheLayer").field("config", &self.state.config).finish_non_exhaustive()
    }
}
