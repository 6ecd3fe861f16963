use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use kit_core::{Code, Context, Error, Metadata, Outcome, Retry, Streaming};
use tokio::time::Instant;

use crate::codec::{Codec, Encode};
use crate::grpc::frame::{ACCEPT_ENCODING, Coding, ENCODING, Form, Frames, Writing};
use crate::grpc::{Config, media, status};
use crate::http::server::extract::{MediaTypeError, unsupported};
use crate::http::{Body, Request, Response, keep};

/// What the head of a call has settled.
pub(super) struct Call<C> {
    read: Coding,
    form: Form<C>,
    content_type: HeaderValue,
    config: Config,
}

impl<C: Codec> Call<C> {
    /// # Errors
    /// A problem of HTTP for what is no gRPC; `Unimplemented` for messages of a format or in a coding that is not read.
    pub(super) fn open(cx: &mut Context, request: &Request, codec: &C, config: Config) -> Result<Self, Error> {
        let headers = cx.inbound().headers();
        if request.version() != Version::HTTP_2 {
            return Err(Error::invalid_argument("gRPC needs HTTP/2").with_reason("http2_required"));
        }
        let own = media::name(codec);
        let format = headers.get(CONTENT_TYPE).and_then(media::format);
        let content_type = match format {
            None => {
                let error = if headers.contains_key(CONTENT_TYPE) {
                    MediaTypeError::Unsupported
                } else {
                    MediaTypeError::Missing
                };
                return Err(unsupported(error, format!("{}+{own}", media::CONTENT), headers));
            }
            Some("") if own == "proto" => media::content_type(""),
            Some(format) if format.eq_ignore_ascii_case(own) => media::content_type(own),
            Some(_) => {
                let line = format!("the messages must be of the type {}+{own}", media::CONTENT);
                return Err(Error::unimplemented(line)
                    .with_reason("unsupported_media_type")
                    .with_outcome(Outcome::BusinessError));
            }
        };
        let coding = Coding::accepted(headers, config.gzip);
        let read = Coding::named(headers, config.gzip).map_err(|error| {
            cx.outbound_mut().headers_mut().insert(ACCEPT_ENCODING, codings(config));
            error.with_outcome(Outcome::BusinessError)
        })?;
        let form = Form { codec: codec.clone(), coding, limit: config.max_write_bytes };
        Ok(Self { read, form, content_type, config })
    }

    /// The messages of the call.
    pub(super) fn frames(&self, body: Body) -> Frames {
        Frames::of_request(body, self.read, self.config.max_read_bytes)
    }

    /// An answer of one message, and what the endpoint left for its trailers.
    pub(super) fn answer<T>(self, cx: &mut Context, message: &T) -> Result<Response, Error>
    where
        C: Encode<T>,
    {
        let message = self.form.message(message)?;
        cx.sizes_mut().add_sent(message.len());
        // One that has ended is that of a stream which the endpoint itself has read.
        let body = match cx.stream().filter(|end| end.ended().is_none()) {
            None => Body::message(message),
            Some(end) => {
                let left = end.with_trailers(|trailers| trailers.headers().clone());
                let trailers = status::sealed(left, None);
                Body::new(Full::new(message).with_trailers(async move { Some(Ok(trailers)) }))
            }
        };
        Ok(self.respond(body))
    }

    /// An answer of a stream, with how it ended in its trailers.
    pub(super) fn stream<T>(self, cx: &mut Context, messages: Streaming<T>) -> Response
    where
        T: 'static,
        C: Encode<T>,
    {
        let end = messages.end().clone();
        if cx.stream().is_none() {
            cx.announce(end.clone());
        }
        let last = move |ended: Result<(), Error>| {
            if let Err(error) = &ended {
                // What was not the stream's own error: a message that cannot be written, a panic.
                end.complete(error.outcome(), Some(error.clone()));
            }
            Ok(Some(status::sealed(end.take_trailers().into_headers(), ended.as_ref().err())))
        };
        let body = Body::new(Writing::new(self.form.clone(), messages, last));
        self.respond(body)
    }

    fn respond(self, body: Body) -> Response {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type);
        if self.form.coding != Coding::Identity {
            headers.insert(ENCODING, HeaderValue::from_static(self.form.coding.name()));
        }
        if self.config.gzip {
            headers.insert(ACCEPT_ENCODING, codings(self.config));
        }
        response
    }
}

fn codings(config: Config) -> HeaderValue {
    HeaderValue::from_static(if config.gzip { "identity,gzip" } else { "identity" })
}

/// The one message of a call, as bytes.
pub(super) async fn only(cx: &mut Context, frames: &mut Frames) -> Result<Bytes, Error> {
    let mut waited = false;
    let message = {
        let mut only = pin!(frames.only());
        poll_fn(|task| {
            let message = only.as_mut().poll(task);
            waited |= message.is_pending();
            message
        })
        .await
    };
    if waited {
        cx.stamp();
    }
    let message = message?;
    cx.sizes_mut().add_received(message.len());
    Ok(message)
}

/// So much later than the deadline an endpoint is given up here: a layer that keeps the deadline, and counts and tells the calls that it ends, is ahead.
const GRACE: Duration = Duration::from_millis(5);

/// Until when the endpoint of a call that may begin is waited for.
///
/// # Errors
/// Those of [`keep::begin`].
pub(super) fn until(cx: &Context) -> Result<Option<Instant>, Error> {
    keep::begin(cx).map(|deadline| deadline?.checked_add(GRACE))
}

/// The answer to a call that failed: a head that is all of it.
pub(crate) fn failure(cx: &Context, error: &Error) -> Response {
    let left = match cx.stream().filter(|end| end.ended().is_none()) {
        None => HeaderMap::new(),
        Some(end) => {
            let left = end.with_trailers(|trailers| trailers.headers().clone());
            end.complete(error.outcome(), Some(error.clone()));
            left
        }
    };
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = status::sealed(left, Some(error));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media::CONTENT));
    response
}

/// Takes out of what goes to a caller what only the protocol says.
pub(crate) fn unreserve(outbound: &mut Metadata) {
    status::unreserve(outbound.headers_mut());
}

/// Whether who sent this reads gRPC.
pub(crate) fn is_call(cx: &Context, request: &Request) -> bool {
    media::is_call(request.version(), request.method(), cx.inbound().headers())
}

/// The caller waits for nobody knows how long.
///
/// # Source
/// grpc-go, `operateHeaders`: `Internal`, as for other heads that are malformed. gRPC's C-core takes it for a call without a deadline.
#[cold]
pub(crate) fn malformed_timeout() -> Error {
    Error::new(Code::Internal, "grpc-timeout is not up to eight digits and a unit")
        .with_reason("malformed_timeout")
        .with_outcome(Outcome::BusinessError)
        .with_retry(Retry::Never)
}

/// No route has this service, or this service no such method: the caller's mistake, which speaks against nobody's health.
pub(crate) fn unknown_method() -> Error {
    Error::unimplemented("there is no such method").with_reason("unknown_method").with_outcome(Outcome::BusinessError)
}
