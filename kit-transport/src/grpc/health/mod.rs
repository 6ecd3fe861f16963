//! `grpc.health.v1.Health`: what probers of gRPC ask, answered by kit's own [`Health`].
//!
//! ```
//! use kit_core::{Error, Health};
//! use kit_transport::grpc::health;
//! use kit_transport::http::server::Router;
//!
//! let health = Health::new();
//! let probed = health::Service::new(&health).service("pb.Add");
//! let service = Router::new().merge(probed.routes()).build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! A service is `SERVING` while [`Probe::Readiness`] is healthy: not before the start is done, and not from the moment that a drain begins.
//! Every name has that same answer, since readiness is a process's; a name that was not given is `NOT_FOUND`, and `SERVICE_UNKNOWN` in a
//! watch. Why something is not ready is for the log, not for who asks.
//!
//! `Watch` says how it stands at once, and within a second whenever that changes. It lasts for as long as its caller wants: the longest time of
//! a call ([`Router::max_time`](crate::http::server::Router::max_time)) does not hold for it. An open watch is a call in flight: a drain
//! waits for it as long as for any other, and cuts it off.
//!
//! # Source
//! github.com/grpc/grpc-proto, `grpc/health/v1/health.proto`; `doc/health-checking.md`.

mod descriptor;
mod messages;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use kit_core::health::Probe;
use kit_core::{Context, Endpoint, Error, Health, Kind, Method, Streaming};

use super::server::{server_stream, unary};
use crate::http::deadline;
use crate::http::server::Router;

pub use descriptor::file_descriptor_set;
pub use messages::{HealthCheckRequest, HealthCheckResponse, ServingStatus};

/// How it stands, once.
pub static CHECK: Method = Method::new("grpc.health.v1.Health", "Check").idempotent();

/// How it stands, whenever that changes.
pub static WATCH: Method = Method::new("grpc.health.v1.Health", "Watch").kind(Kind::ServerStream);

/// The health service of a server.
#[derive(Clone, Debug)]
pub struct Service {
    health: Health,
    names: Vec<String>,
}

impl Service {
    /// It answers for the server as a whole, whose name is none.
    pub fn new(health: &Health) -> Self {
        Self { health: health.clone(), names: vec![String::new()] }
    }

    /// It answers for a service, too: by its whole name, such as `pb.Add`.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Its routes, for a router to [merge](Router::merge). They have no layers: who probes is not to be limited, and not to be counted among
    /// the callers.
    pub fn routes(self) -> Router {
        let known = Arc::new(self);
        Router::new().grpc(&CHECK, unary(Check(Arc::clone(&known)))).grpc(&WATCH, server_stream(Watch(known)))
    }
}

/// A question on its way to its answer.
struct Asked {
    known: Arc<Service>,
    name: String,
}

impl Asked {
    /// `None` if there is no service of this name.
    async fn status(&self) -> Option<ServingStatus> {
        if !self.known.names.contains(&self.name) {
            return None;
        }
        let report = self.known.health.report(Probe::Readiness).await;
        Some(if report.is_healthy() { ServingStatus::Serving } else { ServingStatus::NotServing })
    }
}

#[derive(Clone, Debug)]
struct Check(Arc<Service>);

impl Endpoint<HealthCheckRequest> for Check {
    type Response = HealthCheckResponse;

    async fn call(&self, cx: &mut Context, request: HealthCheckRequest) -> Result<HealthCheckResponse, Error> {
        let status = Asked { known: Arc::clone(&self.0), name: request.service }.status().await;
        cx.stamp();
        match status {
            Some(status) => Ok(status.into()),
            None => Err(Error::not_found("there is no such service").with_reason("unknown_service")),
        }
    }
}

#[derive(Clone, Debug)]
struct Watch(Arc<Service>);

impl Endpoint<HealthCheckRequest> for Watch {
    type Response = Streaming<HealthCheckResponse>;

    async fn call(&self, cx: &mut Context, request: HealthCheckRequest) -> Result<Self::Response, Error> {
        let asked = Asked { known: Arc::clone(&self.0), name: request.service };
        // The caller's time alone: what the server allows a call is not meant for it.
        let given = deadline::read(cx.inbound()).and_then(|given| cx.arrived().checked_add(given));
        let mut own = Context::at(cx.now()).with_deadline(given);
        let statuses = Streaming::new(&mut own, watch::watch(asked));
        cx.announce(statuses.end().clone());
        Ok(statuses)
    }
}
