use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use tower_service::Service;

use crate::context::Context;
use crate::endpoint::{BoxFuture, Endpoint};
use crate::error::{BoxError, Error};

/// A service as an endpoint. The context does not reach it; for one over HTTP, [`FromHttp`](super::FromHttp).
#[derive(Clone, Debug)]
pub struct FromService<S>(S);

impl<S> FromService<S> {
    /// The endpoint of `service`, which is cloned for each call and made ready there.
    pub fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S, Req> Endpoint<Req> for FromService<S>
where
    S: Service<Req> + Clone + Send + Sync,
    S::Response: Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Req: Send,
{
    type Response = S::Response;

    async fn call(&self, _cx: &mut Context, request: Req) -> Result<S::Response, Error> {
        oneshot(self.0.clone(), request).await
    }
}

/// An endpoint as a service of the same request. Each call has a new context.
#[derive(Debug)]
pub struct IntoService<E>(Arc<E>);

impl<E> IntoService<E> {
    /// The service of `endpoint`; its clones share it.
    pub fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

impl<E> Clone for IntoService<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E, Req> Service<Req> for IntoService<E>
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

    fn call(&mut self, request: Req) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move {
            let mut cx = Context::new();
            let result = endpoint.call(&mut cx, request).await;
            cx.finish();
            result
        })
    }
}

/// Makes a clone ready and calls that same clone: readiness belongs to the one it was asked of.
pub(super) async fn oneshot<S, Req>(mut service: S, request: Req) -> Result<S::Response, Error>
where
    S: Service<Req>,
    S::Error: Into<BoxError>,
{
    poll_fn(|task| service.poll_ready(task)).await.map_err(|error| Error::from_box(error.into()))?;
    service.call(request).await.map_err(|error| Error::from_box(error.into()))
}
