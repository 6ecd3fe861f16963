//! HTTP passed on as it is: the one body that had to be read for it, and what the caller is told if nobody is there.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use kit::discovery::NoInstances;
use kit::http::{Body, Request, Response, code_of};
use kit::{Context, Endpoint, Error, Outcome, Routed};

/// The largest body that is passed on, in bytes: as much as a server of kit's reads by default.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// A request whose body is here, so that it can be sent to another instance when the first fails. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passed {
    head: Arc<Parts>,
    body: Bytes,
}

impl Passed {
    async fn read(cx: &mut Context, request: Request) -> Result<Self, Error> {
        let (mut head, body) = request.into_parts();
        // In a server of kit's they are in the context.
        head.headers = cx.inbound().headers().clone();
        let body = body.bytes(MAX_BODY_BYTES).await?;
        cx.stamp();
        Ok(Self { head: Arc::new(head), body })
    }

    fn message(&self) -> Request {
        Request::from_parts((*self.head).clone(), Body::full(self.body.clone()))
    }
}

/// Sends a [`Passed`] as the request that it was: a view on a channel, of another.
#[derive(Clone, Debug)]
pub struct Sending<V>(pub V);

impl<V, C> Endpoint<Routed<C, Passed>> for Sending<V>
where
    V: Endpoint<Routed<C, Request>, Response = Response>,
    C: Send,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, routed: Routed<C, Passed>) -> Result<Response, Error> {
        let Routed { instance, channel, request } = routed;
        self.0.call(cx, Routed { instance, channel, request: request.message() }).await
    }
}

/// Passes each request on to the instances of a service, and the response of one of them back.
#[derive(Clone, Debug)]
pub struct Passing<E> {
    service: &'static str,
    call: E,
}

impl<E> Passing<E> {
    /// To `service`, by `call`.
    pub fn to(service: &'static str, call: E) -> Self {
        Self { service, call }
    }
}

impl<E: Endpoint<Passed, Response = Response>> Endpoint<Request> for Passing<E> {
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let passed = Passed::read(cx, request).await?;
        let response = self.call.call(cx, passed).await.map_err(|error| nobody(self.service, error))?;
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            // It is an answer, and no success: metrics and log are to know.
            cx.set_outcome(Outcome::of_code(code_of(status)));
        }
        Ok(response)
    }
}

/// Who is told that nobody is there is told of which service.
fn nobody(service: &str, error: Error) -> Error {
    match error.cause::<NoInstances>() {
        Some(why) => {
            let line = format!("nobody is there to answer for {service}: {why}");
            error.with_message(line)
        }
        None => error,
    }
}
