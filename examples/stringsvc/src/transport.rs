//! The endpoints on HTTP, and what an operator asks a service for.

use kit::http::server::{Router, RouterService, json};
use kit::metrics::Provider;
use kit::server::{Stack, operator, scrape};
use kit::{Error, Health};

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
    metrics: &Provider,
    health: &Health,
) -> Result<RouterService, Error> {
    Router::with(stack)
        .post(&UPPERCASE, json(endpoints::uppercase(service.clone())))
        .post(&COUNT, json(endpoints::count(service)))
        .merge(operator(health).get("/metrics", scrape(metrics)))
        .build()
}
