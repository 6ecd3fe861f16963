//! The endpoints on wires, and what an operator asks a service for.

mod gokit;
mod grpc;
mod http;
mod jsonrpc;

use kit::http::server::{Router, RouterService};
use kit::metrics::Provider;
use kit::server::{Stack, operator, scrape};
use kit::{Error, Health};

use crate::service::AddService;

pub use gokit::{GoError, GoErrorLayer};
pub use grpc::DESCRIPTORS;
pub use http::http;

/// What a port may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// `POST /sum`, `/concat` and `/series`.
    Http,
    /// JSON-RPC 2.0 on `/rpc`.
    Jsonrpc,
    /// gRPC's `pb.Add`, with its reflection and its health.
    Grpc,
    /// `/metrics`, `/healthz`, `/readyz` and `/startupz`.
    Operator,
}

impl Wire {
    /// As it is called in logs and lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Jsonrpc => "jsonrpc",
            Self::Grpc => "grpc",
            Self::Operator => "operator",
        }
    }
}

/// What the routes are made of: the same for each port, and for each core that serves one.
#[derive(Clone, Debug)]
pub struct Parts<S> {
    /// The business.
    pub service: S,
    /// Stands round every call, on whichever wire it comes.
    ///
    /// Its slots stand in the order that Go kit's addsvc has wrong: the limiter there is inside the breaker, so that six calls which are
    /// refused for their rate open the breaker, and everybody is refused for a minute. The slot of the limiter here is empty, since a
    /// rate is nothing that an adding service could know, and it is outside whatever counts failures: a client's breaker
    /// ([`kit::client::slot`]) stands inside its limit, too.
    pub stack: Stack,
    /// What is scraped.
    pub metrics: Provider,
    /// How the program is.
    pub health: Health,
}

impl<S: AddService + Clone> Parts<S> {
    /// The routes of a port that answers on these wires.
    ///
    /// # Errors
    /// If two routes clash.
    pub fn routes(&self, wires: &[Wire]) -> Result<RouterService, Error> {
        let mut router = Router::with(self.stack.clone());
        for wire in wires {
            router = match wire {
                Wire::Http => router.merge(http(self.service.clone(), self.stack.clone())),
                Wire::Jsonrpc => router.merge(jsonrpc::routes(self.service.clone(), self.stack.clone())?),
                Wire::Grpc => router.merge(grpc::routes(self.service.clone(), self.stack.clone(), &self.health)?),
                Wire::Operator => router.merge(operator(&self.health).get("/metrics", scrape(&self.metrics))),
            };
        }
        router.build()
    }
}
