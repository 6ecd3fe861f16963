use std::fmt;
use std::marker::PhantomData;

use http_body::Body as _;
use kit_core::{Context, Endpoint, Error, Outcome, StreamEnd};

use super::extract::DecodeRequest;
use super::hook::{self, After, AfterHook, Before, BeforeHook};
use super::reply::EncodeResponse;
use crate::codec::Json;
use crate::http::{Request, Response};

/// An endpoint on HTTP: itself an endpoint, from a request of the wire to a response of the wire, so that every layer can stand
/// round it and an error of any stage passes them all.
///
/// The stages: before → decode → call → after → encode. Each may refuse, and what follows it does not run then.
pub struct Binding<E, D, N, Req>
where
    E: Endpoint<Req>,
{
    endpoint: E,
    decode: D,
    encode: N,
    before: Vec<BeforeHook>,
    after: Vec<AfterHook<E::Response>>,
    request: PhantomData<fn(Req)>,
}

/// Binds an endpoint that reads and answers JSON.
pub fn json<E, Req>(endpoint: E) -> Binding<E, Json, Json, Req>
where
    E: Endpoint<Req>,
    Json: DecodeRequest<Req> + EncodeResponse<E::Response>,
{
    Binding::new(endpoint, Json, Json)
}

impl<E, D, N, Req> Binding<E, D, N, Req>
where
    E: Endpoint<Req>,
    D: DecodeRequest<Req>,
    N: EncodeResponse<E::Response>,
{
    /// Binds `endpoint`: `decode` makes its request out of HTTP, `encode` an HTTP response out of its answer.
    pub fn new(endpoint: E, decode: D, encode: N) -> Self {
        Self { endpoint, decode, encode, before: Vec::new(), after: Vec::new(), request: PhantomData }
    }

    /// Runs `hook` before decoding, after the hooks named earlier. One box a call.
    #[must_use]
    pub fn before<F>(mut self, hook: F) -> Self
    where
        F: AsyncFn(&mut Context, &mut Request) -> Result<(), Error> + for<'a> Before<'a> + 'static,
    {
        self.before.push(hook::before(hook));
        self
    }

    /// Runs `hook` on the endpoint's answer, after the hooks named earlier. One box a call. What it writes to
    /// [`Context::outbound_mut`] becomes headers of the response.
    #[must_use]
    pub fn after<F>(mut self, hook: F) -> Self
    where
        F: AsyncFn(&mut Context, &mut E::Response) -> Result<(), Error> + for<'a> After<'a, E::Response> + 'static,
        E::Response: 'static,
    {
        self.after.push(hook::after(hook));
        self
    }
}

impl<E, D, N, Req> Endpoint<Request> for Binding<E, D, N, Req>
where
    E: Endpoint<Req>,
    D: DecodeRequest<Req>,
    N: EncodeResponse<E::Response>,
    Req: Send,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, mut request: Request) -> Result<Response, Error> {
        for hook in &self.before {
            hook(cx, &mut request).await?;
        }
        let request = self.decode.decode(cx, request).await?;
        let mut answer = self.endpoint.call(cx, request).await?;
        for hook in &self.after {
            hook(cx, &mut answer).await?;
        }
        let response = self.encode.encode(cx, answer)?;
        if let Some(bytes) = response.body().size_hint().exact() {
            cx.sizes_mut().add_sent(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        // The result is a success in types; the status says how the call ended.
        if response.status().is_server_error() {
            cx.set_outcome(Outcome::BackendError);
        } else if response.status().is_client_error() {
            cx.set_outcome(Outcome::BusinessError);
        }
        if !response.body().is_ready() && cx.stream().is_none() {
            // A body that nobody announced: layers outside see its end all the same.
            cx.announce(StreamEnd::new());
        }
        Ok(response)
    }
}

impl<E, D, N, Req> fmt::Debug for Binding<E, D, N, Req>
where
    E: Endpoint<Req> + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("endpoint", &self.endpoint)
            .field("before", &self.before.len())
            .field("after", &self.after.len())
            .finish_non_exhaustive()
    }
}
