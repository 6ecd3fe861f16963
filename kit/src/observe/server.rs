use kit_core::Error;
use kit_metrics::Registry;
use kit_transport::http::server::{ReadingKind, Stats};

/// Shows in `metrics` what a server counts: connections, calls in flight, and everything it refused, each reason by name
/// (`http_server_…`). The names are those of [`Stats::pairs`].
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another server already.
pub fn server(metrics: &Registry, stats: &Stats) -> Result<(), Error> {
    for reading in stats.pairs() {
        let (name, help, kind) = (reading.name(), reading.help(), reading.kind());
        let read = move || reading.value() as f64;
        let registered = match kind {
            ReadingKind::Counter => metrics.counter_fn(name, help, read),
            ReadingKind::Gauge => metrics.gauge_fn(name, help, read),
        };
        registered.map_err(super::taken)?;
    }
    Ok(())
}
