use std::fmt;
use std::marker::PhantomData;

use tower_layer::Layer;

use super::Failure;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::stream::Streaming;

/// Answers the errors of the inner endpoint with the `F` in them that was sent, if it was one and is known here
/// ([`Error::recognize`]); any other as it is.
///
/// # Cancel safety
/// That of the inner endpoint.
pub struct Recognize<E, F> {
    inner: E,
    failure: PhantomData<fn() -> F>,
}

impl<E, F> Recognize<E, F> {
    pub(super) fn new(inner: E) -> Self {
        Self { inner, failure: PhantomData }
    }

    /// [`Endpoint::layer`], which needs no request to be known, as on a [`Child`](crate::Child).
    pub fn layer<L: Layer<Self>>(self, layer: L) -> L::Service {
        layer.layer(self)
    }
}

impl<E, F, Req> Endpoint<Req> for Recognize<E, F>
where
    E: Endpoint<Req>,
    F: Failure,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        self.inner.call(cx, request).await.map_err(Error::recognize::<F>)
    }
}

/// As [`Recognize`], and in the stream that the inner endpoint answers with, whose end is told the same.
///
/// # Cancel safety
/// That of the inner endpoint.
pub struct RecognizeStream<E, F> {
    inner: E,
    failure: PhantomData<fn() -> F>,
}

impl<E, F> RecognizeStream<E, F> {
    pub(super) fn new(inner: E) -> Self {
        Self { inner, failure: PhantomData }
    }

    /// [`Endpoint::layer`], which needs no request to be known, as on a [`Child`](crate::Child).
    pub fn layer<L: Layer<Self>>(self, layer: L) -> L::Service {
        layer.layer(self)
    }
}

impl<E, F, Req, T> Endpoint<Req> for RecognizeStream<E, F>
where
    E: Endpoint<Req, Response = Streaming<T>>,
    F: Failure,
    Req: Send,
    T: Send + 'static,
{
    type Response = Streaming<T>;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Streaming<T>, Error> {
        let answer = self.inner.call(cx, request).await;
        answer.map(|stream| stream.map_error(Error::recognize::<F>)).map_err(Error::recognize::<F>)
    }
}

impl<E: Clone, F> Clone for Recognize<E, F> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<E: Clone, F> Clone for RecognizeStream<E, F> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<E: fmt::Debug, F: Failure> fmt::Debug for Recognize<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recognize").field("failure", &F::NAME).field("inner", &self.inner).finish()
    }
}

impl<E: fmt::Debug, F: Failure> fmt::Debug for RecognizeStream<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecognizeStream").field("failure", &F::NAME).field("inner", &self.inner).finish()
    }
}
