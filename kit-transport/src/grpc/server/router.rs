use http::Method as Verb;
use kit_core::{Endpoint, Layer, Method};

use crate::grpc::path;
use crate::http::server::{RoutePath, Router};
use crate::http::{Request, Response};

/// Where gRPC has a method.
struct GrpcPath(&'static Method);

impl RoutePath for GrpcPath {
    fn route(self, _verb: &str) -> (&'static Method, String) {
        (self.0, path(self.0))
    }
}

impl<L> Router<L> {
    /// Answers gRPC's calls of a method at `/{service}/{name}`, whatever path the method has on other wires.
    ///
    /// Which kind of call it takes is the binding's to say. The method's own [kind](Method::kind) is a note for layers, labels and logs, which nothing here
    /// holds against it: what stands round a binding hides which one it is.
    #[must_use]
    pub fn grpc<E>(self, method: &'static Method, endpoint: E) -> Self
    where
        L: Layer<E>,
        L::Service: Endpoint<Request, Response = Response> + 'static,
    {
        self.route(Verb::POST, GrpcPath(method), endpoint)
    }
}
