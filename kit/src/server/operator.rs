use kit_core::health::{Health, Probe};
use kit_core::{Context, Endpoint, Error};
use kit_transport::codec::Json;
use kit_transport::http::server::Router;
use kit_transport::http::server::reply::Reply;
use kit_transport::http::{Request, Response};
use serde::Serialize;

/// What an operator asks a service for, beside its routes and outside its stack: `/healthz` (must it be killed?), `/readyz` (may calls
/// be sent here?), `/startupz` (is its start done?).
///
/// 200 or 503, and the name of each check with how it stands; never why it fails, which is for the log. `/healthz` stays 200
/// while the service is not ready.
///
/// ```
/// use kit::health::Health;
/// use kit::http::server::Router;
/// use kit::server::operator;
///
/// let service = Router::new().merge(operator(&Health::new())).build()?;
/// # Ok::<(), kit::Error>(())
/// ```
pub fn operator(health: &Health) -> Router {
    let asked = |probe| Asked { health: health.clone(), probe };
    Router::new()
        .get("/healthz", asked(Probe::Liveness))
        .get("/readyz", asked(Probe::Readiness))
        .get("/startupz", asked(Probe::Startup))
}

/// Answers one probe.
struct Asked {
    health: Health,
    probe: Probe,
}

#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    checks: Vec<Check<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    name: &'a str,
    status: &'static str,
}

impl Endpoint<Request> for Asked {
    type Response = Response;

    async fn call(&self, cx: &mut Context, _request: Request) -> Result<Response, Error> {
        let report = self.health.report(self.probe).await;
        cx.stamp();
        let checks = report.checks().iter();
        let checks = checks.map(|check| Check { name: &check.name, status: check.status.as_str() }).collect();
        let answer = Answer { status: report.status().as_str(), checks };
        let reply = if report.is_healthy() { Reply::ok() } else { Reply::new(http::StatusCode::SERVICE_UNAVAILABLE) };
        reply.header("cache-control", "no-store").value(&Json, &answer)
    }
}
