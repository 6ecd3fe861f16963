use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method as Verb, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use kit_core::{Context, Error, Outcome, StreamEnd, recover, request_id};

use super::finalize::{Finalize, Finished};
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::http::{Body, Request, Response, hpack, problem};

const REQUEST_ID: HeaderName = HeaderName::from_static(request_id::KEY);

/// What the caller of an exchange can read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Any answer of HTTP.
    Http,
    /// An answer without its body: it asked with HEAD.
    Head,
    /// Statuses of gRPC in the place of HTTP's.
    #[cfg(feature = "grpc")]
    Grpc,
}

impl Caller {
    /// Who sent this, its headers still being there.
    pub(super) fn of(request: &Request) -> Self {
        #[cfg(feature = "grpc")]
        if grpc::media::is_call(request.version(), request.method(), request.headers()) {
            return Caller::Grpc;
        }
        if request.method() == Verb::HEAD { Caller::Head } else { Caller::Http }
    }
}

/// One exchange: it owns the context from the request's head to the last byte of the answer, and tells the finalizer of the
/// end, whichever it is. That happens from its drop, because nothing else is certain to run.
pub(super) struct Edge {
    /// `None` once the end has been told.
    cx: Option<Context>,
    finalize: Option<Arc<dyn Finalize>>,
    caller: Caller,
    http2: bool,
    status: Option<StatusCode>,
    bytes: u64,
    outcome: Option<Outcome>,
    error: Option<Error>,
}

impl Edge {
    pub(super) fn new(cx: Context, finalize: Option<Arc<dyn Finalize>>, caller: Caller, version: Version) -> Self {
        let http2 = version == Version::HTTP_2;
        Self { cx: Some(cx), finalize, caller, http2, status: None, bytes: 0, outcome: None, error: None }
    }

    pub(super) fn cx(&mut self) -> &mut Context {
        self.cx.as_mut().expect("the context is here until the end is told")
    }

    /// The response to send. An answer whose body is all here has ended with this; a streamed one ends with its body.
    pub(super) fn respond(mut self, result: Result<Response, Error>) -> Response {
        let cx = self.cx();
        let outcome = cx.outcome_of(&result);
        #[cfg_attr(not(feature = "grpc"), expect(unused_mut, reason = "only gRPC takes names out"))]
        let mut outbound = cx.take_outbound();
        let id = cx.request_id().map(|id| id.with_str(HeaderValue::from_str));
        let mut response = match result {
            Ok(response) => response,
            Err(error) => {
                let response = self.failure(&error);
                self.error = Some(error);
                response
            }
        };
        let headers = response.headers_mut();
        #[cfg(feature = "grpc")]
        if let (Caller::Grpc, Some(outbound)) = (self.caller, &mut outbound) {
            grpc::server::unreserve(outbound);
        }
        if let Some(outbound) = outbound {
            headers.extend(outbound.into_headers());
        }
        if let Some(Ok(id)) = id {
            headers.insert(REQUEST_ID, if self.http2 { hpack::unindexed(id) } else { id });
        }
        self.status = Some(response.status());
        self.outcome = Some(outcome);
        if self.caller == Caller::Head {
            return self.without_body(response);
        }
        if response.body().is_ready() {
            self.bytes = response.body().size_hint().lower();
            self.finish();
            return response;
        }
        // Until the body says otherwise.
        self.outcome = None;
        response.map(|body| Body::new(Tracked::new(body, self)))
    }

    /// What the caller reads of an error.
    fn failure(&mut self, error: &Error) -> Response {
        match self.caller {
            #[cfg(feature = "grpc")]
            Caller::Grpc => grpc::server::failure(self.cx(), error),
            Caller::Http | Caller::Head => problem::response(error),
        }
    }

    /// HEAD: the headers of the answer, with the length its body would have.
    fn without_body(mut self, mut response: Response) -> Response {
        if let Some(length) = response.body().size_hint().exact()
            && !response.headers().contains_key(CONTENT_LENGTH)
            && length > 0
        {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        self.finish();
        response.map(|_| Body::empty())
    }

    fn finish(&mut self) {
        if let Some(cx) = self.tell() {
            cx.finish();
        }
    }

    /// Tells the finalizer, and gives the context back to be finished or dropped.
    fn tell(&mut self) -> Option<Context> {
        let mut cx = self.cx.take()?;
        let Some(finalize) = self.finalize.take() else { return Some(cx) };
        let duration = cx.end().saturating_duration_since(cx.arrived());
        // No outcome and no panic: the future or the body was dropped, as a connection does whose client went away.
        let dropped = if std::thread::panicking() { Outcome::BackendError } else { Outcome::Cancelled };
        finalize.finalize(&Finished {
            context: &cx,
            outcome: self.outcome.unwrap_or(dropped),
            status: self.status,
            bytes: self.bytes,
            duration,
            error: self.error.as_ref(),
        });
        Some(cx)
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // The context is abandoned: its drop tells the call's token.
        drop(self.tell());
    }
}

/// The body of a streamed answer, which carries its exchange to its end.
struct Tracked {
    body: Body,
    /// Where layers attached what must last so long: the stream's own end if the answer is one, else ours.
    end: StreamEnd,
    edge: Option<Edge>,
}

impl Tracked {
    fn new(body: Body, mut edge: Edge) -> Self {
        let announced = edge.cx().stream().cloned();
        Self { body, end: announced.unwrap_or_default(), edge: Some(edge) }
    }

    /// A service of another make says in its trailers how a call of gRPC ended.
    #[cfg(feature = "grpc")]
    fn hear(&mut self, frame: &Frame<Bytes>) {
        if let (Some(trailers), Some(edge)) = (frame.trailers_ref(), &self.edge)
            && edge.caller == Caller::Grpc
            && self.end.ended().is_none()
            && let Err(error) = grpc::status::error_of(trailers)
        {
            self.close(error.outcome(), Some(error));
        }
    }

    /// The body has ended by itself, or broken off.
    fn close(&mut self, outcome: Outcome, error: Option<Error>) {
        self.end.complete(outcome, error.clone());
        let Some(mut edge) = self.edge.take() else { return };
        let (outcome, error) = match self.end.ended() {
            // What was streamed may have failed, and its body have told so to its end.
            Some(ended) if outcome == Outcome::Success => (ended.outcome(), ended.error().cloned()),
            _ => (outcome, error),
        };
        // An answer of status 500 stays one, however well its body arrives.
        let said = edge.cx().outcome_of(&Ok::<_, Error>(()));
        edge.outcome = Some(if outcome == Outcome::Success { said } else { outcome });
        edge.error = edge.error.take().or(error);
        edge.finish();
    }
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // What polls it is the connection, which has other calls.
        let frame = match recover::catch(|| Pin::new(&mut self.body).poll_frame(task)) {
            Ok(polled) => ready!(polled),
            Err(panicked) => {
                self.body = Body::empty();
                Some(Err(panicked))
            }
        };
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(edge)) = (frame.data_ref(), &mut self.edge) {
                    edge.bytes += data.len() as u64;
                }
                #[cfg(feature = "grpc")]
                self.hear(frame);
            }
            Some(Err(error)) => self.close(error.outcome(), Some(error.clone())),
            None => self.close(Outcome::Success, None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // A body known to be at its end may be dropped unread.
        if self.edge.is_some() && self.body.is_end_stream() {
            self.close(Outcome::Success, None);
        }
        self.end.complete(Outcome::Cancelled, None);
    }
}
