//! axum, bare, and with what its users put round a service: the nearest that its crates have to kit's default stack.

use std::io;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use http::StatusCode;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, Registry};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use crate::task::{self, PATH, Text, Value};

/// Serves `router`, for ever.
///
/// # Errors
/// None, says axum.
pub async fn serve(router: Router, listener: TcpListener) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // A socket that is closed already refuses the option, and is found closed by the first read.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

/// One route, nothing round it.
pub fn bare() -> Router {
    Router::new().route(PATH, post(uppercase))
}

/// The route inside: panics caught, request id set and sent back, calls counted and timed, one line a call, a timeout.
///
/// The lines are `tracing`'s: [`log_to`] says where they go.
///
/// # Errors
/// None: the metrics have good names.
pub fn layered() -> Result<Router, prometheus::Error> {
    let layers = ServiceBuilder::new()
        .layer(CatchPanicLayer::new())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(from_fn_with_state(Metrics::new(&Registry::new())?, measure))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(30)));
    Ok(bare().layer(layers))
}

/// Sends what is logged to `lines`, once in a process.
pub fn log_to(lines: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false).with_writer(lines).init();
}

async fn uppercase(Json(text): Json<Text>) -> Result<Json<Value>, StatusCode> {
    task::uppercase(text).map(Json).ok_or(StatusCode::BAD_REQUEST)
}

#[derive(Clone)]
struct Metrics {
    requests: IntCounterVec,
    duration: Histogram,
}

impl Metrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(Opts::new("requests_total", "Calls that have ended"), &["status"])?;
        let duration = Histogram::with_opts(HistogramOpts::new("request_duration_seconds", "Time a call took"))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(duration.clone()))?;
        Ok(Self { requests, duration })
    }
}

async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let timer = metrics.duration.start_timer();
    let response = next.run(request).await;
    timer.observe_duration();
    metrics.requests.with_label_values(&[response.status().as_str()]).inc();
    response
}
