//! Middleware: `tower_layer::Layer` from endpoint to endpoint, and functions as middleware.
//!
//! A layer of its own type costs nothing a call and is what this toolkit ships. A function is the quick way to one's own:
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, endpoint_fn, middleware_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let double = middleware_fn(async |cx, request: u32, next| next.call(cx, request * 2).await);
//! let endpoint = endpoint_fn(async |_cx, request: u32| Ok(request + 1)).layer(double);
//! assert_eq!(endpoint.call(&mut Context::new(), 20).await?, 41);
//! # Ok(()) }
//! ```
//!
//! A type is a pair: the layer, and the endpoint that it makes of another. Generic over the request, it stands round any operation:
//!
//! ```
//! use kit_core::{Context, Endpoint, Error, Layer, endpoint_fn};
//!
//! /// Tells the callee for whom it is called.
//! #[derive(Clone, Copy, Debug)]
//! struct TenantLayer(&'static str);
//!
//! #[derive(Clone, Debug)]
//! struct Tenant<E> {
//!     inner: E,
//!     name: &'static str,
//! }
//!
//! impl<E> Layer<E> for TenantLayer {
//!     type Service = Tenant<E>;
//!
//!     fn layer(&self, inner: E) -> Tenant<E> {
//!         Tenant { inner, name: self.0 }
//!     }
//! }
//!
//! impl<E, Req> Endpoint<Req> for Tenant<E>
//! where
//!     E: Endpoint<Req>,
//!     Req: Send,
//! {
//!     type Response = E::Response;
//!
//!     async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
//!         cx.outbound_mut().insert("x-tenant", self.name)?;
//!         self.inner.call(cx, request).await
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let told = endpoint_fn(async |cx, ()| Ok(cx.outbound().is_some_and(|told| told.get("x-tenant") == Some("acme"))));
//! assert!(told.layer(TenantLayer("acme")).call(&mut Context::new(), ()).await?);
//! # Ok(()) }
//! ```
//!
//! What such a layer counts or holds for the length of a call belongs in a value with a `Drop`, since a call that is given up runs no line
//! after its `await`; what it holds for a stream goes to the [stream's end](crate::stream).

use std::fmt;
use std::marker::PhantomData;

use tower_layer::Layer;

use crate::context::Context;
use crate::endpoint::{Endpoint, Erased};
use crate::error::Error;

/// The rest of the stack, as a middleware function sees it.
///
/// Erased, since a closure cannot be generic over it: each [`call`](Self::call) allocates once.
pub struct Next<'a, Req, Res>(&'a dyn Erased<Req, Res>);

impl<Req, Res> Next<'_, Req, Res>
where
    Req: Send,
    Res: Send,
{
    /// Calls on. It may be called several times, or not at all.
    ///
    /// # Errors
    /// What the inner endpoint answers.
    pub async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        self.0.call_boxed(cx, request).await
    }
}

impl<Req, Res> fmt::Debug for Next<'_, Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// A middleware from an `async fn(&mut Context, Req, Next<'_, Req, Res>)` or an async closure without captures.
///
/// **One box a call**, for what [`Next`] calls. A layer that runs on every request is better written as a type.
pub fn middleware_fn<F, Req, Res, Out>(f: F) -> MiddlewareFn<F, Req, Res>
where
    F: AsyncFn(&mut Context, Req, Next<'_, Req, Res>) -> Result<Out, Error>
        + for<'a> MiddlewareHandler<'a, Req, Res, Out = Out>, // state: middleware_with
{
    MiddlewareFn(f, PhantomData)
}

/// A middleware from state and an `async fn(&S, &mut Context, Req, Next<'_, Req, Res>)`.
///
/// **One box a call**, as [`middleware_fn`].
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use kit_core::{Context, Endpoint as _, Error, endpoint_fn, middleware_with};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let calls = Arc::new(AtomicU64::new(0));
/// let count = middleware_with(Arc::clone(&calls), async |calls, cx, request: u32, next| {
///     calls.fetch_add(1, Ordering::Relaxed);
///     next.call(cx, request).await
/// });
/// let endpoint = endpoint_fn(async |_cx, request: u32| Ok(request)).layer(count);
/// endpoint.call(&mut Context::new(), 1).await?;
/// assert_eq!(calls.load(Ordering::Relaxed), 1);
/// # Ok(()) }
/// ```
pub fn middleware_with<S, F, Req, Res, Out>(state: S, f: F) -> MiddlewareWith<S, F, Req, Res>
where
    S: Clone + Send + Sync,
    F: AsyncFn(&S, &mut Context, Req, Next<'_, Req, Res>) -> Result<Out, Error>
        + for<'a> MiddlewareHandlerWith<'a, S, Req, Res, Out = Out>,
{
    MiddlewareWith(state, f, PhantomData)
}

/// The layer of [`middleware_fn`].
pub struct MiddlewareFn<F, Req, Res>(F, PhantomData<fn(Req) -> Res>);

/// The layer of [`middleware_with`].
pub struct MiddlewareWith<S, F, Req, Res>(S, F, PhantomData<fn(Req) -> Res>);

impl<E, F: Clone, Req, Res> Layer<E> for MiddlewareFn<F, Req, Res> {
    type Service = Through<E, Self>;

    fn layer(&self, inner: E) -> Self::Service {
        Through { inner, middleware: self.clone() }
    }
}

impl<E, S: Clone, F: Clone, Req, Res> Layer<E> for MiddlewareWith<S, F, Req, Res> {
    type Service = Through<E, Self>;

    fn layer(&self, inner: E) -> Self::Service {
        Through { inner, middleware: self.clone() }
    }
}

/// An endpoint with a function round it.
#[derive(Clone)]
pub struct Through<E, M> {
    inner: E,
    middleware: M,
}

impl<E, F, Req, Res, Out> Endpoint<Req> for Through<E, MiddlewareFn<F, Req, Res>>
where
    E: Endpoint<Req, Response = Res>,
    F: for<'a> MiddlewareHandler<'a, Req, Res, Out = Out>,
    Req: Send,
    Res: Send,
    Out: Send,
{
    type Response = Out;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Out, Error> {
        self.middleware.0.run(cx, request, Next(&self.inner)).await
    }
}

impl<E, S, F, Req, Res, Out> Endpoint<Req> for Through<E, MiddlewareWith<S, F, Req, Res>>
where
    E: Endpoint<Req, Response = Res>,
    S: Send + Sync,
    F: for<'a> MiddlewareHandlerWith<'a, S, Req, Res, Out = Out>,
    Req: Send,
    Res: Send,
    Out: Send,
{
    type Response = Out;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Out, Error> {
        self.middleware.1.run(&self.middleware.0, cx, request, Next(&self.inner)).await
    }
}

/// A function that [`middleware_fn`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no middleware for requests of type `{Req}`",
    note = "it must be an `async fn(&mut Context, Req, Next<'_, Req, Res>) -> Result<Out, kit_core::Error>` that captures nothing and whose future is `Send`",
    note = "hand state in with `middleware_with(state, async |state, cx, request, next| ..)`"
)]
pub trait MiddlewareHandler<'a, Req, Res>: Send + Sync {
    /// What it answers.
    type Out: Send;

    /// Calls it.
    fn run(
        &self,
        cx: &'a mut Context,
        request: Req,
        next: Next<'a, Req, Res>,
    ) -> impl Future<Output = Result<Self::Out, Error>> + Send;
}

impl<'a, F, Fut, Req, Res, Out> MiddlewareHandler<'a, Req, Res> for F
where
    F: Fn(&'a mut Context, Req, Next<'a, Req, Res>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Out, Error>> + Send + 'a,
    Req: 'a,
    Res: 'a,
    Out: Send,
{
    type Out = Out;

    fn run(
        &self,
        cx: &'a mut Context,
        request: Req,
        next: Next<'a, Req, Res>,
    ) -> impl Future<Output = Result<Out, Error>> + Send {
        self(cx, request, next)
    }
}

/// A function that [`middleware_with`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no middleware with state `{S}` for requests of type `{Req}`",
    note = "it must be an `async fn(&State, &mut Context, Req, Next<'_, Req, Res>) -> Result<Out, kit_core::Error>` that captures nothing and whose future is `Send`"
)]
pub trait MiddlewareHandlerWith<'a, S, Req, Res>: Send + Sync {
    /// What it answers.
    type Out: Send;

    /// Calls it.
    fn run(
        &self,
        state: &'a S,
        cx: &'a mut Context,
        request: Req,
        next: Next<'a, Req, Res>,
    ) -> impl Future<Output = Result<Self::Out, Error>> + Send;
}

impl<'a, S, F, Fut, Req, Res, Out> MiddlewareHandlerWith<'a, S, Req, Res> for F
where
    S: 'a,
    F: Fn(&'a S, &'a mut Context, Req, Next<'a, Req, Res>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Out, Error>> + Send + 'a,
    Req: 'a,
    Res: 'a,
    Out: Send,
{
    type Out = Out;

    fn run(
        &self,
        state: &'a S,
        cx: &'a mut Context,
        request: Req,
        next: Next<'a, Req, Res>,
    ) -> impl Future<Output = Result<Out, Error>> + Send {
        self(state, cx, request, next)
    }
}

impl<F: Clone, Req, Res> Clone for MiddlewareFn<F, Req, Res> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<S: Clone, F: Clone, Req, Res> Clone for MiddlewareWith<S, F, Req, Res> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone(), PhantomData)
    }
}

impl<F, Req, Res> fmt::Debug for MiddlewareFn<F, Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareFn")
    }
}

impl<S, F, Req, Res> fmt::Debug for MiddlewareWith<S, F, Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareWith")
    }
}

impl<E, M: fmt::Debug> fmt::Debug for Through<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Through").field(&self.middleware).finish()
    }
}
