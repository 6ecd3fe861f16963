use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::StreamEnd;
use crate::context::Context;
use crate::error::{Code, Error};
use crate::outcome::Outcome;
use crate::recover;

/// A response of many messages.
///
/// It takes the call's deadline with it: when that passes, the stream ends with `DeadlineExceeded`, also if its source could
/// go on (with a deadline, each message reads the clock). After an error nothing follows. A source that panics ends it with a
/// [bug](recover::catch): what polls a stream is a connection's task, which has other calls. Dropped before its end, it counts as
/// cancelled, and its source is dropped with it.
///
/// ```
/// use futures_util::{StreamExt as _, stream};
/// use kit_core::{Context, Endpoint as _, Error, Streaming, endpoint_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let count = endpoint_fn(async |cx, to: u32| Ok(Streaming::new(cx, stream::iter((0..to).map(Ok)))));
///
/// let mut numbers = count.call(&mut Context::new(), 3).await?;
/// let mut sum = 0;
/// while let Some(number) = numbers.next().await {
///     sum += number?;
/// }
/// assert_eq!(sum, 3);
/// # Ok(()) }
/// ```
pub struct Streaming<T> {
    /// Dropped at the end, whoever still holds the rest.
    source: Option<Source<T>>,
    end: StreamEnd,
    deadline: Option<Instant>,
    /// Made when the source first makes its reader wait.
    timer: Option<Pin<Box<Sleep>>>,
}

type Source<T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>;

impl<T> Streaming<T> {
    /// Announces a stream on the context of the call that answers with it.
    pub fn new(cx: &mut Context, source: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        let end = StreamEnd::new();
        cx.announce(end.clone());
        Self { source: Some(Box::pin(source)), end, deadline: cx.deadline(), timer: None }
    }

    /// Its end, for whoever outlives the call: a producer that writes trailers, a reader that wants them.
    pub fn end(&self) -> &StreamEnd {
        &self.end
    }

    /// The same stream, and what it fails with changed: for the reader, and for its end.
    pub(crate) fn map_error(mut self, map: fn(Error) -> Error) -> Self
    where
        T: 'static,
    {
        self.source = self.source.take().map(|source| -> Source<T> { Box::pin(MapError { source, map }) });
        self
    }

    fn close(&mut self, outcome: Outcome, error: Option<&Error>) {
        self.source = None;
        self.timer = None;
        self.end.complete(outcome, error.cloned());
    }

    /// Too late for one more message, asked without a timer: a reader that is slow, or a source that is always ready, never
    /// gets as far as waiting.
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn time_out(&mut self) -> Error {
        let error = Error::from_code(Code::DeadlineExceeded);
        self.close(Outcome::TimedOut, Some(&error));
        error
    }

    fn poll_deadline(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(timer.as_mut().poll(task));
        Poll::Ready(())
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        let polled = recover::catch(|| source.as_mut().poll_next(task));
        match polled.unwrap_or_else(|panicked| Poll::Ready(Some(Err(panicked)))) {
            Poll::Ready(Some(Ok(_))) if self.is_late() => Poll::Ready(Some(Err(self.time_out()))),
            Poll::Ready(Some(Ok(item))) => Poll::Ready(Some(Ok(item))),
            Poll::Ready(Some(Err(error))) => {
                self.close(error.outcome(), Some(&error));
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                self.close(Outcome::Success, None);
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.poll_deadline(task));
                Poll::Ready(Some(Err(self.time_out())))
            }
        }
    }
}

/// A source whose error is changed on its way.
struct MapError<T> {
    source: Source<T>,
    map: fn(Error) -> Error,
}

impl<T> Stream for MapError<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let map = self.map;
        self.source.as_mut().poll_next(task).map(|item| item.map(|item| item.map_err(map)))
    }
}

impl<T> Drop for Streaming<T> {
    fn drop(&mut self) {
        self.close(Outcome::Cancelled, None);
    }
}

/// The source is pinned in its own box.
impl<T> Unpin for Streaming<T> {}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("end", &self.end).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
