use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::service::oneshot;
use crate::context::Context;
use crate::endpoint::{BoxFuture, Endpoint};
use crate::error::{BoxError, Error};
use crate::metadata::Metadata;

/// A context on its way through services that know nothing of it: in the extensions of an HTTP request, where a handler
/// of another framework may read it too.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<Option<Context>>>);

impl Slot {
    /// A slot that holds `cx`.
    pub fn new(cx: Context) -> Self {
        Self(Arc::new(Mutex::new(Some(cx))))
    }

    /// Takes the context out; `None` while an inner endpoint has it.
    pub fn take(&self) -> Option<Context> {
        self.lock().take()
    }

    /// Puts the context back.
    pub fn put(&self, cx: Context) {
        *self.lock() = Some(cx);
    }

    /// Looks at the context, or writes to it, where it is.
    pub fn with<R>(&self, with: impl FnOnce(&mut Context) -> R) -> Option<R> {
        self.lock().as_mut().map(with)
    }

    pub(super) fn merge_into(&self, cx: &mut Context) {
        if let Some(inner) = self.take() {
            cx.merge(inner);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Context>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// An HTTP service as an endpoint; it finds the context as a [`Slot`] in the request's extensions.
#[derive(Clone, Debug)]
pub struct FromHttp<S>(S);

impl<S> FromHttp<S> {
    /// The endpoint of `service`, which is cloned for each call and made ready there.
    pub fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S, B> Endpoint<Request<B>> for FromHttp<S>
where
    S: Service<Request<B>> + Clone + Send + Sync,
    S::Response: Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send,
{
    type Response = S::Response;

    async fn call(&self, cx: &mut Context, mut request: Request<B>) -> Result<S::Response, Error> {
        let inbound = cx.take_inbound().into_headers();
        if request.headers().is_empty() {
            *request.headers_mut() = inbound;
        }
        let slot = Slot::new(cx.fork());
        request.extensions_mut().insert(slot.clone());
        let result = oneshot(self.0.clone(), request).await;
        slot.merge_into(cx);
        result
    }
}

/// An endpoint over HTTP requests as a service. It goes on with the context in the request's [`Slot`], or with a new one,
/// whose outbound metadata then becomes headers of the response.
#[derive(Debug)]
pub struct IntoHttp<E>(Arc<E>);

impl<E> IntoHttp<E> {
    /// The service of `endpoint`; its clones share it.
    pub fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

impl<E> Clone for IntoHttp<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E, B, R> Service<Request<B>> for IntoHttp<E>
where
    E: Endpoint<Request<B>, Response = Response<R>> + 'static,
    B: Send + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<R>, Error>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move {
            let slot = request.extensions_mut().remove::<Slot>();
            let mut cx = slot.as_ref().and_then(Slot::take).unwrap_or_default();
            cx.set_inbound(Metadata::received(std::mem::take(request.headers_mut())));
            let result = endpoint.call(&mut cx, request).await;
            match slot {
                Some(slot) => {
                    slot.put(cx);
                    result
                }
                None => {
                    let outbound = cx.take_outbound();
                    cx.finish();
                    result.map(|mut response| {
                        response.headers_mut().extend(outbound.unwrap_or_default().into_headers());
                        response
                    })
                }
            }
        })
    }
}

/// A tower layer over HTTP services in a kit stack: `HttpLayer::new(TraceLayer::new_for_http())`.
#[derive(Clone, Debug)]
pub struct HttpLayer<L>(L);

impl<L> HttpLayer<L> {
    /// The kit layer of a layer of HTTP services.
    pub fn new(layer: L) -> Self {
        Self(layer)
    }
}

impl<L, E> Layer<E> for HttpLayer<L>
where
    L: Layer<IntoHttp<E>>,
{
    type Service = FromHttp<L::Service>;

    fn layer(&self, inner: E) -> Self::Service {
        FromHttp::new(self.0.layer(IntoHttp::new(inner)))
    }
}

/// What turns an error into a response where a framework takes none.
pub trait Respond<R>: Clone + Send + Sync + 'static {
    /// The response to a call that failed with `error`.
    fn respond(&self, error: &Error) -> Response<R>;
}

impl<F, R> Respond<R> for F
where
    F: Fn(&Error) -> Response<R> + Clone + Send + Sync + 'static,
{
    fn respond(&self, error: &Error) -> Response<R> {
        self(error)
    }
}

/// A kit layer among the layers of HTTP services that never fail, as axum's are: `router.layer(KitLayer::new(layer, respond))`.
#[derive(Clone, Debug)]
pub struct KitLayer<L, F> {
    layer: L,
    respond: F,
}

impl<L, F> KitLayer<L, F> {
    /// The layer of HTTP services that `layer` is; `respond` turns what fails into responses.
    pub fn new(layer: L, respond: F) -> Self {
        Self { layer, respond }
    }
}

impl<L, F, S> Layer<S> for KitLayer<L, F>
where
    L: Layer<FromHttp<S>>,
    F: Clone,
{
    type Service = Responding<IntoHttp<L::Service>, F>;

    fn layer(&self, inner: S) -> Self::Service {
        Responding { inner: IntoHttp::new(self.layer.layer(FromHttp::new(inner))), respond: self.respond.clone() }
    }
}

/// The service that a [`KitLayer`] makes.
#[derive(Clone, Debug)]
pub struct Responding<S, F> {
    inner: S,
    respond: F,
}

impl<S, F, B, R> Service<Request<B>> for Responding<S, F>
where
    S: Service<Request<B>, Response = Response<R>, Error = Error>,
    S::Future: Send + 'static,
    F: Respond<R>,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<R>, Infallible>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        // The endpoint inside is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (call, respond) = (self.inner.call(request), self.respond.clone());
        Box::pin(async move { Ok(call.await.unwrap_or_else(|error| respond.respond(&error))) })
    }
}
