//! What HTTP callers of Go kit's addsvc rely on, beside what they have in common with all others.

use http::header::{CONTENT_TYPE, HeaderValue};
use kit::http::{Body, Request, Response, problem};
use kit::{Context, Endpoint, Error, Layer};

/// Go kit's client sends JSON and does not say so.
pub(super) async fn untyped_is_json(cx: &mut Context, _request: &mut Request) -> Result<(), Error> {
    let mut inbound = cx.take_inbound();
    inbound.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    cx.set_inbound(inbound);
    Ok(())
}

/// Adds to every problem the one member that Go kit's addsvc answers an error with: `"error"`, its text.
///
/// It stands outside the stack, which is to see the error itself.
#[derive(Clone, Copy, Debug)]
pub struct GoErrorLayer;

impl<E> Layer<E> for GoErrorLayer {
    type Service = GoError<E>;

    fn layer(&self, inner: E) -> GoError<E> {
        GoError(inner)
    }
}

/// What [`GoErrorLayer`] makes of `E`.
#[derive(Clone, Debug)]
pub struct GoError<E>(E);

impl<E: Endpoint<Request, Response = Response>> Endpoint<Request> for GoError<E> {
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        match self.0.call(cx, request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                cx.set_outcome(error.outcome());
                with_text(&error).await
            }
        }
    }
}

async fn with_text(error: &Error) -> Result<Response, Error> {
    let (head, problem) = problem::response(error).into_parts();
    let problem = problem.bytes(usize::MAX).await?;
    let text = serde_json::to_vec(error.message()).map_err(Error::bug)?;
    // Before the members that an object of a problem always has.
    let body = [br#"{"error":"#, &text[..], b",", &problem[1..]].concat();
    Ok(Response::from_parts(head, Body::full(body)))
}
