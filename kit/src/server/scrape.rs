use kit_core::{Endpoint, Error, endpoint_with};
use kit_metrics::Provider;
use kit_transport::http::server::reply::Reply;
use kit_transport::http::{Request, Response};

/// Answers who scrapes `metrics`, usually at `/metrics`; 404 of reason `metrics_pushed` where they are pushed.
///
/// ```
/// use kit::Health;
/// use kit::metrics::{Provider, Registry};
/// use kit::server::{operator, scrape};
///
/// let backend = Provider::open("expvar", &Registry::new())?;
/// let operator = operator(&Health::new()).get("/metrics", scrape(&backend));
/// # Ok::<(), kit::Error>(())
/// ```
pub fn scrape(metrics: &Provider) -> impl Endpoint<Request, Response = Response> + use<> {
    endpoint_with(metrics.clone(), async |metrics, _cx, _: Request| match metrics.scrape() {
        Some(scrape) => Reply::ok().bytes(scrape.content_type, scrape.body),
        None => Err(Error::not_found("metrics are pushed, not scraped").with_reason("metrics_pushed")),
    })
}
