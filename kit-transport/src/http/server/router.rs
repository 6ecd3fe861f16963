use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method as Verb;
use http_body::Body as HttpBody;
use kit_core::bridge::FromHttp;
use kit_core::{BoxError, Code, Context, Endpoint, Error, Layer, Method, StreamEnd};
use tower_service::Service;

use super::finalize::Finalize;
use super::route::{self, Node, Route, Stripped, Unrouted, methods};
use super::service::{RouterService, Shared};
use crate::http::{Body, Request, Response};

/// Paths, verbs, and the endpoints they lead to. `L` wraps each of them, also what answers 404 and 405.
///
/// Paths are matchit's: `/profiles/{id}`, `/files/{*rest}`. What was registered wrongly is said by [`build`](Self::build).
pub struct Router<L = Plain> {
    layer: L,
    entries: Vec<Entry>,
    nodes: Vec<(String, Node)>,
    finalize: Option<Arc<dyn Finalize>>,
    max_time: Option<Duration>,
}

/// No layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl<E> Layer<E> for Plain {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        inner
    }
}

struct Entry {
    path: String,
    /// `None` for every verb.
    verb: Option<Verb>,
    route: Arc<dyn Route>,
}

/// A router that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// A path that is no path, or that clashes with another.
    #[error("the path {path:?} cannot be routed: {problem}")]
    Path {
        /// As it was registered.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two endpoints for one path and verb.
    #[error("{verb} {path:?} is registered twice")]
    Twice {
        /// The verb, `*` for all.
        verb: String,
        /// The path.
        path: String,
    },
}

/// What names a route: a [`Method`] with a path, or a path, which makes a method of that name.
pub trait RoutePath {
    /// The method and the path of a route for `verb`.
    fn route(self, verb: &str) -> (&'static Method, String);
}

impl RoutePath for &'static Method {
    fn route(self, _verb: &str) -> (&'static Method, String) {
        (self, self.path_template().unwrap_or_default().to_owned())
    }
}

impl RoutePath for &str {
    /// The method of a path is leaked: a router is built once.
    fn route(self, verb: &str) -> (&'static Method, String) {
        let name = format!("{verb} {self}");
        (Method::leak("http".to_owned(), name, Some(self.to_owned())), self.to_owned())
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident => $verb:ident,)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name<E>(self, path: impl RoutePath, endpoint: E) -> Self
        where
            L: Layer<E>,
            L::Service: Endpoint<Request, Response = Response> + 'static,
        {
            self.route(Verb::$verb, path, endpoint)
        })*
    };
}

impl Router {
    /// How long a call may take whose caller says nothing, and at most: 30 s, what most proxies allow.
    pub const MAX_TIME: Duration = Duration::from_secs(30);

    /// A router without layers.
    pub fn new() -> Self {
        Router::with(Plain)
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> Router<L> {
    /// A router whose endpoints all stand inside `layer`.
    pub fn with(layer: L) -> Self {
        Self { layer, entries: Vec::new(), nodes: Vec::new(), finalize: None, max_time: Some(Router::MAX_TIME) }
    }

    verbs! {
        /// Answers `GET`, and `HEAD` with it.
        get => GET,
        /// Answers `POST`.
        post => POST,
        /// Answers `PUT`.
        put => PUT,
        /// Answers `PATCH`.
        patch => PATCH,
        /// Answers `DELETE`.
        delete => DELETE,
    }

    /// Answers a verb on a path.
    #[must_use]
    pub fn route<E>(mut self, verb: Verb, path: impl RoutePath, endpoint: E) -> Self
    where
        L: Layer<E>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        let (method, path) = path.route(verb.as_str());
        let route = Arc::new(route::Bound::new(method, self.layer.layer(endpoint)));
        self.entries.push(Entry { path, verb: Some(verb), route });
        self
    }

    /// Hands every verb and every path below `prefix`, and `prefix` itself, to an HTTP service of any framework, which sees
    /// the path without the prefix.
    #[must_use]
    pub fn mount<S, B>(mut self, prefix: &str, service: S) -> Self
    where
        S: Service<Request, Response = ::http::Response<B>>,
        L: Layer<Mounted<S>>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        let prefix = prefix.trim_end_matches('/');
        let (method, _) = prefix.route("*");
        let mounted = Arc::new(route::Bound::new(method, self.layer.layer(Mounted(FromHttp::new(service)))));
        let segments = segments(prefix);
        for path in [prefix.to_owned(), format!("{prefix}/"), format!("{prefix}/{{*rest}}")] {
            if path.is_empty() {
                continue;
            }
            let route: Arc<dyn Route> = Arc::new(Stripped { segments, inner: Arc::clone(&mounted) as Arc<dyn Route> });
            self.entries.push(Entry { path, verb: None, route });
        }
        self
    }

    /// Puts the routes of another router below `prefix`. They keep their own layers and see the path without the prefix;
    /// finalizer and time are this router's.
    #[must_use]
    pub fn nest<M>(mut self, prefix: &str, inner: Router<M>) -> Self
    where
        M: Layer<Unrouted>,
        M::Service: Endpoint<Request, Response = Response> + 'static,
    {
        let prefix = prefix.trim_end_matches('/');
        let segments = segments(prefix);
        let strip = |inner: Arc<dyn Route>| Arc::new(Stripped { segments, inner }) as Arc<dyn Route>;
        for (path, node) in inner.into_nodes() {
            // The inner root is the prefix, with and without its slash.
            let path = if path == "/" { prefix.to_owned() } else { format!("{prefix}{path}") };
            let node = Node {
                verbs: node.verbs.into_iter().map(|(verb, route)| (verb, strip(route))).collect(),
                any: node.any.map(strip),
                options: strip(node.options),
                not_allowed: strip(node.not_allowed),
            };
            self.nodes.push((path, node));
        }
        self
    }

    /// Takes the routes of another router in as they are. They keep their own layers; finalizer and time are this router's.
    #[must_use]
    pub fn merge<M>(mut self, other: Router<M>) -> Self
    where
        M: Layer<Unrouted>,
        M::Service: Endpoint<Request, Response = Response> + 'static,
    {
        self.nodes.extend(other.into_nodes());
        self
    }

    /// Tells `finalize` of every end.
    #[must_use]
    pub fn finalize(mut self, finalize: impl Finalize) -> Self {
        self.finalize = Some(Arc::new(finalize));
        self
    }

    /// Caps the time that a caller may give its call, and sets it where the caller gives none; `None` for no cap. Default
    /// [`Router::MAX_TIME`].
    ///
    /// It becomes the context's deadline: streams end at it, and a deadline layer enforces it on what runs before, as a binding of gRPC does
    /// by itself.
    #[must_use]
    pub fn max_time(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.max_time = time.into();
        self
    }

    /// The service of these routes.
    ///
    /// # Errors
    /// `InvalidArgument` with a [`RouteError`]: a path that is none, that clashes, or that is there twice.
    pub fn build(mut self) -> Result<RouterService, Error>
    where
        L: Layer<Unrouted>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        let not_found = self.unrouted(&methods::NO_ROUTE, Unrouted::NotFound);
        let refused = self.unrouted(&methods::REFUSED, Unrouted::Refused);
        let (finalize, max_time) = (self.finalize.take(), self.max_time);
        let mut paths = matchit::Router::new();
        for (path, node) in self.into_nodes() {
            check(&path, &node).map_err(wrong)?;
            paths
                .insert(path.clone(), node)
                .map_err(|problem| wrong(RouteError::Path { path, problem: problem.to_string() }))?;
        }
        Ok(RouterService::new(Shared { paths, not_found, refused, finalize, max_time }))
    }

    fn unrouted(&self, method: &'static Method, endpoint: Unrouted) -> Arc<dyn Route>
    where
        L: Layer<Unrouted>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        Arc::new(route::Bound::new(method, self.layer.layer(endpoint)))
    }

    fn into_nodes(mut self) -> Vec<(String, Node)>
    where
        L: Layer<Unrouted>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        let mut paths: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in std::mem::take(&mut self.entries) {
            paths.entry(entry.path.clone()).or_default().push(entry);
        }
        let mut nodes = std::mem::take(&mut self.nodes);
        for (path, entries) in paths {
            let verbs: Vec<Verb> = entries.iter().filter_map(|entry| entry.verb.clone()).collect();
            let allow = Node::allow(&verbs);
            let mut node = Node {
                verbs: Vec::new(),
                any: None,
                options: self.unrouted(&methods::OPTIONS, Unrouted::Options { allow: Arc::clone(&allow) }),
                not_allowed: self.unrouted(&methods::NOT_ALLOWED, Unrouted::NotAllowed { allow }),
            };
            for entry in entries {
                match entry.verb {
                    Some(verb) => node.verbs.push((verb, entry.route)),
                    None => node.any = Some(entry.route),
                }
            }
            nodes.push((path, node));
        }
        nodes
    }
}

impl<L: fmt::Debug> fmt::Debug for Router<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.entries.iter().map(|entry| &entry.path).chain(self.nodes.iter().map(|(path, _)| path));
        f.debug_struct("Router")
            .field("layer", &self.layer)
            .field("paths", &paths.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A mounted service as an endpoint.
#[derive(Clone, Debug)]
pub struct Mounted<S>(FromHttp<S>);

impl<S, B> Endpoint<Request> for Mounted<S>
where
    S: Service<Request, Response = ::http::Response<B>> + Clone + Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let response = self.0.call(cx, request).await?.map(Body::new);
        cx.announce(StreamEnd::new());
        Ok(response)
    }
}

fn segments(prefix: &str) -> usize {
    prefix.matches('/').count()
}

fn check(path: &str, node: &Node) -> Result<(), RouteError> {
    if !path.starts_with('/') {
        return Err(RouteError::Path { path: path.to_owned(), problem: "it does not begin with a slash".to_owned() });
    }
    for (index, (verb, _)) in node.verbs.iter().enumerate() {
        if node.verbs[..index].iter().any(|(earlier, _)| earlier == verb) {
            return Err(RouteError::Twice { verb: verb.to_string(), path: path.to_owned() });
        }
    }
    Ok(())
}

fn wrong(error: RouteError) -> Error {
    let message = error.to_string();
    Error::boundary(Code::InvalidArgument, error).with_message(message)
}
