use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use kit_core::{Child, ChildLayer, Context, Endpoint, Error, Layer as _, Method, StreamEnd, Streaming};

use super::call::Border;
use super::error;

/// The endpoint for application code: calls `service`, which answers with a stream, as `method`, each call with a
/// [child](Child) of its caller's context.
///
/// ```
/// use futures_util::{StreamExt as _, stream};
/// use kit_core::{Context, Endpoint as _, Error, Kind, Method, Streaming, endpoint_fn};
/// use kit_transport::local;
///
/// static COUNT: Method = Method::new("numbers", "count").kind(Kind::ServerStream);
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let service = endpoint_fn(async |cx, to: u32| Ok(Streaming::new(cx, stream::iter((0..to).map(Ok)))));
/// let count = local::streaming(&COUNT, service);
/// let numbers = count.call(&mut Context::new(), 3).await?;
/// assert_eq!(numbers.map(Result::unwrap).collect::<Vec<_>>().await, [0, 1, 2]);
/// # Ok(()) }
/// ```
pub fn streaming<E>(method: &'static Method, service: E) -> Child<LocalStream<E>> {
    ChildLayer::new(method).layer(LocalStream::new(service))
}

/// Calls a service in this process that answers with a stream, as if there were a wire between.
///
/// As [`Local`](super::Local); and an error in the stream crosses like any other, a panic of its source is `Internal` and ends
/// it, the trailers that are there at its end come along. Dropped before its end, it drops the source and tells the callee's token.
///
/// # Errors
/// As [`Local`](super::Local).
///
/// # Cancel safety
/// As [`Local`](super::Local).
#[derive(Clone, Debug)]
pub struct LocalStream<E>(Border<E>);

impl<E> LocalStream<E> {
    /// Calls `service`.
    pub fn new(service: E) -> Self {
        Self(Border::new(service))
    }

    /// As [`Local::max_time`](super::Local::max_time); the stream ends at it too.
    #[must_use]
    pub fn max_time(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.0.max_time = time.into();
        self
    }
}

impl<E, Req, T> Endpoint<Req> for LocalStream<E>
where
    E: Endpoint<Req, Response = Streaming<T>>,
    Req: Send,
    T: Send + 'static,
{
    type Response = Streaming<T>;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Streaming<T>, Error> {
        let source = self.0.cross(cx, request).await?.answer;
        let end = Arc::new(OnceLock::new());
        let streaming = Streaming::new(cx, Crossing { source: Some(source), end: Arc::clone(&end) });
        // Before anybody can poll it.
        let _ = end.set(streaming.end().clone());
        Ok(streaming)
    }
}

/// A callee's stream on its way to the caller.
struct Crossing<T> {
    /// Dropped at the end.
    source: Option<Streaming<T>>,
    /// The caller's end of it, for the trailers.
    end: Arc<OnceLock<StreamEnd>>,
}

impl<T> Crossing<T> {
    fn close(&mut self) {
        let Some(source) = self.source.take() else { return };
        let trailers = source.end().take_trailers();
        if let Some(end) = self.end.get() {
            end.with_trailers(|own| *own = trailers);
        }
    }
}

impl<T> Stream for Crossing<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        let error = match ready!(Pin::new(source).poll_next(task)) {
            Some(Ok(item)) => return Poll::Ready(Some(Ok(item))),
            Some(Err(error)) => Some(error::crossed(&error)),
            None => None,
        };
        self.close();
        Poll::Ready(error.map(Err))
    }
}
