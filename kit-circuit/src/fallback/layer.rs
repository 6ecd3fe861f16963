use std::fmt;
use std::sync::Arc;

use kit_core::order::{Placed, place};
use kit_core::{ByOutcome, Layer, Observer};

use super::{Config, Event, Fallback};
use crate::config::ConfigError;
use crate::counts::{Counters, Counts};
use crate::live::Live;
use crate::tell::Tell;

/// Answers failures from a second endpoint. Every endpoint it wraps shares that, the settings and the counts.
pub struct FallbackLayer<F, C = ByOutcome> {
    shared: Arc<Shared>,
    fallback: Arc<F>,
    classify: C,
    tell: Tell<Event>,
}

/// What the endpoints of one layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Live<Config>,
    pub(super) calls: Arc<Counters>,
    pub(super) fallbacks: Arc<Counters>,
}

impl<F> FallbackLayer<F> {
    /// `fallback` is an [`Endpoint`](kit_core::Endpoint) of [`Failure`](super::Failure): the request and what became of it.
    ///
    /// # Errors
    /// None so far: every [`Config`] is one that works.
    pub fn new(config: Config, fallback: F) -> Result<Self, ConfigError> {
        let shared = Shared { config: Live::new(config), calls: Arc::default(), fallbacks: Arc::default() };
        let (shared, fallback) = (Arc::new(shared), Arc::new(fallback));
        Ok(Self { shared, fallback, classify: ByOutcome, tell: Tell::default() })
    }
}

impl<F, C> FallbackLayer<F, C> {
    /// Who says how a call ended, and a fallback. Default [`ByOutcome`].
    pub fn classify<D>(self, classify: D) -> FallbackLayer<F, D> {
        FallbackLayer { shared: self.shared, fallback: self.fallback, classify, tell: self.tell }
    }

    /// Tells `observer` of each use: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl<E, F, C: Clone> Layer<E> for FallbackLayer<F, C> {
    type Service = Fallback<E, F, C>;

    fn layer(&self, inner: E) -> Self::Service {
        let (fallback, shared) = (Arc::clone(&self.fallback), Arc::clone(&self.shared));
        Fallback::new(inner, fallback, shared, self.classify.clone(), self.tell.clone())
    }
}

impl<F, C> Placed for FallbackLayer<F, C> {
    type Place = place::Fallback;
}

impl<F, C: Clone> Clone for FallbackLayer<F, C> {
    fn clone(&self) -> Self {
        let (shared, fallback) = (Arc::clone(&self.shared), Arc::clone(&self.fallback));
        Self { shared, fallback, classify: self.classify.clone(), tell: self.tell.clone() }
    }
}

impl<F, C> fmt::Debug for FallbackLayer<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackLayer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// Reads and changes a fallback while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Changes which outcomes are answered, for the calls that end from now on. Counts go on.
    ///
    /// # Errors
    /// As [`FallbackLayer::new`].
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.config.set(config);
        Ok(())
    }

    /// The settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// What has been seen so far.
    pub fn stats(&self) -> Stats {
        Stats { calls: self.0.calls.read(), fallbacks: self.0.fallbacks.read() }
    }
}

/// A fallback in numbers. Nobody is refused here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The calls, by how they ended themselves, before any fallback.
    pub calls: Counts,
    /// The fallbacks, by how they ended.
    pub fallbacks: Counts,
}
