//! The gateway on HTTP, and what an operator asks it for.

use addsvc::client::Client;
use addsvc::{service, transport};
use kit::client;
use kit::http::server::{Router, RouterService};
use kit::metrics::Provider;
use kit::server::{Stack, operator, scrape};
use kit::{Error, Health};

use crate::stringsvc::{self, COUNT, Stringsvc, UPPERCASE};

/// The services below their names, every call inside `stack`; beside them `/metrics`, `/healthz` and `/readyz`.
///
/// # Errors
/// If two routes clash.
pub fn http(
    stringsvc: Stringsvc,
    addsvc: Client,
    stack: Stack,
    metrics: &Provider,
    health: &Health,
) -> Result<RouterService, Error> {
    let passed = Router::with(stack.clone()).post(&UPPERCASE, stringsvc.uppercase).post(&COUNT, stringsvc.count);
    Router::with(stack.clone())
        .nest(&format!("/{}", stringsvc::SERVICE), passed)
        .nest(&format!("/{}", service::SERVICE), transport::http(addsvc, stack))
        .merge(operator(health).get("/metrics", scrape(metrics)))
        .build()
}

/// Who is called and why, for an operator: on a port of its own, since it names addresses.
///
/// # Errors
/// None: no two services have one name.
pub fn debug(clients: &[client::Client]) -> Result<RouterService, Error> {
    let explained = |router: Router, client: &client::Client| {
        router.get(format!("/instances/{}", client.service()).as_str(), client.explained())
    };
    clients.iter().fold(Router::new(), explained).build()
}
