//! The deadline of a call, kept by its binding.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use kit_core::{Code, Context, Error, Retry};
use tokio::time::{Instant, timeout_at};

/// The deadline of a call that may begin.
///
/// # Errors
/// `DeadlineExceeded` for one whose time is up: it did not run, so it may be made again whatever it does.
pub(crate) fn begin(cx: &Context) -> Result<Option<Instant>, Error> {
    match cx.remaining() {
        Some(left) if left.is_zero() => Err(Error::from_code(Code::DeadlineExceeded).with_retry(Retry::Safe)),
        _ => Ok(cx.deadline()),
    }
}

/// What the endpoint answers, if it does by the deadline. Polled once before a timer is made: most calls need none.
///
/// # Source
/// gRPC over HTTP/2, "Errors": a server keeps the deadline itself, since the caller's reset may be lost. A batch of JSON-RPC has other calls,
/// whose answers are not lost with one that hangs.
pub(crate) async fn by<T>(
    deadline: Option<Instant>,
    mut call: Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Result<T, Error> {
    if let Poll::Ready(result) = poll_fn(|task| Poll::Ready(call.as_mut().poll(task))).await {
        return result;
    }
    // It knows whom to wake: not polled again on the way to its timer.
    let mut polled = true;
    let call = poll_fn(|task| if std::mem::take(&mut polled) { Poll::Pending } else { call.as_mut().poll(task) });
    match deadline {
        None => call.await,
        Some(deadline) => {
            timeout_at(deadline, call).await.unwrap_or_else(|_| Err(Error::from_code(Code::DeadlineExceeded)))
        }
    }
}
