//! Functions as endpoints.
//!
//! | the function takes | without state | with state |
//! |---|---|---|
//! | context and request | [`endpoint_fn`] | [`endpoint_with`] |
//! | the request alone | [`request_fn`] | [`request_with`] |
//!
//! An async closure that *captures* is no endpoint: its future borrows from the closure, which stable Rust cannot show to be
//! `Send`. State is handed in instead, and every type is inferred. (One exception: [`request_fn`] takes a closure that only
//! borrows what it captures.)
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, endpoint_with};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let greeting = String::from("hello, ");
//! let greet = endpoint_with(greeting, async |greeting, _cx, name: String| Ok(greeting.clone() + &name));
//! assert_eq!(greet.call(&mut Context::new(), "you".into()).await?, "hello, you");
//! # Ok(()) }
//! ```
//!
//! Each constructor has two bounds that say nearly the same: `AsyncFn` infers a closure's types but cannot say that its future
//! is `Send`; the trait beside it can, and infers nothing (core.md A6).

// The compiler quotes the line of the bound that a function misses: hence the word at its end, which says what to use instead.

use std::fmt;

use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// An endpoint from an `async fn(&mut Context, Req)` or an async closure without captures.
///
/// ```
/// use kit_core::{Context, Error, endpoint_fn};
///
/// async fn count(cx: &mut Context, text: String) -> Result<usize, Error> {
///     cx.outbound_mut().insert("x-counted", "chars")?;
///     Ok(text.chars().count())
/// }
///
/// let from_item = endpoint_fn(count);
/// let from_closure = endpoint_fn(async |_cx, text: String| Ok(text.chars().count()));
/// ```
pub fn endpoint_fn<F, Req, Res>(f: F) -> EndpointFn<F>
where
    F: AsyncFn(&mut Context, Req) -> Result<Res, Error> + for<'a> Handler<'a, Req, Res = Res>, // state: endpoint_with
{
    EndpointFn(f)
}

/// An endpoint from state and an `async fn(&S, &mut Context, Req)`.
///
/// ```
/// use std::sync::Arc;
///
/// use kit_core::{Context, Error, endpoint_with};
///
/// struct Store;
///
/// impl Store {
///     async fn get(&self, _cx: &mut Context, id: u64) -> Result<String, Error> {
///         Ok(format!("row {id}"))
///     }
/// }
///
/// let from_method = endpoint_with(Store, Store::get);
/// // State that several endpoints have: a method is not found through the `Arc`, a closure's call is.
/// let shared = Arc::new(Store);
/// let from_closure = endpoint_with(Arc::clone(&shared), async |store, cx, id: u64| store.get(cx, id).await);
/// ```
pub fn endpoint_with<S, F, Req, Res>(state: S, f: F) -> EndpointWith<S, F>
where
    S: Send + Sync,
    F: AsyncFn(&S, &mut Context, Req) -> Result<Res, Error> + for<'a> HandlerWith<'a, S, Req, Res = Res>,
{
    EndpointWith(state, f)
}

/// An endpoint from an `async fn(Req)`, which has no use for the context.
///
/// ```
/// use kit_core::request_fn;
///
/// let uppercase = request_fn(async |text: String| Ok(text.to_uppercase()));
/// ```
pub fn request_fn<F, Req, Res>(f: F) -> RequestFn<F>
where
    F: AsyncFn(Req) -> Result<Res, Error> + RequestHandler<Req, Res = Res>, // state: request_with
{
    RequestFn(f)
}

/// An endpoint from state and an `async fn(&S, Req)`, which has no use for the context.
///
/// ```
/// use kit_core::request_with;
///
/// let add = request_with(40, async |base, more: u32| Ok(*base + more));
/// ```
pub fn request_with<S, F, Req, Res>(state: S, f: F) -> RequestWith<S, F>
where
    S: Send + Sync,
    F: AsyncFn(&S, Req) -> Result<Res, Error> + for<'a> RequestHandlerWith<'a, S, Req, Res = Res>,
{
    RequestWith(state, f)
}

/// The endpoint of [`endpoint_fn`].
#[derive(Clone, Copy)]
pub struct EndpointFn<F>(F);

/// The endpoint of [`endpoint_with`].
#[derive(Clone, Copy)]
pub struct EndpointWith<S, F>(S, F);

/// The endpoint of [`request_fn`].
#[derive(Clone, Copy)]
pub struct RequestFn<F>(F);

/// The endpoint of [`request_with`].
#[derive(Clone, Copy)]
pub struct RequestWith<S, F>(S, F);

impl<F, Req, Res> Endpoint<Req> for EndpointFn<F>
where
    F: for<'a> Handler<'a, Req, Res = Res>,
    Req: Send,
    Res: Send,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        self.0.run(cx, request).await
    }
}

impl<S, F, Req, Res> Endpoint<Req> for EndpointWith<S, F>
where
    S: Send + Sync,
    F: for<'a> HandlerWith<'a, S, Req, Res = Res>,
    Req: Send,
    Res: Send,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        self.1.run(&self.0, cx, request).await
    }
}

impl<F, Req> Endpoint<Req> for RequestFn<F>
where
    F: RequestHandler<Req>,
    Req: Send,
{
    type Response = F::Res;

    async fn call(&self, _cx: &mut Context, request: Req) -> Result<F::Res, Error> {
        self.0.run(request).await
    }
}

impl<S, F, Req, Res> Endpoint<Req> for RequestWith<S, F>
where
    S: Send + Sync,
    F: for<'a> RequestHandlerWith<'a, S, Req, Res = Res>,
    Req: Send,
    Res: Send,
{
    type Response = Res;

    async fn call(&self, _cx: &mut Context, request: Req) -> Result<Res, Error> {
        self.1.run(&self.0, request).await
    }
}

/// A function that [`endpoint_fn`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no endpoint for requests of type `{Req}`",
    note = "an endpoint is an `async fn(&mut Context, Req) -> Result<Res, kit_core::Error>` that captures nothing and whose future is `Send`",
    note = "hand state in with `endpoint_with(state, async |state, cx, request| ..)`"
)]
pub trait Handler<'a, Req>: Send + Sync {
    /// What it answers.
    type Res: Send;

    /// Calls it.
    fn run(&self, cx: &'a mut Context, request: Req) -> impl Future<Output = Result<Self::Res, Error>> + Send;
}

impl<'a, F, Fut, Req, Res> Handler<'a, Req> for F
where
    F: Fn(&'a mut Context, Req) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Res, Error>> + Send + 'a,
    Res: Send,
{
    type Res = Res;

    fn run(&self, cx: &'a mut Context, request: Req) -> impl Future<Output = Result<Res, Error>> + Send {
        self(cx, request)
    }
}

/// A function that [`endpoint_with`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no endpoint with state `{S}` for requests of type `{Req}`",
    note = "it must be an `async fn(&State, &mut Context, Req) -> Result<Res, kit_core::Error>` that captures nothing and whose future is `Send`"
)]
pub trait HandlerWith<'a, S, Req>: Send + Sync {
    /// What it answers.
    type Res: Send;

    /// Calls it.
    fn run(
        &self,
        state: &'a S,
        cx: &'a mut Context,
        request: Req,
    ) -> impl Future<Output = Result<Self::Res, Error>> + Send;
}

impl<'a, S, F, Fut, Req, Res> HandlerWith<'a, S, Req> for F
where
    S: 'a,
    F: Fn(&'a S, &'a mut Context, Req) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Res, Error>> + Send + 'a,
    Res: Send,
{
    type Res = Res;

    fn run(&self, state: &'a S, cx: &'a mut Context, request: Req) -> impl Future<Output = Result<Res, Error>> + Send {
        self(state, cx, request)
    }
}

/// A function that [`request_fn`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no endpoint for requests of type `{Req}`",
    note = "it must be an `async fn(Req) -> Result<Res, kit_core::Error>` that captures nothing and whose future is `Send`",
    note = "hand state in with `request_with(state, async |state, request| ..)`"
)]
pub trait RequestHandler<Req>: Send + Sync {
    /// What it answers.
    type Res: Send;

    /// Calls it.
    fn run(&self, request: Req) -> impl Future<Output = Result<Self::Res, Error>> + Send;
}

impl<F, Fut, Req, Res> RequestHandler<Req> for F
where
    F: Fn(Req) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Res, Error>> + Send,
    Res: Send,
{
    type Res = Res;

    fn run(&self, request: Req) -> impl Future<Output = Result<Res, Error>> + Send {
        self(request)
    }
}

/// A function that [`request_with`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no endpoint with state `{S}` for requests of type `{Req}`",
    note = "it must be an `async fn(&State, Req) -> Result<Res, kit_core::Error>` that captures nothing and whose future is `Send`"
)]
pub trait RequestHandlerWith<'a, S, Req>: Send + Sync {
    /// What it answers.
    type Res: Send;

    /// Calls it.
    fn run(&self, state: &'a S, request: Req) -> impl Future<Output = Result<Self::Res, Error>> + Send;
}

impl<'a, S, F, Fut, Req, Res> RequestHandlerWith<'a, S, Req> for F
where
    S: 'a,
    F: Fn(&'a S, Req) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Res, Error>> + Send + 'a,
    Res: Send,
{
    type Res = Res;

    fn run(&self, state: &'a S, request: Req) -> impl Future<Output = Result<Res, Error>> + Send {
        self(state, request)
    }
}

macro_rules! debug_by_name {
    ($($name:ident<$($parameter:ident),+>;)*) => {
        $(impl<$($parameter),+> fmt::Debug for $name<$($parameter),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        })*
    };
}

debug_by_name! {
    EndpointFn<F>;
    EndpointWith<S, F>;
    RequestFn<F>;
    RequestWith<S, F>;
}
