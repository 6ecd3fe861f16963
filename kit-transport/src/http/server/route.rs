use std::pin::Pin;
use std::sync::Arc;

use http::header::{ALLOW, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method as Verb, StatusCode};
use kit_core::recover::{Recover, RecoverLayer};
use kit_core::{Code, Context, Endpoint, Error, Layer as _, Method};

use super::edge::Edge;
use crate::http::problem::Rejection;
use crate::http::{Body, Request, Response};

/// An exchange on its way: the one box of a call, round everything from the edge to the endpoint.
pub(super) type Serving = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What a path and a verb lead to, with its type forgotten.
pub(super) trait Route: Send + Sync {
    fn method(&self) -> &'static Method;

    fn serve(self: Arc<Self>, edge: Edge, request: Request) -> Serving;
}

/// An endpoint with its layers. Panics end at the edge whatever the layers are: a connection is shared with other calls.
pub(super) struct Bound<E> {
    method: &'static Method,
    endpoint: Recover<E>,
}

impl<E> Bound<E> {
    pub(super) fn new(method: &'static Method, endpoint: E) -> Self {
        Self { method, endpoint: RecoverLayer::new().layer(endpoint) }
    }
}

impl<E> Route for Bound<E>
where
    E: Endpoint<Request, Response = Response> + 'static,
{
    fn method(&self) -> &'static Method {
        self.method
    }

    fn serve(self: Arc<Self>, mut edge: Edge, request: Request) -> Serving {
        Box::pin(async move {
            let result = self.endpoint.call(edge.cx(), request).await;
            edge.respond(result)
        })
    }
}

/// A route of a nested router: it sees the path without the prefix.
pub(super) struct Stripped {
    /// The number of the prefix's segments: a prefix may hold parameters.
    pub(super) segments: usize,
    pub(super) inner: Arc<dyn Route>,
}

impl Route for Stripped {
    fn method(&self) -> &'static Method {
        self.inner.method()
    }

    fn serve(self: Arc<Self>, edge: Edge, mut request: Request) -> Serving {
        if let Some(uri) = strip(request.uri(), self.segments) {
            *request.uri_mut() = uri;
        }
        Arc::clone(&self.inner).serve(edge, request)
    }
}

fn strip(uri: &Uri, segments: usize) -> Option<Uri> {
    let path = uri.path_and_query()?.as_str();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let rest = path.split('/').skip(1 + segments).collect::<Vec<_>>().join("/");
    let text = query.map_or_else(|| format!("/{rest}"), |query| format!("/{rest}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// The methods that stand for requests which reached no endpoint, for labels and logs.
pub mod methods {
    use kit_core::Method;

    /// No route has this path: 404.
    pub static NO_ROUTE: Method = Method::new("http", "no_route").idempotent();
    /// The path has no route for this verb: 405.
    pub static NOT_ALLOWED: Method = Method::new("http", "method_not_allowed").idempotent();
    /// The host refused it before it was routed: for its head, or because there is too much to do.
    pub static REFUSED: Method = Method::new("http", "refused").idempotent();
    /// `OPTIONS`, answered by the router.
    pub static OPTIONS: Method = Method::new("http", "options").idempotent();
}

/// Answers what reached no endpoint; the router's layers stand round it like round any other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unrouted {
    /// No route has this path.
    NotFound,
    /// The path has routes, for these verbs.
    NotAllowed {
        /// As the `Allow` header lists them.
        allow: Arc<str>,
    },
    /// `OPTIONS` on a path with routes for these verbs.
    Options {
        /// As the `Allow` header lists them.
        allow: Arc<str>,
    },
    /// The host refused the request ([`Refused`](super::Refused)).
    Refused,
}

/// Why, in the request's extensions.
#[derive(Clone)]
pub(super) struct Refusal(pub(super) Error);

impl Endpoint<Request> for Unrouted {
    type Response = Response;

    #[cfg_attr(not(feature = "grpc"), expect(unused_variables, reason = "only gRPC looks at what was asked"))]
    async fn call(&self, cx: &mut Context, mut request: Request) -> Result<Response, Error> {
        match self {
            #[cfg(feature = "grpc")]
            Unrouted::NotFound | Unrouted::NotAllowed { .. } if crate::grpc::server::is_call(cx, &request) => {
                Err(crate::grpc::server::unknown_method())
            }
            Unrouted::Refused => {
                let Refusal(error) = request
                    .extensions_mut()
                    .remove()
                    .unwrap_or_else(|| Refusal(Error::unavailable("the request was refused")));
                Err(error)
            }
            Unrouted::NotFound => Err(Error::not_found("there is nothing at this path").with_reason("no_route")),
            Unrouted::NotAllowed { allow } => {
                let cause = Rejection::MethodNotAllowed { allow: allow.to_string() };
                // Not `Unimplemented`: that would count as a failure of this service.
                Err(Error::boundary(Code::InvalidArgument, cause)
                    .with_message("the path does not have this method")
                    .with_reason("method_not_allowed"))
            }
            Unrouted::Options { allow } => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                let allow = HeaderValue::from_str(allow).map_err(Error::bug)?;
                response.headers_mut().insert(ALLOW, allow);
                Ok(response)
            }
        }
    }
}

/// What one path has.
pub(super) struct Node {
    pub(super) verbs: Vec<(Verb, Arc<dyn Route>)>,
    /// For every verb: a mounted service decides itself.
    pub(super) any: Option<Arc<dyn Route>>,
    pub(super) options: Arc<dyn Route>,
    pub(super) not_allowed: Arc<dyn Route>,
}

impl Node {
    /// HEAD goes where GET goes, unless it has a route of its own.
    pub(super) fn route(&self, verb: &Verb) -> &Arc<dyn Route> {
        let find = |verb: &Verb| self.verbs.iter().find(|(own, _)| own == verb).map(|(_, route)| route);
        let found = find(verb).or_else(|| if verb == Verb::HEAD { find(&Verb::GET) } else { None });
        match found.or(self.any.as_ref()) {
            Some(route) => route,
            None if verb == Verb::OPTIONS => &self.options,
            None => &self.not_allowed,
        }
    }

    /// The `Allow` header of a path with these verbs: sorted, so that it never depends on the order of registration.
    pub(super) fn allow(verbs: &[Verb]) -> Arc<str> {
        let mut names: Vec<&str> = verbs.iter().map(Verb::as_str).chain(["OPTIONS"]).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.sort_unstable();
        names.dedup();
        names.join(", ").into()
    }
}
