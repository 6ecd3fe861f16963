use std::fmt;

use tower_layer::Layer;

use super::Child;
use crate::context::Context;
use crate::method::Method;

/// Copies what a caller asks for from the child's context to its own.
pub type Returning = fn(caller: &mut Context, child: &Context);

/// Gives each call a child context that names `method`: the outermost layer of a client stack.
#[derive(Clone, Copy)]
pub struct ChildLayer {
    method: &'static Method,
    returning: Option<Returning>,
}

impl ChildLayer {
    /// Calls of `method`. Nothing comes back but the answer and the time.
    pub fn new(method: &'static Method) -> Self {
        Self { method, returning: None }
    }

    /// Runs `returning` when a call has come to its own end, with an answer or an error, to hand on what the caller wants of
    /// the callee's metadata.
    ///
    /// ```
    /// use kit_core::{ChildLayer, Method};
    ///
    /// static GET: Method = Method::new("profiles", "get").idempotent();
    ///
    /// let layer = ChildLayer::new(&GET).returning(|caller, child| {
    ///     if let Some(version) = child.inbound().get("etag") {
    ///         // A value that came in fits out again, unless the caller's own metadata is full.
    ///         let _ = caller.outbound_mut().insert("etag", version);
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn returning(mut self, returning: Returning) -> Self {
        self.returning = Some(returning);
        self
    }
}

impl<E> Layer<E> for ChildLayer {
    type Service = Child<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Child::new(inner, self.method, self.returning)
    }
}

impl fmt::Debug for ChildLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildLayer").field("method", &self.method).finish_non_exhaustive()
    }
}
