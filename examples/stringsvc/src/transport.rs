//! The endpoints on HTTP, and what an operator asks a service for.

use kit::http::server::reply::Reply;
use kit::http::server::{Router, RouterService, json};
use kit::http::{Request, Response};
use kit::metrics::{Registry, prometheus};
use kit::server::{Stack, operator};
use kit::{Endpoint, Error, Health, endpoint_with};

use crate::endpoints::{self, COUNT, UPPERCASE};
use crate::service::StringService;

/// The service on HTTP, every operation inside `stack`; beside it `/metrics`, `/healthz` and `/readyz`, which answer whatever
/// the stack thinks of the load.
///
/// # Errors
/// If two routes clash.
pub fn http<S: StringService + Clone>(
    service: S,
    stack: Stack,
    metrics: &Registry,
    health: &Health,
) -> Result<RouterService, Error> {
    Router::with(stack)
        .post(&UPPERCASE, json(endpoints::uppercase(service.clone())))
        .post(&COUNT, json(endpoints::count(service)))
        .merge(operator(health).get("/metrics", scrape(metrics.clone())))
        .build()
}

fn scrape(metrics: Registry) -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_with(metrics, async |metrics, _cx, _: Request| {
        Reply::ok().bytes(prometheus::CONTENT_TYPE, prometheus::text(metrics))
    })
}
