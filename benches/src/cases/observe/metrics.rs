//! An increment, an observation: on a handle, by labels, beside a second thread, with a StatsD backend behind it.

use std::hint::black_box;
use std::net::UdpSocket;
use std::time::Duration;

use cadence::{BufferedUdpMetricSink, Counted as _, StatsdClient};
use kit::metrics::statsd::Statsd;
use kit::metrics::{INTERVAL, Registry, Reporter};
use metrics_exporter_prometheus::PrometheusBuilder;
use prometheus::{HistogramOpts, Opts};

use crate::cases::Cases;

/// The labels of a call. `metrics` has them in its macro.
const LABELS: [&str; 2] = ["method", "status"];
const VALUES: [&str; 2] = ["uppercase", "200"];

/// The values of one of them, as a service has them.
#[derive(Clone, Copy)]
enum Status {
    Ok,
}

/// In the middle of the default buckets of everybody.
const TOOK: Duration = Duration::from_millis(30);

pub(super) fn cases(cases: &mut impl Cases) {
    // There is one for the process, and it is this one.
    let _ = metrics::set_global_recorder(PrometheusBuilder::new().build_recorder());
    counters(cases);
    histograms(cases);
    statsd(cases);
}

fn counters(cases: &mut impl Cases) {
    let family = Registry::new().counter("calls_total", "Calls").labels(LABELS).expect("a good name");
    // As in a service: a few methods, a few answers.
    for method in ["uppercase", "count", "reverse"] {
        for status in ["200", "400", "500"] {
            family.with([method, status]).expect("two values").inc();
        }
    }
    let kit = family.with(VALUES).expect("two values");
    let vec = prometheus::IntCounterVec::new(Opts::new("calls_total", "Calls"), &LABELS).expect("a good name");
    let bare = vec.with_label_values(&VALUES);
    let cached = metrics::counter!("calls_total", "method" => "uppercase", "status" => "200");

    cases.case("counter/kit", || black_box(&kit).inc());
    cases.case("counter/prometheus", || black_box(&bare).inc());
    cases.case("counter/metrics", || black_box(&cached).increment(1));

    // An enum's values as handles in a row: how kit's own layers count outcomes.
    let methods = family.preset("method", VALUES[0]).expect("a label of the family");
    let statuses = methods.with_each([["200"], ["400"], ["500"]]).expect("one value is open");
    cases.case("counter by a typed label/kit", || black_box(&statuses)[black_box(Status::Ok) as usize].inc());

    cases.case("counter by labels/kit", || {
        black_box(&family).using(black_box(VALUES), |calls| calls.inc()).expect("two values");
    });
    cases.case("counter by labels/prometheus", || black_box(&vec).with_label_values(black_box(&VALUES)).inc());
    cases.case("counter by labels/metrics", || {
        metrics::counter!("calls_total", "method" => "uppercase", "status" => "200").increment(1);
    });

    cases.contended("counter, two threads/kit", || black_box(&kit).inc());
    cases.contended("counter, two threads/prometheus", || black_box(&bare).inc());
    cases.contended("counter, two threads/metrics", || black_box(&cached).increment(1));
}

fn histograms(cases: &mut impl Cases) {
    let kit = Registry::new().histogram("call_duration_seconds", "Time").unlabelled().expect("a good name");
    let bare =
        prometheus::Histogram::with_opts(HistogramOpts::new("call_duration_seconds", "Time")).expect("a good name");
    let cached = metrics::histogram!("call_duration_seconds");

    cases.case("histogram/kit", || black_box(&kit).observe(black_box(TOOK)));
    cases.case("histogram/prometheus", || black_box(&bare).observe(black_box(TOOK).as_secs_f64()));
    // It keeps every value until it is rendered: its memory is part of what it costs.
    cases.timed("histogram/metrics", || black_box(&cached).record(black_box(TOOK)));

    cases.contended("histogram, two threads/kit", || black_box(&kit).observe(black_box(TOOK)));
    cases.contended("histogram, two threads/prometheus", || black_box(&bare).observe(black_box(TOOK).as_secs_f64()));
}

/// The caller's part: what is sent goes to a socket of this process, which keeps what fits and loses the rest.
fn statsd(cases: &mut impl Cases) {
    let daemon = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let addr = daemon.local_addr().expect("it is bound");

    let registry = Registry::new();
    let statsd = Statsd::udp(addr.to_string()).build(&registry).expect("good settings");
    let _reporter = Reporter::start(&registry, INTERVAL, statsd).expect("a thread");
    let calls = registry.counter("calls_total", "Calls").unlabelled().expect("a good name");
    cases.case("StatsD counter/kit", || black_box(&calls).inc());

    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let sink = BufferedUdpMetricSink::from(addr, socket).expect("an address");
    let client = StatsdClient::from_sink("service", sink);
    cases.case("StatsD counter/cadence", || drop(black_box(&client).count("calls", 1)));
}
