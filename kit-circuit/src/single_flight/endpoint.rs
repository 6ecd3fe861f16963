use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kit_core::recover::RecoverLayer;
use kit_core::{Context, Endpoint, Error, Layer as _, Outcome};

use super::Event;
use super::layer::Common;
use crate::counts::Counters;
use crate::tell::Tell;
use crate::timeout::{call_until, wait_until};

/// Joins the flight of a request's key, or begins it.
///
/// # Errors
/// Those of the flight, one and the same for all who waited; `DeadlineExceeded` with the cause
/// [`Elapsed`](crate::timeout::Elapsed) when the flight's limit or the caller's own deadline has passed.
///
/// # Panics
/// If the call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping a call leaves the flight to the others who wait for it; the last one's drop cancels it.
pub struct SingleFlight<E, K, R: Clone, F> {
    inner: Arc<E>,
    shared: Arc<Common<K, Landed<R>>>,
    key: Arc<F>,
    tell: Tell<Event>,
}

impl<E, K, R: Clone, F> SingleFlight<E, K, R, F> {
    pub(super) fn new(inner: E, shared: Arc<Common<K, Landed<R>>>, key: Arc<F>, tell: Tell<Event>) -> Self {
        Self { inner: Arc::new(inner), shared, key, tell }
    }
}

impl<E, Req, K, R, F> Endpoint<Req> for SingleFlight<E, K, R, F>
where
    E: Endpoint<Req, Response = R> + 'static,
    Req: Send + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync,
{
    type Response = R;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<R, Error> {
        let call = self.shared.calls.admit();
        let result = match (self.key)(cx, &request) {
            None => self.inner.call(cx, request).await,
            Some(key) => {
                let (flight, joined) = self.shared.flights.join(key, || {
                    fly(&self.inner, cx, request, self.shared.config.load().limit, &self.shared.flown, &self.tell)
                });
                if joined {
                    self.shared.joined.fetch_add(1, Ordering::Relaxed);
                }
                wait_until(cx, flight).await.and_then(|landed| landed.hand_to(cx))
            }
        };
        call.close(cx, &result, ());
        result
    }
}

impl<E: fmt::Debug, K, R: Clone, F> fmt::Debug for SingleFlight<E, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// How a flight ended, for each of those who waited.
#[derive(Clone, Debug)]
pub(crate) struct Landed<R> {
    result: Result<R, Error>,
    outcome: Outcome,
}

impl<R> Landed<R> {
    pub(crate) fn result(&self) -> &Result<R, Error> {
        &self.result
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Gives the answer to one of them. An outcome that its types do not show goes along.
    pub(crate) fn hand_to(self, cx: &mut Context) -> Result<R, Error> {
        if self.result.is_ok() && self.outcome != Outcome::Success {
            cx.set_outcome(self.outcome);
        }
        self.result
    }
}

/// A flight that is still to begin: the first caller's call, in a context and with a limit of its own.
pub(crate) fn fly<E, Req>(
    inner: &Arc<E>,
    cx: &mut Context,
    request: Req,
    limit: Duration,
    flown: &Arc<Counters>,
    tell: &Tell<Event>,
) -> impl Future<Output = Landed<E::Response>> + Send + use<E, Req>
where
    E: Endpoint<Req> + 'static,
    Req: Send + 'static,
{
    let (inner, flown) = (RecoverLayer::new().layer(Arc::clone(inner)), Arc::clone(flown));
    let mut air = Air { tell: tell.clone(), landed: false };
    let fork = cx.fork();
    let latest = fork.now().checked_add(limit);
    let mut cx = fork.with_deadline(latest);
    async move {
        let call = flown.admit();
        let result = call_until(&inner, &mut cx, latest, request).await;
        let outcome = cx.outcome_of(&result);
        call.end(outcome);
        cx.finish();
        air.landed = true;
        if let Err(error) = &result {
            air.tell.tell(|| Event::Failed(error.clone()));
        }
        Landed { result, outcome }
    }
}

/// Tells if a flight never lands.
struct Air {
    tell: Tell<Event>,
    landed: bool,
}

impl Drop for Air {
    fn drop(&mut self) {
        if !self.landed {
            self.tell.tell(|| Event::Abandoned);
        }
    }
}
