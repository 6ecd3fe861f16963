use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kit_core::order::{Placed, place};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Context, Endpoint, Layer, Observer};

use super::state::State;
use super::{Cache, Config, Event};
use crate::config::ConfigError;
use crate::counts::Counts;
use crate::tell::Tell;

/// Keeps answers. Every endpoint it wraps shares its entries: make one for each operation, or make the operation part of
/// the key.
pub struct CacheLayer<Req, K, R, F> {
    state: Arc<State<K, R>>,
    key: Arc<F>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
    request: PhantomData<fn(Req)>,
}

impl<Req, K, R, F> CacheLayer<Req, K, R, F>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync + 'static,
{
    /// Requests of one `key` have one answer. A request without a key goes past the cache.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config, key: F) -> Result<Self, ConfigError> {
        Ok(Self {
            state: Arc::new(State::new(config)?),
            key: Arc::new(key),
            random: Arc::new(ThreadRandom),
            tell: Tell::default(),
            request: PhantomData,
        })
    }
}

impl<Req, K, R, F> CacheLayer<Req, K, R, F> {
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
    pub fn handle(&self) -> Handle<K, R> {
        Handle(Arc::clone(&self.state))
    }
}

impl<E, Req, K, R, F> Layer<E> for CacheLayer<Req, K, R, F>
where
    E: Endpoint<Req, Response = R>,
{
    type Service = Cache<E, K, R, F>;

    fn layer(&self, inner: E) -> Self::Service {
        let (state, key, random) = (Arc::clone(&self.state), Arc::clone(&self.key), Arc::clone(&self.random));
        Cache::new(inner, state, key, random, self.tell.clone())
    }
}

impl<Req, K, R, F> Placed for CacheLayer<Req, K, R, F> {
    type Place = place::Cache;
}

impl<Req, K, R, F> Clone for CacheLayer<Req, K, R, F> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            key: Arc::clone(&self.key),
            random: Arc::clone(&self.random),
            tell: self.tell.clone(),
            request: PhantomData,
        }
    }
}

impl<Req, K, R, F> fmt::Debug for CacheLayer<Req, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").field("config", &self.state.config).finish_non_exhaustive()
    }
}

/// Reads, changes and empties a cache while it runs. Clones are one handle.
pub struct Handle<K, R>(pub(super) Arc<State<K, R>>);

impl<K, R> Handle<K, R>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// Changes the settings. What is kept already keeps the time it was given; the bounds for stale answers hold at once.
    /// Counts go on.
    ///
    /// # Errors
    /// As [`CacheLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config)
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// Removes an entry. No answer that was asked for before this is served after it, also if it was still on its way.
    pub fn remove(&self, key: &K) {
        self.0.store.remove(key);
    }

    /// Removes all entries, with the same promise.
    pub fn clear(&self) {
        self.0.store.clear();
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        let hits = &self.0.hits;
        let [fresh, negative, stale] = [&hits.fresh, &hits.negative, &hits.stale].map(|n| n.load(Ordering::Relaxed));
        let [missed, rescued] = [&hits.missed, &hits.rescued].map(|n| n.load(Ordering::Relaxed));
        let [bypassed, outrun] = [&hits.bypassed, &hits.outrun].map(|n| n.load(Ordering::Relaxed));
        Stats {
            fresh,
            negative,
            stale,
            missed,
            rescued,
            bypassed,
            outrun,
            calls: self.0.calls.read(),
            refreshes: self.0.refreshed.read(),
            refreshing: self.0.refreshing(),
            entries: self.0.store.len(),
            evicted: self.0.store.evicted(),
        }
    }
}

impl<K, R> Clone for Handle<K, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, R> fmt::Debug for Handle<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// A cache in numbers: look-ups are `fresh + negative + stale + missed`, and `missed + bypassed` calls were made for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Look-ups that found a success within its time.
    pub fresh: u64,
    /// Look-ups that found a remembered `NotFound`.
    pub negative: u64,
    /// Look-ups that found an answer past its time, and served it while a new one was fetched.
    pub stale: u64,
    /// Look-ups that found nothing to serve: a call was made.
    pub missed: u64,
    /// Of those missed, the ones whose call failed and that were answered with what was there.
    pub rescued: u64,
    /// Requests without a key.
    pub bypassed: u64,
    /// Answers that were not kept because their key was removed meanwhile.
    pub outrun: u64,
    /// The calls that were made for callers, by how they ended.
    pub calls: Counts,
    /// The refreshes, by how they ended.
    pub refreshes: Counts,
    /// Refreshes under way.
    pub refreshing: usize,
    /// Answers kept, those past their time among them.
    pub entries: usize,
    /// Answers that had to make room.
    pub evicted: u64,
}

impl Stats {
    /// How often a key was looked up.
    pub fn lookups(&self) -> u64 {
        self.fresh + self.negative + self.stale + self.missed
    }
}
