//! The largest page that strangers can make of a counter and a histogram by inventing label values: 3,007 samples, just under a mebibyte.
//! Its cost is that of the process once each scrape, not of a call.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;

use kit::metrics::Registry;
use prometheus::{HistogramOpts, Opts, TextEncoder};

use crate::cases::Cases;

/// Distinct label values; a family keeps 1,000 of them, a histogram of the default buckets 117, and `other`.
const INVENTED: usize = 2_000;
const COUNTERS: usize = 1_001;
const HISTOGRAMS: usize = 118;

/// Long, and longer where it is escaped.
fn path(n: usize) -> String {
    format!("/{n}/{}", "\"".repeat(200))
}

pub(super) fn cases(cases: &mut impl Cases) {
    // Not made where other cases are counted.
    let kit = LazyCell::new(kit);
    cases.timed("largest scrape/kit", || drop(black_box(kit::metrics::prometheus::text(&kit))));
    let bare = LazyCell::new(bare);
    cases.timed("largest scrape/prometheus", || {
        drop(black_box(TextEncoder::new().encode_to_string(&bare.gather()).expect("good names")));
    });
}

fn kit() -> Registry {
    let registry = Registry::new();
    let requests = registry.counter("http_requests_total", "Requests").labels(["path"]).expect("a good name");
    let latency = registry.histogram("http_request_duration_seconds", "Latency").labels(["path"]).expect("a good name");
    for path in (0..INVENTED).map(path) {
        requests.using([&path], |requests| requests.inc()).expect("one value");
        latency.using([&path], |latency| latency.observe(Duration::from_millis(5))).expect("one value");
    }
    let page = kit::metrics::prometheus::text(&registry).len();
    assert!((700 << 10..=1 << 20).contains(&page), "a page of {page} bytes");
    registry
}

/// The same samples, whose values are as long as kit leaves them. It has no bound of its own.
fn bare() -> prometheus::Registry {
    let registry = prometheus::Registry::new();
    let requests = prometheus::IntCounterVec::new(Opts::new("http_requests_total", "Requests"), &["path"]);
    let buckets = kit::metrics::buckets::SECONDS.to_vec();
    let latency = HistogramOpts::new("http_request_duration_seconds", "Latency").buckets(buckets);
    let latency = prometheus::HistogramVec::new(latency, &["path"]).expect("a good name");
    let requests = requests.expect("a good name");
    for mut path in (0..COUNTERS).map(path) {
        path.truncate(kit::metrics::MAX_VALUE);
        requests.with_label_values(&[&path]).inc();
    }
    for mut path in (0..HISTOGRAMS).map(path) {
        path.truncate(kit::metrics::MAX_VALUE);
        latency.with_label_values(&[&path]).observe(0.005);
    }
    registry.register(Box::new(requests)).expect("registered once");
    registry.register(Box::new(latency)).expect("registered once");
    registry
}
