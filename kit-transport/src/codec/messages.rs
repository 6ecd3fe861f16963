use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use futures_core::Stream;
use kit_core::Error;

/// A request of many messages, which come while the endpoint runs: the other half of [`Streaming`](kit_core::Streaming).
///
/// It is read as it is asked for: an endpoint that takes its time slows its caller down, and one that drops it stops the caller. After an
/// error nothing follows. It has no deadline of its own: the call that reads it has one.
///
/// It is read once, and is therefore no `Clone`. A stack that may send a request again wants one that is: a call with these has a stack
/// without retry and hedge (`pool.clone().remove(slot::Retry)` of a `kit::client::Client`).
///
/// ```
/// use futures_util::{StreamExt as _, stream};
/// use kit_core::{Context, Endpoint as _, Error, endpoint_fn};
/// use kit_transport::codec::Messages;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let sum = endpoint_fn(async |_cx, mut numbers: Messages<u32>| {
///     let mut sum = 0;
///     while let Some(number) = numbers.next().await {
///         sum += number?;
///     }
///     Ok(sum)
/// });
/// assert_eq!(sum.call(&mut Context::new(), Messages::new(stream::iter([Ok(1), Ok(2)]))).await?, 3);
/// # Ok(()) }
/// ```
pub struct Messages<T>(Option<Source<T>>);

type Source<T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>;

impl<T> Messages<T> {
    /// The messages of a stream, up to its end or its first error.
    pub fn new(source: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self(Some(Box::pin(source)))
    }
}

impl<T> Stream for Messages<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.0 else { return Poll::Ready(None) };
        let next = source.as_mut().poll_next(task);
        if let Poll::Ready(None | Some(Err(_))) = next {
            self.0 = None;
        }
        next
    }
}

impl<T> fmt::Debug for Messages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Messages(open)" } else { "Messages(ended)" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::{FutureExt as _, StreamExt as _, stream};

    use super::*;

    #[test]
    fn after_an_error_nothing_follows_and_the_source_is_gone() {
        let held = Arc::new(());
        let holds = Arc::clone(&held);
        let source =
            stream::iter([Ok(1), Err(Error::data_loss("torn")), Ok(2)]).inspect(move |_| drop(Arc::clone(&holds)));
        let mut messages = Messages::new(source);
        let mut next = || messages.next().now_or_never().expect("nothing waits");
        assert_eq!(next().expect("a message").unwrap(), 1);
        assert!(next().expect("the error").is_err());
        assert!(next().is_none());
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
