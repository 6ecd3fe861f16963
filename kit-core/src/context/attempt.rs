use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{Connection, Context, Extensions, Sizes};
use crate::metadata::Metadata;
use crate::request_id::RequestId;

/// A try at a call, on its caller's own context: what it writes stays if it is [kept](Self::keep), and is gone if it is dropped.
///
/// For tries that come one after another: the one that speaks for the call, which is mostly the first, then costs less than a
/// [fork](Context::fork) and its merge. Those that run side by side need a fork each.
#[derive(Debug)]
#[must_use = "dropped, it leaves nothing"]
pub struct Attempt<'a> {
    cx: &'a mut Context,
    /// Until it is kept.
    before: Option<Before>,
}

/// What an attempt may write, as it was.
#[derive(Debug)]
struct Before {
    request_id: Option<RequestId>,
    inbound: Option<Arc<Metadata>>,
    outbound: Option<Arc<Metadata>>,
    extensions: Extensions,
    connection: Option<Arc<Connection>>,
    sizes: Sizes,
    number: u32,
}

impl Context {
    /// Begins an attempt: with what is here now, no outcome and no stream yet. The view of the time and the instances tried are the
    /// call's; so are deadline, cancellation and method, for which an attempt opens a [scope](Self::scope).
    ///
    /// It allocates nothing, but for the first attempt with a context that has inbound metadata: that becomes shared.
    ///
    /// ```
    /// # use kit_core::{Context, Endpoint, Error};
    /// # async fn layer<E: Endpoint<u32>>(inner: &E, cx: &mut Context, request: u32) -> Result<E::Response, Error> {
    /// let mut attempt = cx.attempt();
    /// if let Ok(answer) = inner.call(&mut attempt, request).await {
    ///     attempt.keep();
    ///     return Ok(answer);
    /// }
    /// drop(attempt); // what it wrote is gone, as when this future is dropped meanwhile
    /// inner.call(cx, request).await
    /// # }
    /// ```
    #[inline]
    pub fn attempt(&mut self) -> Attempt<'_> {
        let inbound = self.share_inbound();
        self.forget_end();
        // Made where it stays: moved, it would be read before its writes have arrived, which costs more than the rest.
        Attempt {
            before: Some(Before {
                request_id: self.request_id.clone(),
                inbound,
                outbound: self.outbound.clone(),
                extensions: self.extensions.clone(),
                connection: self.connection.clone(),
                sizes: self.sizes,
                number: self.attempts.number(),
            }),
            cx: self,
        }
    }

    fn forget_end(&mut self) {
        self.outcome = None;
        self.fallback = None;
        self.stream = None;
    }
}

impl Attempt<'_> {
    /// It speaks for the call: all that it wrote stays.
    #[inline]
    pub fn keep(mut self) {
        self.before = None;
    }

    #[cold]
    fn undo(&mut self, before: Before) {
        self.cx.request_id = before.request_id;
        self.cx.inbound = before.inbound.into();
        self.cx.outbound = before.outbound;
        self.cx.extensions = before.extensions;
        self.cx.connection = before.connection;
        self.cx.sizes = before.sizes;
        self.cx.attempts.set_number(before.number);
        self.cx.forget_end();
    }
}

impl Drop for Attempt<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.undo(before);
        }
    }
}

impl Deref for Attempt<'_> {
    type Target = Context;

    fn deref(&self) -> &Context {
        self.cx
    }
}

impl DerefMut for Attempt<'_> {
    fn deref_mut(&mut self) -> &mut Context {
        self.cx
    }
}
