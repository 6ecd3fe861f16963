//! The text that Prometheus scrapes.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use kit_metrics::prometheus::{RegistryCollector, encode, text};
use kit_metrics::{Milliseconds, OTHER, Registry, contract};
use proptest::prelude::*;
use support::scrape::{Scrape, Scraper};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[test]
fn passes_the_contract() {
    contract::suite(Scraper::default);
}

#[test]
fn a_scrape_reads_as_prometheus_writes_it() -> Result {
    let registry = Registry::new();
    registry.counter("http_requests_total", "Requests").labels(["method", "status"])?.with(["GET", "200"])?.add(3);
    registry.gauge("depth", "Depth \\ and\nmore").unlabelled()?.set(-1.5);
    let latency = registry.histogram("wait_seconds", "Waits").buckets(&[0.1, 1.0]).labels(["of"])?;
    latency.with(["a \"b\""])?.observe(Duration::from_millis(100));
    latency.with(["a \"b\""])?.observe(Duration::from_millis(1100));
    registry.counter("never_total", "A family without series").labels(["a"])?;
    assert_eq!(
        text(&registry),
        r##"# HELP depth Depth \\ and\nmore
# TYPE depth gauge
depth -1.5
# HELP http_requests_total Requests
# TYPE http_requests_total counter
http_requests_total{method="GET",status="200"} 3
# HELP wait_seconds Waits
# TYPE wait_seconds histogram
wait_seconds_bucket{of="a \"b\"",le="0.1"} 1
wait_seconds_bucket{of="a \"b\"",le="1"} 1
wait_seconds_bucket{of="a \"b\"",le="+Inf"} 2
wait_seconds_sum{of="a \"b\""} 1.2
wait_seconds_count{of="a \"b\""} 2
"##
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_summary_in_milliseconds_keeps_its_old_shape() -> Result {
    let registry = Registry::new();
    let latency = registry
        .summary_of::<Milliseconds>("go_rev_proxy_requests_latency_ms", "Summary of Request Latency (ms)")
        .labels(["path"])?;
    for micros in [1_500, 1_200, 1_900, 1_000, 300_100, 0] {
        latency.with(["/fibonacci"])?.observe(Duration::from_micros(micros));
    }
    assert_eq!(
        text(&registry),
        r#"# HELP go_rev_proxy_requests_latency_ms Summary of Request Latency (ms)
# TYPE go_rev_proxy_requests_latency_ms summary
go_rev_proxy_requests_latency_ms{path="/fibonacci",quantile="0.5"} 1
go_rev_proxy_requests_latency_ms{path="/fibonacci",quantile="0.9"} 300
go_rev_proxy_requests_latency_ms{path="/fibonacci",quantile="0.99"} 300
go_rev_proxy_requests_latency_ms_sum{path="/fibonacci"} 304
go_rev_proxy_requests_latency_ms_count{path="/fibonacci"} 6
"#
    );
    Ok(())
}

#[test]
fn lives_in_a_registry_of_the_users_beside_its_own_metrics() -> Result {
    let ours = Registry::new();
    ours.counter("jobs_total", "Jobs").unlabelled()?.add(2);
    let labels = HashMap::from([("zone".to_owned(), "eu".to_owned())]);
    let theirs = prometheus::Registry::new_custom(Some("shop".into()), Some(labels))?;
    let counter = prometheus::IntCounter::new("orders_total", "Orders")?;
    theirs.register(Box::new(counter.clone()))?;
    theirs.register(Box::new(RegistryCollector::new(&ours)))?;
    // A second registry of ours does not clash, and a family that comes later is seen.
    let more = Registry::new();
    theirs.register(Box::new(RegistryCollector::new(&more)))?;
    more.gauge("depth", "Depth").unlabelled()?.set(4.0);
    counter.inc();
    let scrape = Scrape::parse(&prometheus::TextEncoder::new().encode_to_string(&theirs.gather())?);
    assert_eq!(scrape.malformed, [""; 0]);
    let zone = &[("zone", "eu")];
    assert_eq!(scrape.sample("shop_jobs_total", zone), Some(2.0));
    assert_eq!(scrape.sample("shop_depth", zone), Some(4.0));
    assert_eq!(scrape.sample("shop_orders_total", zone), Some(1.0));
    Ok(())
}

#[test]
fn a_scrape_stays_under_a_mebibyte_whatever_strangers_send() -> Result {
    let registry = Registry::new();
    let requests = registry.counter("http_requests_total", "Requests").labels(["path"])?;
    let latency = registry.histogram("http_request_duration_seconds", "Latency").labels(["path"])?;
    for n in 0..100_000 {
        let path = format!("/{n}/{}", "\"".repeat(200));
        requests.using([&path], |requests| requests.inc())?;
        latency.using([&path], |latency| latency.observe(Duration::from_millis(5)))?;
    }
    let text = text(&registry);
    assert!(text.len() <= 1 << 20, "{} bytes", text.len());
    let scrape = Scrape::parse(&text);
    assert_eq!(scrape.malformed, [""; 0]);
    let series = |name| scrape.samples.iter().filter(|(found, _, _)| found == name).count();
    assert_eq!(series("http_requests_total"), 1001);
    assert_eq!(series("http_request_duration_seconds_bucket"), 118 * 15);
    assert_eq!(scrape.sample("http_requests_total", &[("path", OTHER)]), Some(99_000.0));
    Ok(())
}

proptest! {
    #[test]
    fn any_label_value_is_read_back_as_it_was_kept(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)) {
        let registry = Registry::new();
        let calls = registry.counter("calls_total", "Calls").labels(["a", "b"]).unwrap();
        for value in &values {
            calls.with([value.as_slice(), b"\"\\"]).unwrap().inc();
        }
        let snapshot = registry.snapshot();
        let scrape = Scrape::parse(&encode(&snapshot));
        prop_assert_eq!(&scrape.malformed, &[""; 0]);
        let kept = snapshot.family("calls_total").unwrap();
        for series in kept.series() {
            let labels: Vec<_> = kept.labels(series).collect();
            prop_assert_eq!(scrape.sample("calls_total", &labels), snapshot.value("calls_total", &labels));
        }
        let total: f64 = scrape.samples.iter().filter(|(name, _, _)| name == "calls_total").map(|(_, _, n)| n).sum();
        prop_assert_eq!(total, values.len() as f64);
    }
}
