//! What printing costs on the heap: nothing, once a thread has printed its first line.

mod support;

use std::io;

use allocation_counter::measure;
use kit_log::{Config, Format, Level, Logger, debug, info, lazy, o};

fn logger(format: Format) -> Logger {
    let config = Config { format, timestamp: true, caller: true, ..Config::default() };
    config.logger(io::sink()).expect("the defaults are good").with(o!("service" => "shop", "open" => lazy(|| 7u64)))
}

fn six_pairs(log: &Logger) {
    let (path, took) = ("/cart items", 0.0125);
    info!(log, "answered {}", "a request";
        "method" => "GET", "path" => path, "status" => 200, "took" => took, "peer" => %"127.0.0.1", "cached" => true);
}

#[test]
fn a_line_of_six_pairs_allocates_nothing() {
    for format in [Format::Logfmt, Format::Json] {
        let log = logger(format);
        six_pairs(&log);
        assert_eq!(measure(|| six_pairs(&log)).count_total, 0, "{format:?}");
    }
}

#[test]
fn a_refused_line_allocates_and_evaluates_nothing() {
    let log = logger(Format::Logfmt);
    log.levels().set_target("elsewhere", Level::Trace);
    let mut evaluated = false;
    let mut value = || {
        evaluated = true;
        String::from("costly")
    };
    debug!(log, "warm");
    let cost = measure(|| debug!(log, "{}", value(); "key" => value()));
    assert_eq!(cost.count_total, 0);
    assert!(!evaluated);
}

#[test]
fn more_context_costs_one_allocation() {
    let log = logger(Format::Logfmt);
    let cost = measure(|| {
        let log = log.with(o!("request_id" => 7u64, "peer" => "a", "user" => "b"));
        drop(log);
    });
    assert_eq!(cost.count_total, 1);
}
