use std::time::Duration;

use kit_core::{Child, ChildLayer, Context, Endpoint, Error, Layer as _, Method};

use super::call::Border;

/// The endpoint for application code: calls `service` as `method`, each call with a [child](Child) of its caller's context.
pub fn endpoint<E>(method: &'static Method, service: E) -> Child<Local<E>> {
    ChildLayer::new(method).layer(Local::new(service))
}

/// Calls a service in this process as if there were a wire between ([the module](super) says how).
///
/// It calls with the context that it is given: application code takes [`endpoint`], which opens a child; this stands inside a
/// stack that opens its own. A service that answers with a [`Streaming`](kit_core::Streaming) is called by
/// [`LocalStream`](super::LocalStream), so that errors within the stream cross too.
///
/// # Errors
/// Those of the service, as a wire would carry them; `DeadlineExceeded` at the deadline, with the reason `deadline_before_call`
/// if nothing was called.
///
/// # Panics
/// If the service has to wait, the call has a deadline and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call drops the callee's and tells its token.
#[derive(Clone, Debug)]
pub struct Local<E>(Border<E>);

impl<E> Local<E> {
    /// Calls `service`.
    pub fn new(service: E) -> Self {
        Self(Border::new(service))
    }

    /// Caps the time that a caller may give its call, and sets it where the caller gives none; `None` for no cap. Default 30 s,
    /// as a router's: nothing waits for ever.
    #[must_use]
    pub fn max_time(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.0.max_time = time.into();
        self
    }
}

impl<E, Req> Endpoint<Req> for Local<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let crossed = self.0.cross(cx, request).await?;
        if let Some(end) = crossed.stream {
            // A body, or a stream inside a larger answer: the layers here see its end as those there do.
            cx.announce(end);
        }
        Ok(crossed.answer)
    }
}
