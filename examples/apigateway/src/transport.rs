//! The gateway on HTTP, and what an operator asks it for.

use std::sync::Arc;

use kit::client::Client;
use kit::http::server::reply::Reply;
use kit::http::server::{Router, RouterService};
use kit::http::{Request, Response};
use kit::metrics::Provider;
use kit::server::{Stack, operator};
use kit::{Endpoint, Error, Health, endpoint_with};

use crate::stringsvc::{COUNT, SERVICE, Stringsvc, UPPERCASE};

/// The service below its name, every call inside `stack`; beside it `/metrics`, `/healthz` and `/readyz`.
///
/// # Errors
/// If two routes clash.
pub fn http(
    stringsvc: Stringsvc,
    stack: Stack,
    metrics: &Arc<Provider>,
    health: &Health,
) -> Result<RouterService, Error> {
    let behind = Router::with(stack.clone()).post(&UPPERCASE, stringsvc.uppercase).post(&COUNT, stringsvc.count);
    Router::with(stack)
        .nest(&format!("/{SERVICE}"), behind)
        .merge(operator(health).get("/metrics", scrape(Arc::clone(metrics))))
        .build()
}

/// Who is called and why, for an operator: on a port of its own, since it names addresses.
///
/// # Errors
/// None: it has one route.
pub fn debug(client: &Client) -> Result<RouterService, Error> {
    Router::new().get("/instances", client.explained()).build()
}

/// The scrape of a backend that is scraped; 404 where metrics are pushed.
fn scrape(metrics: Arc<Provider>) -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_with(metrics, async |metrics, _cx, _: Request| match metrics.scrape() {
        Some(scrape) => Reply::ok().bytes(scrape.content_type, scrape.body),
        None => Err(Error::not_found("metrics are pushed, not scraped").with_reason("metrics_pushed")),
    })
}
