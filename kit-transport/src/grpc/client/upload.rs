use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use kit_core::{Code, Error};
use tokio::sync::oneshot;

use super::error;
use crate::http::Body;

/// A request of many messages, on its way out while its answer is read.
///
/// hyper writes it in a task of its own, and lets that go on when nobody reads the answer any more: so it is told by its
/// [`Hold`], which the answer has.
pub(super) struct Upload {
    source: Source,
    /// Told when the call is over; dropped when it was given up.
    over: oneshot::Receiver<()>,
    /// Tells the call that its source failed.
    fails: Option<oneshot::Sender<Error>>,
}

/// The call's end of its [`Upload`]. Dropped, it ends that.
pub(super) struct Hold {
    source: Source,
    over: Option<oneshot::Sender<()>>,
    /// None once the source has come to its own end.
    failed: Option<oneshot::Receiver<Error>>,
}

/// What is written; none when it has ended. It is locked for a poll, by whoever writes it, and to be dropped.
type Source = Arc<Mutex<Option<Body>>>;

/// A body that is written as its reader takes it, and the call's hold on it.
pub(super) fn upload(body: Body) -> (Body, Hold) {
    let source = Arc::new(Mutex::new(Some(body)));
    let ((tell, over), (fails, failed)) = (oneshot::channel(), oneshot::channel());
    let hold = Hold { source: Arc::clone(&source), over: Some(tell), failed: Some(failed) };
    (Body::new(Upload { source, over, fails: Some(fails) }), hold)
}

impl Upload {
    fn source(&self) -> MutexGuard<'_, Option<Body>> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the source. Nothing follows.
    fn end(&mut self) -> Option<oneshot::Sender<Error>> {
        let source = self.source().take();
        drop(source);
        self.fails.take()
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.fails.is_none() {
            return Poll::Ready(None);
        }
        let told = Pin::new(&mut self.over).poll(task);
        if let Poll::Ready(told) = told {
            self.end();
            // As Go's client does: an answer that is whole needs no more of its request, which is no complaint.
            let reason = if told.is_ok() { h2::Reason::NO_ERROR } else { h2::Reason::CANCEL };
            return Poll::Ready(Some(Err(reset(reason))));
        }
        let polled = match &mut *self.source() {
            Some(body) => ready!(Pin::new(body).poll_frame(task)),
            // Taken by the hold, which has told so: the next poll hears it.
            None => return Poll::Pending,
        };
        match polled {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            None => {
                self.end();
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                if let Some(call) = self.end() {
                    // Who has left does not want to know.
                    let _ = call.send(error);
                }
                Poll::Ready(Some(Err(reset(h2::Reason::CANCEL))))
            }
        }
    }
}

/// What has hyper reset the stream for this reason.
fn reset(reason: h2::Reason) -> Error {
    Error::boundary(Code::Cancelled, h2::Error::from(reason))
}

impl Hold {
    /// What the source failed with, if it did, as the error of its call; never otherwise.
    pub(super) fn poll_failed(&mut self, task: &mut Task<'_>) -> Poll<Error> {
        let Some(failed) = &mut self.failed else { return Poll::Pending };
        match ready!(Pin::new(failed).poll(task)) {
            Ok(error) => {
                self.failed = None;
                Poll::Ready(error::unsent(&error))
            }
            Err(_ended) => {
                self.failed = None;
                Poll::Pending
            }
        }
    }

    /// The result of `work`, unless the source fails before it is there.
    pub(super) async fn or_failed<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut work = pin!(work);
        poll_fn(|task| match work.as_mut().poll(task) {
            // What ended the call may be that its source failed.
            Poll::Ready(Err(other)) => match self.poll_failed(task) {
                Poll::Ready(error) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Ready(Err(other)),
            },
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.poll_failed(task).map(Err),
        })
        .await
    }

    /// The answer is whole: what of the request is not written is not wanted.
    pub(super) fn finish(mut self) {
        if let Some(over) = self.over.take() {
            let _ = over.send(());
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.over.take());
        // Now, and not when its writer has room again. If that is polling it, it is told by now and drops it itself.
        let source = match self.source.try_lock() {
            Ok(mut source) => source.take(),
            Err(TryLockError::Poisoned(source)) => source.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        drop(source);
    }
}
