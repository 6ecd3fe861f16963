use std::io::{self, Write};

use kit_core::{Code, Error};
use kit_log::Logger;
use kit_metrics::Registry;

use super::register;

/// Takes nothing.
struct Full;

impl Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn value(metrics: &Registry, name: &str) -> f64 {
    metrics.snapshot().value(name, &[]).unwrap_or_else(|| panic!("{name} is not registered"))
}

#[tokio::test]
async fn everything_the_docs_list_is_there_and_rises_when_it_happens() {
    let metrics = Registry::new();
    let config = kit_log::Config { line_max: 512, ..kit_log::Config::default() };
    let log = config.logger(Full).unwrap();
    register(&metrics, &log).unwrap();

    let before = value(&metrics, "kit_bugs_total");
    drop(Error::bug("raw"));
    assert!(value(&metrics, "kit_bugs_total") > before);

    kit_log::info!(log, "too long"; "text" => "x".repeat(1_000));
    assert_eq!(value(&metrics, "kit_log_write_errors_total"), 1.0);
    assert_eq!(value(&metrics, "kit_log_lines_truncated_total"), 1.0);

    for zero in ["kit_log_lines_dropped_total", "kit_log_lines_repeated_total"] {
        assert_eq!(value(&metrics, zero), 0.0);
    }
    for some in ["tokio_workers", "process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
        assert!(value(&metrics, some) >= 0.0);
    }
}

#[tokio::test]
async fn every_metric_of_the_page_is_one_of_the_registry_and_the_other_way_round() {
    let metrics = Registry::new();
    register(&metrics, &Logger::discard()).unwrap();
    let page = include_str!("mod.rs");
    for family in metrics.snapshot().families() {
        let name = family.name();
        assert!(page.contains(name) || name.starts_with("process_"), "{name} is not on the page");
    }
    let names = page.split('`').filter(|word| word.starts_with("kit_log_") || word.starts_with("tokio_"));
    for name in names {
        assert!(metrics.snapshot().family(name).is_some(), "{name} is on the page alone");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_clear_error() {
    let metrics = Registry::new();
    metrics.gauge("tokio_workers", "Other labels.").labels(["host"]).unwrap();
    let error = register(&metrics, &Logger::discard()).unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.message().contains("tokio_workers"), "{error}");
}

#[tokio::test]
async fn a_server_shows_what_it_counts_and_one_server_alone() {
    let metrics = Registry::new();
    let http = kit_transport::http::server::Server::new(Default::default()).unwrap();
    super::server(&metrics, &http.stats()).unwrap();
    assert_eq!(value(&metrics, "http_server_open_connections"), 0.0);
    assert_eq!(value(&metrics, "http_server_refused_too_busy_total"), 0.0);
    assert_eq!(super::server(&metrics, &http.stats()).unwrap_err().code(), Code::FailedPrecondition);
}
