use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::Slot;
use super::service::oneshot;
use super::slot::Lent;
use crate::context::Context;
use crate::endpoint::{BoxFuture, Endpoint};
use crate::error::{BoxError, Code, Error};
use crate::metadata::Metadata;
use crate::outcome::Outcome;

/// An HTTP service as an endpoint; it finds the context as a [`Slot`] in the request's extensions.
///
/// The inbound metadata is moved into the request as its headers, unless that has headers of its own; the context has it
/// again when the call comes back through an [`IntoHttp`]. A response of status 4xx is a
/// [`BusinessError`](Outcome::BusinessError), one of 5xx a [`BackendError`](Outcome::BackendError), one with gRPC's status in its head
/// what that is ([`Outcome::of_code`]), unless the service set an outcome itself.
///
/// # Cancel safety
/// Dropping the call drops the service's future and tells the token of the context it was lent.
#[derive(Clone, Debug)]
pub struct FromHttp<S>(S);

impl<S> FromHttp<S> {
    /// The endpoint of `service`, which is cloned for each call and made ready there.
    pub fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S, B, R> Endpoint<Request<B>> for FromHttp<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send,
    R: Send,
{
    type Response = Response<R>;

    async fn call(&self, cx: &mut Context, mut request: Request<B>) -> Result<Response<R>, Error> {
        if request.headers().is_empty() {
            *request.headers_mut() = cx.take_inbound().into_headers();
        }
        let lent = Lent::new(cx);
        request.extensions_mut().insert(lent.slot());
        let result = oneshot(self.0.clone(), request).await;
        lent.merge_into(cx);
        if let (Ok(response), None) = (&result, cx.outcome())
            && let Some(outcome) = told(response)
        {
            cx.set_outcome(outcome);
        }
        result
    }
}

/// How a call ended that is a success in types: its status says so. gRPC has one of its own, which is in the head of an answer that is
/// nothing else.
fn told<R>(response: &Response<R>) -> Option<Outcome> {
    match response.status() {
        status if status.is_server_error() => return Some(Outcome::BackendError),
        status if status.is_client_error() => return Some(Outcome::BusinessError),
        _ => {}
    }
    let number = response.headers().get("grpc-status")?.to_str().ok()?.parse::<u8>().ok()?;
    (number != 0).then(|| Code::from_number(number).map_or(Outcome::BackendError, Outcome::of_code))
}

/// An endpoint over HTTP requests as a service. It goes on with the context in the request's [`Slot`], or with a new one,
/// whose outbound metadata then becomes headers of the response, in the place of those of the same name.
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
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<R>, Error>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(call(Arc::clone(&self.0), request, |result, _| result))
    }
}

/// Calls `endpoint` with the context that came with the request, or with a new one; `settle` has the last word.
async fn call<E, B, R, X>(
    endpoint: Arc<E>,
    mut request: Request<B>,
    settle: impl FnOnce(Result<Response<R>, Error>, &mut Context) -> Result<Response<R>, X>,
) -> Result<Response<R>, X>
where
    E: Endpoint<Request<B>, Response = Response<R>>,
{
    let slot = request.extensions_mut().remove::<Slot>();
    let mut cx = slot.as_ref().and_then(Slot::take).unwrap_or_default();
    cx.set_inbound(Metadata::received(std::mem::take(request.headers_mut())));
    let result = endpoint.call(&mut cx, request).await;
    let mut result = settle(result, &mut cx);
    match slot {
        Some(slot) => slot.put(cx),
        None => {
            if let (Ok(response), Some(outbound)) = (&mut result, cx.take_outbound()) {
                response.headers_mut().extend(outbound.into_headers());
            }
            cx.finish();
        }
    }
    result
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
///
/// What the layer puts into the outbound metadata becomes headers of the response, also of one that `respond` made. The call
/// ends with the head of the response: a body outlives the context, and keeps its token only if it was
/// [announced](Context::announce).
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
    type Service = Responding<L::Service, F>;

    fn layer(&self, inner: S) -> Self::Service {
        let endpoint = Arc::new(self.layer.layer(FromHttp::new(inner)));
        Responding { endpoint, respond: self.respond.clone() }
    }
}

/// The service that a [`KitLayer`] makes.
#[derive(Debug)]
pub struct Responding<E, F> {
    endpoint: Arc<E>,
    respond: F,
}

impl<E, F: Clone> Clone for Responding<E, F> {
    fn clone(&self) -> Self {
        Self { endpoint: Arc::clone(&self.endpoint), respond: self.respond.clone() }
    }
}

impl<E, F, B, R> Service<Request<B>> for Responding<E, F>
where
    E: Endpoint<Request<B>, Response = Response<R>> + 'static,
    F: Respond<R>,
    B: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<R>, Infallible>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let respond = self.respond.clone();
        Box::pin(call(Arc::clone(&self.endpoint), request, move |result, cx| {
            Ok(result.unwrap_or_else(|error| {
                // A kit layer further out sees a response; this is what it stands for.
                cx.set_outcome(error.outcome());
                respond.respond(&error)
            }))
        }))
    }
}
