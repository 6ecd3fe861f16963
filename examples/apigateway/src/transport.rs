//! The gateway on HTTP, and what an operator asks it for.

use kit::client::Client;
use kit::http::server::{Router, RouterService};
use kit::metrics::Provider;
use kit::server::{Stack, operator, scrape};
use kit::{Error, Health};

use crate::stringsvc::{COUNT, SERVICE, Stringsvc, UPPERCASE};

/// The service below its name, every call inside `stack`; beside it `/metrics`, `/healthz` and `/readyz`.
///
/// # Errors
/// If two routes clash.
pub fn http(stringsvc: Stringsvc, stack: Stack, metrics: &Provider, health: &Health) -> Result<RouterService, Error> {
    let behind = Router::with(stack.clone()).post(&UPPERCASE, stringsvc.uppercase).post(&COUNT, stringsvc.count);
    Router::with(stack)
        .nest(&format!("/{SERVICE}"), behind)
        .merge(operator(health).get("/metrics", scrape(metrics)))
        .build()
}

/// Who is called and why, for an operator: on a port of its own, since it names addresses.
///
/// # Errors
/// None: it has one route.
pub fn debug(client: &Client) -> Result<RouterService, Error> {
    Router::new().get("/instances", client.explained()).build()
}
