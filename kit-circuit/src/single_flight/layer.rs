use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::order::{Placed, place};
use kit_core::{Context, Endpoint, Layer, Observer};

use super::endpoint::Landed;
use super::flights::Flights;
use super::{Config, Event, SingleFlight};
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::tell::Tell;

/// Makes one call of the calls that ask the same at once.
///
/// Every endpoint it wraps shares its flights: make one for each operation, or make the operation part of the key.
pub struct SingleFlightLayer<Req, K, R: Clone, F> {
    shared: Arc<Common<K, Landed<R>>>,
    key: Arc<F>,
    tell: Tell<Event>,
    request: PhantomData<fn(Req)>,
}

impl<Req, K, R, F> SingleFlightLayer<Req, K, R, F>
where
    R: Clone,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync,
{
    /// Requests of one `key` are one question. Without a key a request is called by itself.
    ///
    /// # Errors
    /// [`ConfigError`] for a limit of zero.
    pub fn new(config: Config, key: F) -> Result<Self, ConfigError> {
        let shared = Arc::new(Common::new(config.check()?));
        Ok(Self { shared, key: Arc::new(key), tell: Tell::default(), request: PhantomData })
    }
}

impl<Req, K, R: Clone, F> SingleFlightLayer<Req, K, R, F> {
    /// Tells `observer` of flights that fail or are abandoned: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle<K, R> {
        Handle(Arc::clone(&self.shared))
    }
}

impl<E, Req, K, R, F> Layer<E> for SingleFlightLayer<Req, K, R, F>
where
    E: Endpoint<Req, Response = R>,
    R: Clone,
{
    type Service = SingleFlight<E, K, R, F>;

    fn layer(&self, inner: E) -> Self::Service {
        SingleFlight::new(inner, Arc::clone(&self.shared), Arc::clone(&self.key), self.tell.clone())
    }
}

impl<Req, K, R: Clone, F> Placed for SingleFlightLayer<Req, K, R, F> {
    type Place = place::SingleFlight;
}

impl<Req, K, R: Clone, F> Clone for SingleFlightLayer<Req, K, R, F> {
    fn clone(&self) -> Self {
        let (shared, key) = (Arc::clone(&self.shared), Arc::clone(&self.key));
        Self { shared, key, tell: self.tell.clone(), request: PhantomData }
    }
}

impl<Req, K, R: Clone, F> fmt::Debug for SingleFlightLayer<Req, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlightLayer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// What the endpoints of one layer share; `T` is how its flights land.
pub(super) struct Common<K, T: Clone> {
    pub(super) config: Live<Config>,
    pub(super) flights: Arc<Flights<K, T>>,
    /// Of each caller.
    pub(super) calls: Arc<Counters>,
    /// Of each flight.
    pub(super) flown: Arc<Counters>,
    pub(super) joined: AtomicU64,
}

impl<K, T: Clone> Common<K, T> {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config: Live::new(config),
            flights: Arc::default(),
            calls: Arc::default(),
            flown: Arc::default(),
            joined: AtomicU64::new(0),
        }
    }

    pub(super) fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.config.set(config.check()?);
        Ok(())
    }
}

impl<K, T> Common<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn stats(&self) -> Stats {
        Stats {
            calls: self.calls.read(),
            flights: self.flown.read(),
            joined: self.joined.load(Ordering::Relaxed),
            under_way: self.flights.len(),
        }
    }
}

/// Reads and changes single flight while it runs. Clones are one handle.
pub struct Handle<K, R: Clone>(Arc<Common<K, Landed<R>>>);

impl<K, R> Handle<K, R>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// Changes the limit, for the flights that begin from now on. Counts go on.
    ///
    /// # Errors
    /// As [`SingleFlightLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config)
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// Who asks for `key` from now on begins a flight anew: after a write, whose effect one that is under way may have
    /// missed. That one goes on, for those who wait for it.
    pub fn forget(&self, key: &K) {
        self.0.flights.forget(key);
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl<K, R: Clone> Clone for Handle<K, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, R: Clone> fmt::Debug for Handle<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// Single flight in numbers. Refused is nobody: callers and flights are all admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The callers, those without a key included.
    pub calls: Counts,
    /// The flights that were made for those with a key.
    pub flights: Counts,
    /// How often a caller, or a key of a batch, found its flight under way.
    pub joined: u64,
    /// Keys under way now.
    pub under_way: usize,
}
