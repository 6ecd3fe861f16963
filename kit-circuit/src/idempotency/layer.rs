use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kit_core::order::{Placed, place};
use kit_core::task::Owned;
use kit_core::{Context, Endpoint, Layer, Observer};

use super::endpoint::Ran;
use super::table::Table;
use super::{Config, Event, Idempotency};
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::single_flight::Flights;
use crate::tell::Tell;

/// Runs a call that comes twice with one key once. Every endpoint it wraps shares its keys: make one for each operation,
/// or make the operation part of the key.
pub struct IdempotencyLayer<Req, K, R: Clone, F> {
    state: Arc<State<K, R>>,
    key: Arc<F>,
    fingerprint: Option<Fingerprint<Req>>,
    tell: Tell<Event>,
    request: PhantomData<fn(Req)>,
}

/// What of a request must be the same whenever its key is.
pub(super) type Fingerprint<Req> = Arc<dyn Fn(&Req) -> u64 + Send + Sync>;

impl<Req, K, R, F> IdempotencyLayer<Req, K, R, F>
where
    R: Clone,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync,
{
    /// Messages of one `key` are one call.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config, key: F) -> Result<Self, ConfigError> {
        let state = Arc::new(State::new(config.check()?));
        Ok(Self { state, key: Arc::new(key), fingerprint: None, tell: Tell::default(), request: PhantomData })
    }
}

impl<Req, K, R: Clone, F> IdempotencyLayer<Req, K, R, F> {
    /// What of a request must be the same whenever its key is, such as a hash of it: on the endpoints that are wrapped
    /// after this.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Fn(&Req) -> u64 + Send + Sync + 'static) -> Self {
        self.fingerprint = Some(Arc::new(fingerprint));
        self
    }

    /// Tells `observer` of messages that come again, are refused, or end unknown: on the endpoints that are wrapped after
    /// this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle<K, R> {
        Handle(Arc::clone(&self.state))
    }
}

impl<E, Req, K, R, F> Layer<E> for IdempotencyLayer<Req, K, R, F>
where
    E: Endpoint<Req, Response = R>,
    R: Clone,
{
    type Service = Idempotency<E, Req, K, R, F>;

    fn layer(&self, inner: E) -> Self::Service {
        let (state, key) = (Arc::clone(&self.state), Arc::clone(&self.key));
        Idempotency::new(inner, state, key, self.fingerprint.clone(), self.tell.clone())
    }
}

impl<Req, K, R: Clone, F> Placed for IdempotencyLayer<Req, K, R, F> {
    type Place = place::Any;
}

impl<Req, K, R: Clone, F> Clone for IdempotencyLayer<Req, K, R, F> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            key: Arc::clone(&self.key),
            fingerprint: self.fingerprint.clone(),
            tell: self.tell.clone(),
            request: PhantomData,
        }
    }
}

impl<Req, K, R: Clone, F> fmt::Debug for IdempotencyLayer<Req, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyLayer").field("config", &self.state.config).finish_non_exhaustive()
    }
}

/// What the endpoints of one layer share.
pub(super) struct State<K, R: Clone> {
    pub(super) config: Live<Config>,
    pub(super) running: Arc<Flights<K, Ran<R>>>,
    pub(super) done: Arc<Table<K, Ran<R>>>,
    pub(super) calls: Arc<Counters>,
    pub(super) runs: Arc<Counters>,
    pub(super) replayed: AtomicU64,
    pub(super) reused: AtomicU64,
    /// Counted by runs, which hold no state alive.
    pub(super) unknown: Arc<AtomicU64>,
    /// One for each run: it waits for the answer when nobody else does.
    keepers: Mutex<HashMap<u64, Owned<()>>>,
    next: AtomicU64,
}

impl<K, R: Clone> State<K, R> {
    fn new(config: Config) -> Self {
        Self {
            config: Live::new(config),
            running: Arc::default(),
            done: Arc::default(),
            calls: Arc::default(),
            runs: Arc::default(),
            replayed: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            unknown: Arc::default(),
            keepers: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }
}

impl<K, R> State<K, R>
where
    K: Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// Sees a run to its end, whoever leaves. It ends with the last endpoint and handle.
    pub(super) fn see_to_its_end(self: &Arc<Self>, run: impl Future + Send + 'static) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let weak = Arc::downgrade(self);
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        let keeper = Owned::spawn(async move {
            run.await;
            if let Some(state) = weak.upgrade() {
                state.keepers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
            }
        });
        keepers.insert(number, keeper);
    }

    pub(super) fn kept_running(&self) -> usize {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Reads and changes idempotency while it runs. Clones are one handle.
pub struct Handle<K, R: Clone>(Arc<State<K, R>>);

impl<K, R> Handle<K, R>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// Changes the settings, for the runs that begin from now on. What is kept stays its time; counts go on.
    ///
    /// # Errors
    /// As [`IdempotencyLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.config.set(config.check()?);
        Ok(())
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        Stats {
            calls: self.0.calls.read(),
            runs: self.0.runs.read(),
            replayed: self.0.replayed.load(Ordering::Relaxed),
            reused: self.0.reused.load(Ordering::Relaxed),
            unknown: self.0.unknown.load(Ordering::Relaxed),
            running: self.0.kept_running(),
            kept: self.0.done.len(),
            evicted: self.0.done.evicted(),
        }
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

/// Idempotency in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The messages, those without a key included. Refused are those whose key was missing; a key that was used before is
    /// a business error.
    pub calls: Counts,
    /// The runs of those with a key.
    pub runs: Counts,
    /// Messages that got the answer of an earlier one: one that was running, or one that was kept.
    pub replayed: u64,
    /// Messages that were refused because their key had come with another request.
    pub reused: u64,
    /// Runs that failed, and nobody knows whether the call has run.
    pub unknown: u64,
    /// Runs that have not ended.
    pub running: usize,
    /// Answers kept.
    pub kept: usize,
    /// Answers that had to make room before their time: their keys may run again.
    pub evicted: u64,
}
