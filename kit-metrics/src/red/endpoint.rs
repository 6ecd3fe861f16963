use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use kit_core::{Context, Endpoint, Error};

use super::call::{Call, code};
use super::methods::Methods;

/// Counts and times calls; made by [`RedLayer`](super::RedLayer).
///
/// # Cancel safety
/// Dropping the call drops the inner call, and counts it as cancelled.
#[derive(Clone, Debug)]
pub struct Red<E> {
    inner: E,
    methods: Arc<Methods>,
}

impl<E> Red<E> {
    pub(super) fn new(inner: E, methods: Arc<Methods>) -> Self {
        Self { inner, methods }
    }
}

impl<E, Req> Endpoint<Req> for Red<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let handles = self.methods.handles(cx.method());
        let mut call = Call::begin(&**handles, cx.begin());
        let result = {
            let mut inner = pin!(call.run(|| self.inner.call(cx, request)));
            poll_fn(|task| call.run(|| inner.as_mut().poll(task))).await
        };
        let outcome = cx.outcome_of(&result);
        if let Some(instead_of) = cx.fallback()
            && let Some(fallbacks) = handles.fallbacks(instead_of)
        {
            fallbacks.inc();
        }
        match cx.stream().filter(|_| result.is_ok()) {
            Some(stream) => {
                let call = call.streams(Arc::clone(handles));
                stream.attach(move |ended| call.stream_ended(ended, outcome));
            }
            None => call.end(cx.end(), outcome, code(outcome, result.as_ref().err().map(Error::code))),
        }
        result
    }
}
