use kit_core::Error;
use kit_metrics::Registry;
use kit_transport::http::server::{Reading, ReadingKind, Stats};

/// Shows in `metrics` what a server counts: connections, calls in flight, and everything it refused, each reason by name
/// (`http_server_…`). The names are those of [`Stats::pairs`].
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another server already.
pub fn server(metrics: &Registry, stats: &Stats) -> Result<(), Error> {
    servers(metrics, [stats])
}

/// As [`server`], of a program with several ports: what they count together.
///
/// # Errors
/// As [`server`].
pub fn servers<'a>(metrics: &Registry, all: impl IntoIterator<Item = &'a Stats>) -> Result<(), Error> {
    let mut numbers: Vec<Vec<Reading>> = Vec::new();
    for stats in all {
        for (place, reading) in stats.pairs().enumerate() {
            match numbers.get_mut(place) {
                Some(number) => number.push(reading),
                None => numbers.push(vec![reading]),
            }
        }
    }
    for number in numbers {
        let Some((name, help, kind)) = number.first().map(|one| (one.name(), one.help(), one.kind())) else { continue };
        let read = move || number.iter().map(Reading::value).sum::<u64>() as f64;
        let registered = match kind {
            ReadingKind::Counter => metrics.counter_fn(name, help, read),
            ReadingKind::Gauge => metrics.gauge_fn(name, help, read),
        };
        registered.map_err(super::taken)?;
    }
    Ok(())
}
