use std::sync::Arc;
use std::task::{Context as Task, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::Slot;
use super::service::oneshot;
use super::slot::Lent;
use crate::context::Context;
use crate::endpoint::{BoxFuture, Endpoint};
use crate::error::{BoxError, Error};

/// A request on its way through a tower layer, with its context.
#[derive(Clone, Debug)]
pub struct Carried<Req> {
    request: Req,
    slot: Slot,
}

impl<Req> Carried<Req> {
    /// The request.
    pub fn request(&self) -> &Req {
        &self.request
    }

    /// Where its context is.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }
}

/// A tower layer in a kit stack, over requests of any type: `TowerLayer::new(ConcurrencyLimitLayer::new(10))`.
#[derive(Clone, Debug)]
pub struct TowerLayer<L>(L);

impl<L> TowerLayer<L> {
    /// The kit layer of a tower layer.
    pub fn new(layer: L) -> Self {
        Self(layer)
    }
}

impl<L, E> Layer<E> for TowerLayer<L>
where
    L: Layer<Leaf<E>>,
{
    type Service = Towered<L::Service>;

    fn layer(&self, inner: E) -> Self::Service {
        Towered(self.0.layer(Leaf(Arc::new(inner))))
    }
}

/// The endpoint that a [`TowerLayer`] makes.
#[derive(Clone, Debug)]
pub struct Towered<S>(S);

impl<S, Req> Endpoint<Req> for Towered<S>
where
    S: Service<Carried<Req>> + Clone + Send + Sync,
    S::Response: Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Req: Send,
{
    type Response = S::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<S::Response, Error> {
        let lent = Lent::new(cx);
        let carried = Carried { request, slot: lent.slot() };
        let result = oneshot(self.0.clone(), carried).await;
        lent.merge_into(cx);
        result
    }
}

/// The endpoint inside a [`TowerLayer`], as the service that the tower layer wraps.
#[derive(Debug)]
pub struct Leaf<E>(Arc<E>);

impl<E> Clone for Leaf<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E, Req> Service<Carried<Req>> for Leaf<E>
where
    E: Endpoint<Req> + 'static,
    Req: Send + 'static,
{
    type Response = E::Response;
    type Error = Error;
    type Future = BoxFuture<'static, Result<E::Response, Error>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Carried { request, slot }: Carried<Req>) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move {
            let mut cx = slot.take().unwrap_or_default();
            let result = endpoint.call(&mut cx, request).await;
            slot.put(cx);
            result
        })
    }
}
