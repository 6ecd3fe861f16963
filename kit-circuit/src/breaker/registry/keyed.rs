use std::fmt;
use std::future::poll_fn;
use std::pin::pin;

use kit_core::order::{Placed, place};
use kit_core::{ByOutcome, Classify, Context, Endpoint, Error, Layer};

use super::super::pass::Pass;
use super::{Key, KeyOf, Registry};

/// Wraps endpoints in [`Keyed`]; made by [`Registry::layer`].
#[derive(Clone)]
pub struct KeyedLayer<K, F, C = ByOutcome> {
    registry: Registry<K>,
    key: F,
    classify: C,
}

/// Refuses a call while the breaker of its key is open, as [`Breaker`](crate::breaker::Breaker) does.
///
/// # Cancel safety
/// That of [`Breaker`](crate::breaker::Breaker).
#[derive(Clone)]
pub struct Keyed<E, K, F, C = ByOutcome> {
    inner: E,
    registry: Registry<K>,
    key: F,
    classify: C,
}

impl<K, F> KeyedLayer<K, F> {
    pub(super) fn new(registry: Registry<K>, key: F) -> Self {
        Self { registry, key, classify: ByOutcome }
    }
}

impl<K, F, C> KeyedLayer<K, F, C> {
    /// Who says how a call ended. Default [`ByOutcome`].
    pub fn classify<D>(self, classify: D) -> KeyedLayer<K, F, D> {
        KeyedLayer { registry: self.registry, key: self.key, classify }
    }
}

impl<E, K, F: Clone, C: Clone> Layer<E> for KeyedLayer<K, F, C> {
    type Service = Keyed<E, K, F, C>;

    fn layer(&self, inner: E) -> Self::Service {
        Keyed { inner, registry: self.registry.clone(), key: self.key.clone(), classify: self.classify.clone() }
    }
}

impl<K, F, C> Placed for KeyedLayer<K, F, C> {
    type Place = place::Breaker;
}

impl<E, K, F, C, Req> Endpoint<Req> for Keyed<E, K, F, C>
where
    E: Endpoint<Req>,
    K: Key,
    F: KeyOf<K, Req>,
    C: Classify<E::Response>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let breaker = match self.key.key_of(cx, &request) {
            Some(key) => self.registry.called(&key, cx.now()),
            None => return self.inner.call(cx, request).await,
        };
        let ticket = breaker.admit(cx)?;
        let mut pass = Pass::new(&breaker, ticket, cx);
        let result = {
            let mut inner = pin!(pass.run(|| self.inner.call(cx, request)));
            poll_fn(|task| pass.run(|| inner.as_mut().poll(task))).await
        };
        let outcome = self.classify.classify(cx, &result);
        pass.close(cx, outcome, &result);
        result
    }
}

impl<K, F, C> fmt::Debug for KeyedLayer<K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyedLayer").field(&self.registry).finish()
    }
}

impl<E: fmt::Debug, K, F, C> fmt::Debug for Keyed<E, K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("inner", &self.inner).field("registry", &self.registry).finish_non_exhaustive()
    }
}
