use std::ops::{Deref, DerefMut};

use tokio::time::Instant;

use super::{Cancel, Context};
use crate::method::Method;

/// A stretch of a call with a deadline, a cancel token and a method of its own; a [`Context`] while it lasts.
///
/// Its end gives the caller's back, whatever ended it. [`finish`](Self::finish) says that the call inside came to its own
/// end; dropped without it, as a timeout, an abort or a panic does, the scope tells its token.
#[derive(Debug)]
pub struct Scope<'a> {
    cx: &'a mut Context,
    deadline: Option<Instant>,
    cancel: Option<Cancel>,
    method: Option<&'static Method>,
}

impl Context {
    /// Opens a scope that ends at `deadline`, or at the caller's if that is earlier: a deadline only ever gets shorter.
    ///
    /// ```
    /// # use kit_core::{Context, Endpoint, Error};
    /// # use std::time::Duration;
    /// # async fn layer<E: Endpoint<u32>>(inner: &E, cx: &mut Context, request: u32) -> Result<E::Response, Error> {
    /// let mut scope = cx.scope_after(Duration::from_millis(100));
    /// let result = inner.call(&mut scope, request).await;
    /// scope.finish(); // not reached when this future is dropped: then what the call spawned is told to stop
    /// result
    /// # }
    /// ```
    #[inline]
    pub fn scope(&mut self, deadline: Option<Instant>) -> Scope<'_> {
        let before = (self.deadline, self.cancel.take(), self.method);
        self.deadline = earlier(self.deadline, deadline);
        Scope { deadline: before.0, cancel: before.1, method: before.2, cx: self }
    }

    /// Opens a scope that ends `limit` after [`now`](Self::now), or at the caller's deadline if that is earlier.
    pub fn scope_after(&mut self, limit: std::time::Duration) -> Scope<'_> {
        // A limit past the end of time is no limit.
        let deadline = self.now.checked_add(limit);
        self.scope(deadline)
    }
}

impl Scope<'_> {
    /// The call inside came to its own end: what it spawned may go on. If it answered with a stream, the stream keeps the
    /// token, and tells it when the stream is dropped before its end.
    #[inline]
    pub fn finish(self) {
        self.cx.release();
    }
}

impl Drop for Scope<'_> {
    #[inline]
    fn drop(&mut self) {
        self.cx.deadline = self.deadline;
        self.cx.method = self.method;
        if let Some(own) = std::mem::replace(&mut self.cx.cancel, self.cancel.take()) {
            own.cancel();
        }
    }
}

impl Deref for Scope<'_> {
    type Target = Context;

    fn deref(&self) -> &Context {
        self.cx
    }
}

impl DerefMut for Scope<'_> {
    fn deref_mut(&mut self) -> &mut Context {
        self.cx
    }
}

#[inline]
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
