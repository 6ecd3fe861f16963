//! Everything that kit drops, refuses, restarts, repeats or finds to be a bug has a counter on the page of `kit::observe`: each is
//! provoked here, and the registry and the page name the same.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod circuit;
mod client;
mod memory;
mod process;
mod server;

use std::collections::BTreeSet;
use std::time::Duration;

use kit::metrics::Registry;
use kit::{Context, Error, Method, observe};
use tokio::time::timeout;

static ECHO: Method = Method::new("tests", "echo").path("/echo").idempotent();

const PATIENCE: Duration = Duration::from_secs(20);
const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// What takes longer to provoke than a test should, each with the test in `kit-transport/src/http/server/host/tests` that does.
const ELSEWHERE: [&str; 5] = [
    "http_server_accept_errors_total",  // accept.rs
    "http_server_accept_pauses_total",  // accept.rs
    "http_server_aborted_total",        // ends.rs, slow.rs
    "http_server_aged_total",           // ends.rs
    "http_server_write_timeouts_total", // slow.rs
];

#[tokio::test]
async fn each_is_on_the_page_in_the_registry_and_rises_when_it_happens() {
    let metrics = Registry::new();
    let (log, _guard) = process::lost_lines();
    observe::register(&metrics, &log).unwrap();
    drop(Error::bug("raw"));
    process::refused_values(&metrics);
    process::exports(&metrics);
    process::restart(&metrics).await;
    circuit::retries(&metrics).await;
    circuit::breaker_and_bulkhead(&metrics).await;
    circuit::throttle_and_deadline(&metrics).await;
    circuit::limits(&metrics).await;
    circuit::hedges_and_replicas_within_a_budget(&metrics).await;
    circuit::fallbacks_and_faults(&metrics).await;
    memory::caches(&metrics).await;
    memory::flights(&metrics).await;
    memory::idempotency_keys(&metrics).await;
    circuit::calls(&metrics).await;
    timeout(PATIENCE, client::instances(&metrics)).await.expect("instances come, fail and go");
    server::server(&metrics).await;

    let ours = |name: &str| (name.starts_with("kit_") || name.starts_with("http_server_")) && name.ends_with("_total");
    let page: BTreeSet<&str> = include_str!("../../src/observe/mod.rs").split('`').filter(|name| ours(name)).collect();
    let snapshot = metrics.snapshot();
    let all = || snapshot.families().iter().map(|family| family.name()).filter(|name| ours(name));
    let registry: BTreeSet<&str> = all().collect();
    assert_eq!(registry, page);
    let text = kit::metrics::expvar_json(&metrics);
    let never: Vec<_> = all().filter(|name| !ELSEWHERE.contains(name) && !rose(&text, name)).collect();
    assert!(never.is_empty(), "not provoked: {never:?}");
}

/// Whether a series of this name is above zero.
fn rose(json: &str, name: &str) -> bool {
    let all: serde_json::Value = serde_json::from_str(json).unwrap();
    match &all[name] {
        serde_json::Value::Object(series) => series.values().any(|value| value.as_f64().unwrap() > 0.0),
        value => value.as_f64().unwrap() > 0.0,
    }
}

fn context() -> Context {
    let mut cx = Context::new();
    cx.set_method(&ECHO);
    cx
}
