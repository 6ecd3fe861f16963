//! `grpc.health.v1.Health`: what probers of gRPC ask, answered by kit's own [`Health`].
//!
//! ```
//! use kit_core::{Error, Health};
//! use kit_transport::grpc::health;
//! use kit_transport::http::server::Router;
//!
//! let (health, archive) = (Health::new(), Health::new());
//! let probed = health::Service::new(&health).service("pb.Add").service_with("pb.Archive", &archive);
//! let service = Router::new().merge(probed.routes()).build()?;
//!
//! archive.set_started();
//! archive.set_ready(false); // for as long as its disk is away; pb.Add goes on
//! # Ok::<(), Error>(())
//! ```
//!
//! A service is `SERVING` while [`Probe::Readiness`] is healthy: not before the start is done, and not from the moment that a drain begins.
//! Readiness is a process's, so every name has that same answer, and one that has a [`Health`] of its own is `SERVING` while that is healthy, too.
//! A name that was not given is `NOT_FOUND`, and `SERVICE_UNKNOWN` in a watch. Why something is not ready is for the log, not for who asks.
//!
//! `List` says how all of them stand, the server under no name, each as it is when it is asked.
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

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use kit_core::health::Probe;
use kit_core::{Context, Endpoint, Error, Health, Kind, Method, Streaming};

use super::server::{server_stream, unary};
use crate::http::deadline;
use crate::http::server::Router;

pub use descriptor::file_descriptor_set;
pub use messages::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse, ServingStatus};

/// How it stands, once.
pub static CHECK: Method = Method::new("grpc.health.v1.Health", "Check").idempotent();

/// How all of them stand, once.
pub static LIST: Method = Method::new("grpc.health.v1.Health", "List").idempotent();

/// How it stands, whenever that changes.
pub static WATCH: Method = Method::new("grpc.health.v1.Health", "Watch").kind(Kind::ServerStream);

/// The most services of a list.
const LISTED: usize = 100;

/// The health service of a server.
#[derive(Clone, Debug)]
pub struct Service {
    health: Health,
    /// By name, each with what it needs besides.
    services: BTreeMap<String, Option<Health>>,
}

impl Service {
    /// It answers for the server as a whole, whose name is none.
    pub fn new(health: &Health) -> Self {
        Self { health: health.clone(), services: BTreeMap::from([(String::new(), None)]) }
    }

    /// It answers for a service, too: by its whole name, such as `pb.Add`.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.services.insert(name.into(), None);
        self
    }

    /// It answers for a service that needs more than the others: it serves while the server does and `own` is ready, whose checks and
    /// whose gate concern nobody else. As every health, `own` begins not started. Of a name that is given twice the last counts.
    #[must_use]
    pub fn service_with(mut self, name: impl Into<String>, own: &Health) -> Self {
        self.services.insert(name.into(), Some(own.clone()));
        self
    }

    /// Its routes, for a router to [merge](Router::merge). They have no layers: who probes is not to be limited, and not to be counted among
    /// the callers.
    pub fn routes(self) -> Router {
        let known = Arc::new(self);
        Router::new()
            .grpc(&CHECK, unary(Check(Arc::clone(&known))))
            .grpc(&LIST, unary(List(Arc::clone(&known))))
            .grpc(&WATCH, server_stream(Watch(known)))
    }

    /// How a service stands that needs this besides.
    async fn status(&self, own: Option<&Health>) -> ServingStatus {
        let mut serves = self.health.report(Probe::Readiness).await.is_healthy();
        if let (true, Some(own)) = (serves, own) {
            serves = own.report(Probe::Readiness).await.is_healthy();
        }
        if serves { ServingStatus::Serving } else { ServingStatus::NotServing }
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
        let own = self.known.services.get(&self.name)?;
        Some(self.known.status(own.as_ref()).await)
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
struct List(Arc<Service>);

impl Endpoint<HealthListRequest> for List {
    type Response = HealthListResponse;

    async fn call(&self, cx: &mut Context, _: HealthListRequest) -> Result<HealthListResponse, Error> {
        let known = &*self.0;
        if known.services.len() > LISTED {
            return Err(Error::resource_exhausted("there are more than 100 services").with_reason("too_many_services"));
        }
        let statuses = known
            .services
            .iter()
            .map(async |(name, own)| (name.clone(), HealthCheckResponse::from(known.status(own.as_ref()).await)));
        let statuses = join_all(statuses).await.into_iter().collect();
        cx.stamp();
        Ok(HealthListResponse { statuses })
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
