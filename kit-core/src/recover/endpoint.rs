use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use super::Panicked;
use super::hook::Catching;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::observer::Observer;

/// Answers a panic of the inner endpoint with a bug: code `Internal`, the fixed public line, cause [`Panicked`].
///
/// What the inner endpoint shares with others must stand a panic in its middle, as a poisoned lock says.
///
/// # Cancel safety
/// Dropping the call drops the inner call; a panic in *that* is not caught here.
#[derive(Clone)]
pub struct Recover<E> {
    inner: E,
    observer: Option<Arc<dyn Observer<Error>>>,
}

impl<E> Recover<E> {
    pub(super) fn new(inner: E, observer: Option<Arc<dyn Observer<Error>>>) -> Self {
        Self { inner, observer }
    }

    #[cold]
    fn caught(&self, payload: &(dyn Any + Send)) -> Error {
        let error = Error::bug(Panicked::new(payload));
        if let Some(observer) = &self.observer {
            observer.observe(&error);
        }
        error
    }
}

impl<E, Req> Endpoint<Req> for Recover<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        // An endpoint need not be an `async fn`: making the future may panic as well.
        let made = {
            let _catching = Catching::begin();
            catch_unwind(AssertUnwindSafe(|| self.inner.call(cx, request)))
        };
        let mut call = match made {
            Ok(call) => std::pin::pin!(call),
            Err(payload) => return Err(self.caught(&*payload)),
        };
        let ended = poll_fn(|task| {
            let _catching = Catching::begin();
            match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(task))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
                Err(payload) => Poll::Ready(Err(payload)),
            }
        });
        match ended.await {
            Ok(result) => result,
            Err(payload) => Err(self.caught(&*payload)),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for Recover<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recover").field(&self.inner).finish()
    }
}
