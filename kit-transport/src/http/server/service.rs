use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use kit_core::{BoxError, Connection, Context, Error, Metadata};

use super::edge::{Caller, Edge};
use super::extract::{BodyLimit, PathParams};
use super::finalize::Finalize;
use super::route::{Node, Refusal, Route, Serving};
use crate::http::{Body, Request, Response, deadline};

/// The routes of a [`Router`](super::Router) as a service: for the kit server, for hyper, for axum (`route_service`), for any
/// tower stack. Clones share the routes. It never fails: errors are responses.
#[derive(Clone)]
pub struct RouterService {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
    /// Where it is another than the default.
    body_limit: Option<BodyLimit>,
}

pub(super) struct Shared {
    pub(super) paths: matchit::Router<Node>,
    pub(super) not_found: Arc<dyn Route>,
    pub(super) refused: Arc<dyn Route>,
    pub(super) finalize: Option<Arc<dyn Finalize>>,
    pub(super) max_time: Option<Duration>,
}

impl RouterService {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), connection: None, body_limit: None }
    }

    /// The same routes, for the requests of one connection.
    #[must_use]
    pub fn on(&self, connection: Connection) -> Self {
        Self { shared: Arc::clone(&self.shared), connection: Some(Arc::new(connection)), body_limit: self.body_limit }
    }

    /// The same routes, whose bodies may have `limit` bytes where a layer or a hook says nothing else.
    #[must_use]
    pub fn with_body_limit(&self, limit: BodyLimit) -> Self {
        let body_limit = (limit != BodyLimit::DEFAULT).then_some(limit);
        Self { shared: Arc::clone(&self.shared), connection: self.connection.clone(), body_limit }
    }

    pub(super) fn serve(&self, mut request: Request) -> Serving {
        let caller = Caller::of(&request);
        let metadata = Metadata::received(std::mem::take(request.headers_mut()));
        let given = deadline::given(&metadata);
        let cx = self.context(metadata, given.time);
        #[cfg(feature = "grpc")]
        if given.is_malformed && caller == Caller::Grpc {
            return self.turn_away(cx, caller, request, crate::grpc::server::malformed_timeout());
        }
        let (route, params) = self.shared.find(&request);
        if let Some(params) = params {
            request.extensions_mut().insert(params);
        }
        self.route(cx, caller, request, route)
    }

    /// Answers without a route: the layers and the finalizer of the router hear of it as of any other call.
    pub(super) fn refuse(&self, mut request: Request, error: Error) -> Serving {
        let caller = Caller::of(&request);
        let metadata = Metadata::received(std::mem::take(request.headers_mut()));
        let given = deadline::given(&metadata);
        let cx = self.context(metadata, given.time);
        self.turn_away(cx, caller, request, error)
    }

    fn turn_away(&self, cx: Context, caller: Caller, mut request: Request, error: Error) -> Serving {
        request.extensions_mut().insert(Refusal(error));
        self.route(cx, caller, request, Arc::clone(&self.shared.refused))
    }

    /// The context of a call whose caller gives it so much time.
    fn context(&self, metadata: Metadata, given: Option<Duration>) -> Context {
        let shared = &*self.shared;
        let mut cx = Context::new();
        // What the caller gives, within what this server allows.
        let time = match (given, shared.max_time) {
            (Some(given), Some(most)) => Some(given.min(most)),
            (given, most) => given.or(most),
        };
        cx = match time.and_then(|time| cx.arrived().checked_add(time)) {
            None => cx,
            deadline => cx.with_deadline(deadline),
        };
        cx.set_inbound(metadata);
        if let Some(connection) = &self.connection {
            cx.set_connection(Arc::clone(connection));
        }
        if let Some(limit) = self.body_limit {
            cx.extensions_mut().insert(limit);
        }
        cx
    }

    fn route(&self, mut cx: Context, caller: Caller, request: Request, route: Arc<dyn Route>) -> Serving {
        cx.set_method(route.method());
        let edge = Edge::new(cx, self.shared.finalize.clone(), caller, request.version());
        route.serve(edge, request)
    }
}

impl Shared {
    fn find(&self, request: &Request) -> (Arc<dyn Route>, Option<PathParams>) {
        match self.paths.at(request.uri().path()) {
            Err(_) => (Arc::clone(&self.not_found), None),
            Ok(found) => {
                let params = (!found.params.is_empty()).then(|| PathParams::new(found.params.iter()));
                (Arc::clone(found.value.route(request.method())), params)
            }
        }
    }
}

/// The answer on its way: one box, round everything from the edge to the endpoint.
pub struct ResponseFuture(pub(super) Serving);

impl Future for ResponseFuture {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(task).map(Ok)
    }
}

impl hyper::service::Service<::http::Request<Incoming>> for RouterService {
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn call(&self, request: ::http::Request<Incoming>) -> ResponseFuture {
        ResponseFuture(self.serve(request.map(Body::from)))
    }
}

impl<B> tower_service::Service<::http::Request<B>> for RouterService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: ::http::Request<B>) -> ResponseFuture {
        ResponseFuture(self.serve(request.map(Body::new)))
    }
}

impl fmt::Debug for RouterService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterService").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
