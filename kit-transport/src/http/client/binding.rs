use std::borrow::Borrow;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method as Verb};
use kit_core::{Context, Endpoint, Error, Metadata, Outcome, Retry, Routed};

use super::builder::Shape;
use super::call::{Call, within};
use super::exchange::Sent;
use super::path::Path;
use super::{Channel, Picked, error, headers, stream};
use crate::codec::Codec;
use crate::http::{Body, Request, problem};

/// An operation of another service: a request is encoded, sent, and its answer decoded.
///
/// The stages: encode → before → send → after → decode. Each may refuse, and what follows it does not run then. The context's
/// deadline, or the settings' default, covers all of it: connecting, sending, waiting, and reading the body. An answer of any other
/// status than 2xx becomes the [error that it stands for](problem::error).
///
/// An answer that breaks off is an error, however much of it came. One that says neither its length nor comes in chunks ends with its
/// connection, as in HTTP/1.0: there only the codec can tell whether it is whole.
///
/// It goes to the one target that it was made for, or, [`Picked`], to the channel of each request's [`Routed`].
///
/// It calls with the context that it is given: application code takes [`endpoint`](super::BindingBuilder::endpoint), which
/// opens a child; this stands inside a stack that opens its own.
///
/// # Errors
/// The table of [the module](super#errors).
///
/// # Cancel safety
/// Dropping the call ends it: an HTTP/1.1 connection is closed and not used again, an HTTP/2 stream is reset.
pub struct Binding<Req, Res, C, At = Arc<Channel>> {
    at: At,
    operation: Operation<Req, Res, C>,
}

/// What is done, wherever it is done.
pub(super) struct Operation<Req, Res, C> {
    verb: Verb,
    /// Whether the method may run twice.
    idempotent: bool,
    path: Path<Req>,
    shape: Shape<Req, C>,
    accept: HeaderValue,
    decoding: Decoding<Res, C>,
}

/// How a response of success becomes an answer.
pub(super) enum Decoding<Res, C> {
    /// Read whole, then decoded.
    Typed(fn(&C, &[u8]) -> Result<Res, Error>),
    /// As it is, its body unread.
    With(DecodeWith<Res>),
}

type DecodeWith<Res> = Arc<dyn Fn(&mut Context, http::Response<Body>) -> Result<Res, Error> + Send + Sync>;

/// How much of the body of an error is read, in bytes: ours have a few hundred.
const MAX_PROBLEM_BYTES: usize = 64 * 1024;

impl<Req, Res, C, At> Binding<Req, Res, C, At> {
    pub(super) fn new(at: At, operation: Operation<Req, Res, C>) -> Self {
        Self { at, operation }
    }
}

impl<Req, Res, C: Codec> Operation<Req, Res, C> {
    pub(super) fn new(
        verb: Verb,
        idempotent: bool,
        path: Path<Req>,
        shape: Shape<Req, C>,
        decoding: Decoding<Res, C>,
    ) -> Self {
        let accept = match decoding {
            Decoding::Typed(_) => format!("{}, {}", shape.codec.accept_type(), problem::CONTENT),
            Decoding::With(_) => "*/*".to_owned(),
        };
        let accept = HeaderValue::try_from(accept).expect("media types are ASCII");
        Self { verb, idempotent, path, shape, accept, decoding }
    }

    async fn call(&self, cx: &mut Context, channel: impl Borrow<Channel> + Send, request: Req) -> Result<Res, Error> {
        let channel = channel.borrow();
        let mut call = Call::begin(cx, channel)?;
        let sent = self.encode(&request, channel, &mut call).map(|message| call.send(message, self.idempotent));
        // Not kept while it waits: the message has all of it.
        drop(request);
        let result = match sent {
            Ok(sent) => within(call.deadline, pin!(self.read(&mut call, channel, sent))).await,
            Err(refused) => Some(Err(refused)),
        };
        call.end(result)
    }

    fn encode(&self, request: &Req, channel: &Channel, call: &mut Call<'_>) -> Result<Request, Error> {
        // Nothing that fails here was sent, and the same request would fail again.
        let refused = |error: Error| error.with_retry(Retry::Never);
        let body = self.shape.encode.map(|encode| encode(&self.shape.codec, request)).transpose().map_err(refused)?;
        let has_body = body.is_some();
        let mut message = Request::new(body.map_or_else(Body::empty, Body::full));
        *message.method_mut() = self.verb.clone();
        let path = self.path.below(channel.prefix(), request)?;
        call.sign(&mut message);
        if has_body {
            message.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.shape.codec.content_type()));
        }
        message.headers_mut().entry(ACCEPT).or_insert_with(|| self.accept.clone());
        self.write_headers(request, message.headers_mut())?;
        if self.shape.before.is_empty() {
            channel.address_for_wire(&mut message, path);
            return Ok(message);
        }
        channel.address_whole(&mut message, path);
        for hook in &self.shape.before {
            hook(&mut call.cx, &mut message)?;
        }
        let path = message.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        channel.address_for_wire(&mut message, path);
        Ok(message)
    }

    fn write_headers(&self, request: &Req, headers: &mut HeaderMap) -> Result<(), Error> {
        for (name, values) in &self.shape.headers {
            headers.remove(name);
            let mut written = Ok(());
            values(request, &mut |value| match HeaderValue::try_from(value.to_string()) {
                Ok(value) => {
                    headers.append(name, value);
                }
                Err(cause) => written = Err(cause),
            });
            written.map_err(|cause| {
                let line = format!("the value of the header {name} cannot be sent");
                Error::invalid_argument(line).with_reason("bad_header").with_retry(Retry::Never).with_cause(cause)
            })?;
        }
        Ok(())
    }

    async fn read(&self, call: &mut Call<'_>, channel: &Channel, sent: Sent) -> Result<Res, Error> {
        let target = channel.target();
        let mut response = call.answer(sent).await?;
        for hook in &self.shape.after {
            hook(&mut call.cx, &mut response)?;
        }
        let (parts, body) = response.into_parts();
        if !parts.status.is_success() {
            call.cx.set_inbound(Metadata::received(parts.headers));
            // Whatever of it does not come whole: the status says enough.
            let body = body.bytes(MAX_PROBLEM_BYTES).await.unwrap_or_default();
            call.cx.sizes_mut().add_received(body.len());
            let error = problem::error(parts.status, call.cx.inbound().headers(), &body);
            let error = error.with_field("target", target.as_str());
            return Err(error);
        }
        match &self.decoding {
            Decoding::Typed(decode) => {
                let checked = headers::check_content(&parts.headers, &self.shape.codec, target);
                call.cx.set_inbound(Metadata::received(parts.headers));
                checked?;
                let bytes: Bytes = body
                    .bytes(channel.config().max_response_bytes)
                    .await
                    .map_err(|cause| error::unread(cause, target))?;
                call.cx.sizes_mut().add_received(bytes.len());
                decode(&self.shape.codec, &bytes).map_err(|cause| error::unreadable(cause, error::MALFORMED, target))
            }
            Decoding::With(decode) => {
                call.cx.set_inbound(Metadata::received(parts.headers.clone()));
                let body = stream::track(&mut call.cx, body, Outcome::Success, call.deadline, target);
                decode(&mut call.cx, http::Response::from_parts(parts, body))
            }
        }
    }
}

impl<Req, Res, C> Endpoint<Req> for Binding<Req, Res, C>
where
    Req: Send,
    Res: Send,
    C: Codec,
{
    type Response = Res;

    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<Res, Error>> + Send {
        self.operation.call(cx, &*self.at, request)
    }
}

impl<Req, Res, C> Endpoint<Routed<Arc<Channel>, Req>> for Binding<Req, Res, C, Picked>
where
    Req: Send,
    Res: Send,
    C: Codec,
{
    type Response = Res;

    fn call(
        &self,
        cx: &mut Context,
        routed: Routed<Arc<Channel>, Req>,
    ) -> impl Future<Output = Result<Res, Error>> + Send {
        self.operation.call(cx, routed.channel, routed.request)
    }
}

impl<Req, Res, C, At: fmt::Debug> fmt::Debug for Binding<Req, Res, C, At> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binding({} {:?} at {:?})", self.operation.verb, self.operation.path, self.at)
    }
}
