//! One operation of a service, with no word of any wire.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tower_layer::Layer;

use crate::context::Context;
use crate::error::Error;

/// A function of a context and a request: what a service offers, a client calls and a middleware wraps.
///
/// There is no readiness step and no `&mut self`: what admits a call does it inside `call`, so no permit is stranded between
/// two steps and nothing is cloned per call. Requests are owned. An implementation writes `async fn call`:
///
/// ```
/// use kit_core::{Context, Endpoint, Error};
///
/// struct Uppercase;
///
/// impl Endpoint<String> for Uppercase {
///     type Response = String;
///
///     async fn call(&self, _cx: &mut Context, request: String) -> Result<String, Error> {
///         Ok(request.to_uppercase())
///     }
/// }
/// ```
///
/// Smaller ones are functions: [`endpoint_fn`](crate::endpoint_fn) and its siblings.
///
/// # Cancel safety
/// A call is abandoned by dropping its future. No line after its await runs then: what a layer counts or holds lives in a
/// guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no endpoint for requests of type `{Req}`",
    note = "a type implements `Endpoint<{Req}>`; a function becomes an endpoint with `endpoint_fn(f)`, `request_fn(f)` or, with state, `endpoint_with(state, f)`",
    note = "a tower service becomes one with `bridge::FromService`",
    note = "an operation gets on a wire by a binding, which is an endpoint for requests of that wire: `http::server::json(endpoint)`, `grpc::server::unary(endpoint)`"
)]
pub trait Endpoint<Req>: Send + Sync {
    /// What it answers. `Send` here, so that no layer has to say it again.
    type Response: Send;

    /// Calls it.
    ///
    /// # Errors
    /// The one [`Error`], whatever failed.
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<Self::Response, Error>> + Send;

    /// Wraps it in one more layer, outside those it has: the last one named is the outermost. `tower::ServiceBuilder` reads
    /// the other way round, the first one named is the outermost there.
    fn layer<L>(self, layer: L) -> L::Service
    where
        Self: Sized,
        L: Layer<Self>,
    {
        layer.layer(self)
    }

    /// Erases its type, for one allocation a call.
    fn boxed(self) -> BoxEndpoint<Req, Self::Response>
    where
        Self: Sized + 'static,
        Req: Send + 'static,
    {
        BoxEndpoint::new(self)
    }
}

impl<E, Req> Endpoint<Req> for Arc<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    // No `async`: the inner future is the answer, and the request is not kept twice.
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        (**self).call(cx, request)
    }
}

impl<E, Req> Endpoint<Req> for &E
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    // No `async`: the inner future is the answer, and the request is not kept twice.
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        (**self).call(cx, request)
    }
}

/// An endpoint whose type is forgotten: for fields, maps and crate borders. Clones share it.
///
/// One allocation a call, for the future. Erase once, at the edge: an erased closure per layer is slower than Go kit itself.
pub struct BoxEndpoint<Req, Res>(Arc<dyn Erased<Req, Res>>);

impl<Req, Res> BoxEndpoint<Req, Res> {
    /// Erases `endpoint`.
    pub fn new<E>(endpoint: E) -> Self
    where
        E: Endpoint<Req, Response = Res> + 'static,
        Req: Send + 'static,
    {
        Self(Arc::new(endpoint))
    }
}

impl<Req, Res> Endpoint<Req> for BoxEndpoint<Req, Res>
where
    Req: Send + 'static,
    Res: Send,
{
    type Response = Res;

    // The erased future has one lifetime where the trait's has two: only an `async fn` joins them (E0700).
    async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        self.0.call_boxed(cx, request).await
    }
}

impl<Req, Res> Clone for BoxEndpoint<Req, Res> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Req, Res> fmt::Debug for BoxEndpoint<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxEndpoint")
    }
}

/// An answer that is on its way.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Endpoint`], as a trait that objects can have.
pub(crate) trait Erased<Req, Res>: Send + Sync {
    fn call_boxed<'a>(&'a self, cx: &'a mut Context, request: Req) -> BoxFuture<'a, Result<Res, Error>>
    where
        Req: 'a;
}

impl<E, Req, Res> Erased<Req, Res> for E
where
    E: Endpoint<Req, Response = Res>,
{
    fn call_boxed<'a>(&'a self, cx: &'a mut Context, request: Req) -> BoxFuture<'a, Result<Res, Error>>
    where
        Req: 'a,
    {
        Box::pin(self.call(cx, request))
    }
}
