//! The endpoints on HTTP, and what an operator asks a service for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kit::http::server::reply::Reply;
use kit::http::server::{Router, RouterService, json};
use kit::http::{Request, Response};
use kit::metrics::{Registry, prometheus};
use kit::server::Stack;
use kit::{Endpoint, Error, endpoint_with};

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
    metrics: Registry,
    ready: Arc<AtomicBool>,
) -> Result<RouterService, Error> {
    let operator = Router::new().get("/metrics", scrape(metrics)).get("/healthz", answer(|| Ok("alive\n"))).get(
        "/readyz",
        answer(move || match ready.load(Ordering::Relaxed) {
            true => Ok("ready\n"),
            false => Err(Error::unavailable("the service is not ready").with_reason("not_ready")),
        }),
    );
    Router::with(stack)
        .post(&UPPERCASE, json(endpoints::uppercase(service.clone())))
        .post(&COUNT, json(endpoints::count(service)))
        .merge(operator)
        .build()
}

fn scrape(metrics: Registry) -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_with(metrics, async |metrics, _cx, _: Request| {
        Reply::ok().bytes(prometheus::CONTENT_TYPE, prometheus::text(metrics))
    })
}

fn answer(
    check: impl Fn() -> Result<&'static str, Error> + Send + Sync + 'static,
) -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_with(check, async |check, _cx, _: Request| Reply::ok().text(check()?))
}
