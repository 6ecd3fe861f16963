use std::fmt;
use std::sync::Arc;

use kit_core::{Channel, Context, Endpoint, Error, Routed};

use super::Endpointer;
use crate::balance::{Balancer, Roster};

/// Sends each call to one instance: picks it, calls what is inside with the instance and its channel, and notes how that ended.
///
/// It never waits for an instance: with nobody to call it fails at once, `Unavailable` of reason `no_endpoint`, with a
/// [`NoInstances`](crate::NoInstances) as its cause. A call that was refused on this side, by a layer inside, is noted in its
/// [attempts](kit_core::Attempts::record_refusal): what repeats it finds another instance, or nobody. An answer that is a stream is in
/// flight to its end; the latency of its instance is the time to the answer.
///
/// # Cancel safety
/// Dropping the call drops the inner call. It counts as cancelled at its instance, or as timed out if its deadline has passed.
pub struct Balanced<E, B, C> {
    inner: E,
    balancer: Arc<B>,
    roster: Arc<Roster<Arc<C>>>,
    /// Its channels last as long as this.
    endpointer: Endpointer<C>,
}

impl<E, B, C: Channel> Balanced<E, B, C> {
    pub(super) fn new(inner: E, balancer: Arc<B>, endpointer: Endpointer<C>) -> Self {
        Self { inner, balancer, roster: endpointer.shared_roster(), endpointer }
    }

    /// What it sends calls over.
    pub fn endpointer(&self) -> &Endpointer<C> {
        &self.endpointer
    }
}

impl<E, B, C, Req> Endpoint<Req> for Balanced<E, B, C>
where
    E: Endpoint<Routed<Arc<C>, Req>>,
    B: Balancer,
    C: Channel,
    Req: Send,
{
    type Response = E::Response;

    // An `async fn` would keep the request twice.
    #[expect(clippy::manual_async_fn, reason = "as above")]
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        async move {
            let (flight, channel) = self.roster.pick(cx, &*self.balancer)?.into_parts();
            let instance = Arc::clone(flight.candidate().instance());
            let result = self.inner.call(cx, Routed { instance, channel, request }).await;
            flight.close(cx, &result);
            result
        }
    }
}

impl<E: Clone, B, C> Clone for Balanced<E, B, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            balancer: Arc::clone(&self.balancer),
            roster: Arc::clone(&self.roster),
            endpointer: self.endpointer.clone(),
        }
    }
}

impl<E: fmt::Debug, B, C> fmt::Debug for Balanced<E, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balanced")
            .field("inner", &self.inner)
            .field("endpointer", &self.endpointer)
            .finish_non_exhaustive()
    }
}
