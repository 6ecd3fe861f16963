use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, HOST, HeaderValue};
use http::{Method as Verb, Request, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use kit_core::Error;

use super::head::Place;
use super::link::{BodyState, Link};
use super::name::{is_authority, is_same};
use super::pace::Paced;
use super::refused::Refused;
use crate::http::Body;
use crate::http::server::RouterService;
use crate::http::server::service::ResponseFuture;

/// The service of one connection: what the host itself refuses, and the accounts of what it lets through.
pub(super) struct Hosted {
    service: RouterService,
    link: Arc<Link>,
}

impl Hosted {
    pub(super) fn new(service: RouterService, link: Arc<Link>) -> Self {
        Self { service, link }
    }

    fn check(&self, request: &Request<Incoming>) -> Result<(), Refused> {
        if let Some(refused) = self.link.call() {
            return Err(refused);
        }
        let checked = match self.link.is_http2() {
            true => self.check_http2(request),
            false => check_target(request),
        };
        checked.inspect_err(|&refused| self.link.host.stats.counts().refuse(refused))
    }

    /// What the scanner of heads checks in HTTP/1.
    fn check_http2(&self, request: &Request<Incoming>) -> Result<(), Refused> {
        let config = &self.link.host.config;
        let (uri, headers) = (request.uri(), request.headers());
        if uri.path_and_query().is_some_and(|path| path.as_str().len() > config.max_uri_bytes) {
            return Err(Refused::UriTooLong);
        }
        if headers.len() > config.max_headers {
            return Err(Refused::TooManyHeaders);
        }
        if uri.path() == "*" && request.method() != Verb::OPTIONS {
            return Err(Refused::Target);
        }
        // One walk over the few that a request has: each look-up would hash a name that most have not.
        let (mut host, mut hosts, mut authorizations) = (None, 0, 0);
        for (name, value) in headers {
            if *name == HOST {
                host = Some(value.as_bytes().trim_ascii());
                hosts += 1;
            } else if *name == AUTHORIZATION {
                authorizations += 1;
            }
        }
        match (uri.authority(), host) {
            _ if hosts > 1 => return Err(Refused::HostRepeated),
            (None, None) => return Err(Refused::HostMissing),
            (Some(authority), _) if !is_authority(authority.as_str().as_bytes()) => return Err(Refused::HostInvalid),
            (_, Some(host)) if !is_authority(host) => return Err(Refused::HostInvalid),
            (Some(authority), Some(host)) if !is_same(uri.scheme_str(), authority.as_str().as_bytes(), host) => {
                return Err(Refused::HostMismatch);
            }
            _ => {}
        }
        if authorizations > 1 { Err(Refused::AuthorizationRepeated) } else { Ok(()) }
    }
}

/// The forms of a target that a server has: a path, `*`, a whole URI, and an authority.
///
/// # Source
/// RFC 9112, 3.2.
fn check_target(request: &Request<Incoming>) -> Result<(), Refused> {
    let uri = request.uri();
    match (uri.scheme_str(), uri.authority()) {
        (None, None) if uri.path() == "*" && request.method() != Verb::OPTIONS => Err(Refused::Target),
        (None, None) => Ok(()),
        (None, Some(_)) if request.method() != Verb::CONNECT => Err(Refused::Target),
        (scheme, Some(authority)) => match request.headers().get(HOST) {
            _ if !is_authority(authority.as_str().as_bytes()) => Err(Refused::Target),
            Some(host) if !is_same(scheme, authority.as_str().as_bytes(), host.as_bytes().trim_ascii()) => {
                Err(Refused::HostMismatch)
            }
            _ => Ok(()),
        },
        (Some(_), None) => Err(Refused::Target),
    }
}

impl hyper::service::Service<Request<Incoming>> for Hosted {
    type Response = http::Response<Held>;
    type Error = CutOff;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let link = &self.link;
        let counts = link.host.stats.counts();
        let refused = self.check(&request).err();
        let measured = request.body().size_hint().exact().is_some();
        let busy = refused.is_none() && !counts.begin(link.host.config.max_in_flight);
        if busy {
            counts.refuse(Refused::Busy);
        }
        if refused.is_some() || busy {
            let error = refused.unwrap_or(Refused::Busy).error(&link.host.config);
            let has_body = !request.body().is_end_stream();
            link.set_body(if has_body { BodyState::Dropped } else { BodyState::Read });
            let answer = self.service.refuse(request.map(|_| Body::empty()), error);
            let call = Call::begun(Arc::clone(link), false);
            return Answering { answer: ResponseFuture(answer), call: Some(call), close: refused.is_some(), measured };
        }
        link.set_close_delimited(request.version() == Version::HTTP_10);
        let call = Call::begun(Arc::clone(link), true);
        let request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Paced::new(body, Arc::clone(link)).into(),
        });
        Answering { answer: ResponseFuture(self.service.serve(request)), call: Some(call), close: false, measured }
    }
}

/// One call in flight, from its head to the end of its answer.
struct Call {
    link: Arc<Link>,
    /// Whether it is one of those that are limited.
    admitted: bool,
}

impl Call {
    fn begun(link: Arc<Link>, admitted: bool) -> Self {
        link.begin();
        Self { link, admitted }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.admitted {
            self.link.host.stats.counts().end();
        }
        self.link.end();
    }
}

/// The call was cut off: at the end of a drain, or of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server cut the call off")
    }
}

impl std::error::Error for CutOff {}

pub(super) struct Answering {
    answer: ResponseFuture,
    call: Option<Call>,
    close: bool,
    /// Whether the length of the request's body is known from its head.
    measured: bool,
}

impl Future for Answering {
    type Output = Result<http::Response<Held>, CutOff>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.call.as_ref().is_some_and(|call| call.link.is_cut()) {
            return Poll::Ready(Err(CutOff));
        }
        let mut response = match Pin::new(&mut this.answer).poll(task) {
            Poll::Ready(Ok(response)) => response,
            Poll::Ready(Err(never)) => match never {},
            Poll::Pending => {
                super::stream::waits_for_service();
                return Poll::Pending;
            }
        };
        let call = this.call.take();
        if let Some(Call { link, .. }) = &call
            && !link.is_http2()
            && (this.close || link.is_closing() || is_unread(link, this.measured))
        {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response.map(|body| Held { body, call })))
    }
}

/// Whether hyper will close the connection because of what is left of the request's body: all but what is here already and
/// measured.
fn is_unread(link: &Link, measured: bool) -> bool {
    link.body() == BodyState::Dropped && !(measured && link.place() == Place::Between)
}

/// The body of an answer, which holds its call to its end.
pub(super) struct Held {
    body: Body,
    call: Option<Call>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let frame = match &this.call {
            Some(call) if call.link.is_cut() => Some(Err(Error::unavailable("the server is stopping"))),
            _ => match Pin::new(&mut this.body).poll_frame(task) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    super::stream::waits_for_service();
                    return Poll::Pending;
                }
            },
        };
        if let (Some(Err(_)), Some(call)) = (&frame, &this.call) {
            call.link.break_off();
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
