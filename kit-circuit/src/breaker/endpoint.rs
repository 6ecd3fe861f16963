use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use kit_core::{ByOutcome, Classify, Context, Endpoint, Error};

use super::pass::Pass;
use super::shared::Shared;

/// Refuses calls while its breaker is open; made by [`BreakerLayer`](super::BreakerLayer).
///
/// The refusal is `Unavailable`, its cause [`Open`](super::Open), its outcome [`Rejected`](kit_core::Outcome::Rejected); the call
/// did not run, and another instance may be asked at once.
///
/// # Cancel safety
/// Dropping the call drops the inner call. That counts for nothing, and a probe's place is free again; but once its deadline has passed,
/// as when a timeout outside has dropped it, it counts as failed, and where slow calls count, one that had become slow counts as slow. An
/// attempt that lost to [another](crate::hedge) counts for nothing, however long it took.
#[derive(Clone, Debug)]
pub struct Breaker<E, C = ByOutcome> {
    inner: E,
    shared: Arc<Shared>,
    classify: C,
}

impl<E, C> Breaker<E, C> {
    pub(super) fn new(inner: E, shared: Arc<Shared>, classify: C) -> Self {
        Self { inner, shared, classify }
    }
}

impl<E, C, Req> Endpoint<Req> for Breaker<E, C>
where
    E: Endpoint<Req>,
    C: Classify<E::Response>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let ticket = self.shared.admit(cx)?;
        let mut pass = Pass::new(&self.shared, ticket, cx);
        let result = {
            let mut inner = pin!(pass.run(|| self.inner.call(cx, request)));
            poll_fn(|task| pass.run(|| inner.as_mut().poll(task))).await
        };
        let outcome = self.classify.classify(cx, &result);
        pass.close(cx, outcome, &result);
        result
    }
}
