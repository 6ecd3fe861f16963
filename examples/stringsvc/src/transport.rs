//! The endpoints on HTTP, and what an operator asks a service for.

use std::sync::Arc;

use kit::http::server::reply::Reply;
use kit::http::server::{Router, RouterService, json};
use kit::http::{Request, Response};
use kit::metrics::Provider;
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
    metrics: &Arc<Provider>,
    health: &Health,
) -> Result<RouterService, Error> {
    Router::with(stack)
        .post(&UPPERCASE, json(endpoints::uppercase(service.clone())))
        .post(&COUNT, json(endpoints::count(service)))
        .merge(operator(health).get("/metrics", scrape(Arc::clone(metrics))))
        .build()
}

/// The scrape of a backend that is scraped; 404 where metrics are pushed.
fn scrape(metrics: Arc<Provider>) -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_with(metrics, async |metrics, _cx, _: Request| match metrics.scrape() {
        Some(scrape) => Reply::ok().bytes(scrape.content_type, scrape.body),
        None => Err(Error::not_found("metrics are pushed, not scraped").with_reason("metrics_pushed")),
    })
}
