//! One request of HTTP.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method as Verb, Uri};
use kit_core::{Code, Context, Endpoint, Error, Retry, Routed};
use tokio::time::timeout_at;

use super::Client;
use crate::http::client::UnexpectedAnswer;
use crate::http::server::extract::{MediaTypeError, accepts};
use crate::http::{Body, BodyTooLarge, Request, Response, problem};
use crate::jsonrpc::message::Envelope;

/// What came back.
pub(super) struct Received {
    /// Empty where there was no body.
    pub(super) body: Bytes,
    /// What the status says, if it is none of success: it holds unless the body says more.
    pub(super) failed: Option<Error>,
}

impl<E> Client<E>
where
    E: Endpoint<Request, Response = Response>,
{
    /// Sends a body, and reads what comes back whole.
    pub(super) async fn exchange(&self, cx: &mut Context, body: Vec<u8>) -> Result<Received, Error> {
        let response = self.inner.call(cx, self.message(body)).await?;
        self.receive(cx, response).await
    }
}

impl<E> Client<E> {
    /// Sends a body over the channel that was picked, and reads what comes back whole.
    pub(super) async fn exchange_over<C>(&self, cx: &mut Context, routed: Routed<C, Vec<u8>>) -> Result<Received, Error>
    where
        E: Endpoint<Routed<C, Request>, Response = Response>,
    {
        let Routed { instance, channel, request } = routed;
        let response = self.inner.call(cx, Routed { instance, channel, request: self.message(request) }).await?;
        self.receive(cx, response).await
    }

    /// Reads what came back, whole.
    async fn receive(&self, cx: &mut Context, response: Response) -> Result<Received, Error> {
        let (parts, body) = response.into_parts();
        let reading = body.bytes(self.max_answer_bytes);
        let read = match cx.deadline() {
            None => reading.await,
            // Raw cuts its bodies off itself; another endpoint need not.
            Some(deadline) => {
                timeout_at(deadline, reading).await.unwrap_or_else(|_| Err(Code::DeadlineExceeded.into()))
            }
        };
        cx.stamp();
        let success = parts.status.is_success();
        let body = match read {
            Ok(body) => body,
            // The status says enough.
            Err(error) if !success && error.code() != Code::DeadlineExceeded => Bytes::new(),
            Err(error) => return Err(unread(error)),
        };
        cx.sizes_mut().add_received(body.len());
        if success {
            if !body.is_empty() {
                readable(&parts.headers)?;
            }
            return Ok(Received { body, failed: None });
        }
        let failed = Some(problem::error(parts.status, &parts.headers, &body));
        // Some servers answer errors with a status of their own, and an error object all the same.
        let body = if readable(&parts.headers).is_ok() { body } else { Bytes::new() };
        Ok(Received { body, failed })
    }

    /// What carries a body there.
    fn message(&self, body: Vec<u8>) -> Request {
        let mut request = Request::new(Body::full(body));
        *request.method_mut() = Verb::POST;
        *request.uri_mut() = Uri::from(self.path.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, application/problem+json");
        request.headers_mut().insert(ACCEPT, both);
        request
    }
}

fn readable(headers: &HeaderMap) -> Result<(), Error> {
    let Err(refused) = accepts(&Envelope, headers) else { return Ok(()) };
    let header = |name| headers.get(name).map_or_else(String::new, shown);
    // In words of its own: that error is one of a server, for whom the mistake is its caller's.
    let (cause, reason) = match refused.cause::<MediaTypeError>() {
        Some(MediaTypeError::Missing) => (UnexpectedAnswer::NoContentType, "unexpected_content_type"),
        Some(MediaTypeError::Coding) => {
            (UnexpectedAnswer::ContentCoding(header(CONTENT_ENCODING)), "unexpected_content_coding")
        }
        _ => (UnexpectedAnswer::ContentType(header(CONTENT_TYPE)), "unexpected_content_type"),
    };
    Err(Error::boundary(Code::Internal, cause)
        .with_message("the answer of another service could not be read")
        .with_reason(reason)
        .with_retry(Retry::MayHaveRun))
}

/// A stranger's header, for the log: it is escaped there.
fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect()
}

/// Too large is the callee's doing, and no 413 of ours; what broke off says so itself.
fn unread(error: Error) -> Error {
    let Some(large) = error.cause::<BodyTooLarge>() else { return error };
    Error::new(Code::ResourceExhausted, "the answer is too large")
        .with_reason("answer_too_large")
        .with_retry(Retry::Never)
        .with_field("limit", large.limit())
}
