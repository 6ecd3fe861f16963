use std::fmt;

use tower_layer::Layer;

use super::Returning;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::method::Method;

/// Calls the inner endpoint with a [child](Context::child) of the caller's context.
///
/// The child has the caller's deadline, request id and extensions, and metadata, method, attempts, outcome and stream of its
/// own. When the call ends by itself, with an answer or an error, the caller's view of the time is brought up to date, what
/// was [asked for](super::ChildLayer::returning) is copied, and the child is finished: nothing it spawned is told to stop. A
/// stream that it answered with keeps the child's token.
///
/// # Cancel safety
/// Dropping the call drops the inner call and abandons the child: its token is told.
#[derive(Clone)]
pub struct Child<E> {
    inner: E,
    method: &'static Method,
    returning: Option<Returning>,
}

impl<E> Child<E> {
    pub(super) fn new(inner: E, method: &'static Method, returning: Option<Returning>) -> Self {
        Self { inner, method, returning }
    }

    /// [`Endpoint::layer`], which needs no request to be known: what a client makes may take requests of any type, and a trait's method
    /// could not be found before one is named.
    pub fn layer<L: Layer<Self>>(self, layer: L) -> L::Service {
        layer.layer(self)
    }
}

impl<E, Req> Endpoint<Req> for Child<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let mut child = cx.child(self.method);
        let result = self.inner.call(&mut child, request).await;
        cx.catch_up(&child);
        if let Some(returning) = self.returning {
            returning(cx, &child);
        }
        child.finish();
        result
    }
}

impl<E: fmt::Debug> fmt::Debug for Child<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("method", &self.method).field("inner", &self.inner).finish_non_exhaustive()
    }
}
