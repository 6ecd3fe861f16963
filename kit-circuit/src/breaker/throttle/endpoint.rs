use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use kit_core::{ByOutcome, Classify, Context, Endpoint, Error};

use super::super::pass::Pass;
use super::shared::Shared;

/// Refuses a share of the calls while the backend rejects too many; made by [`ThrottleLayer`](super::ThrottleLayer).
///
/// The refusal is `Unavailable`, its cause [`Throttled`](super::Throttled), its outcome [`Rejected`](kit_core::Outcome::Rejected);
/// the call did not run.
///
/// # Cancel safety
/// Dropping the call drops the inner call. That is no request; but once its deadline has passed, it is one that was not accepted.
#[derive(Clone, Debug)]
pub struct Throttle<E, C = ByOutcome> {
    inner: E,
    shared: Arc<Shared>,
    classify: C,
}

impl<E, C> Throttle<E, C> {
    pub(super) fn new(inner: E, shared: Arc<Shared>, classify: C) -> Self {
        Self { inner, shared, classify }
    }
}

impl<E, C, Req> Endpoint<Req> for Throttle<E, C>
where
    E: Endpoint<Req>,
    C: Classify<E::Response>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        self.shared.admit(cx)?;
        let mut pass = Pass::new(&self.shared, (), cx);
        let result = {
            let mut inner = pin!(pass.run(|| self.inner.call(cx, request)));
            poll_fn(|task| pass.run(|| inner.as_mut().poll(task))).await
        };
        let outcome = self.classify.classify(cx, &result);
        pass.close(cx, outcome, &result);
        result
    }
}
