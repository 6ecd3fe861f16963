use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::Panicked;
use super::future::{Answered, Caught};
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

    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        let caught = Caught::making(|| self.inner.call(cx, request));
        Answered { caught, answer: |payload: &(dyn Any + Send)| Err(self.caught(payload)) }
    }
}

impl<E: fmt::Debug> fmt::Debug for Recover<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recover").field(&self.inner).finish()
    }
}
