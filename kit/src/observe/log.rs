use kit_log::{Counters, Logger};
use kit_metrics::{RegisterError, Registry};

/// A metric, what it says, and where it is read.
type Read = (&'static str, &'static str, fn(&Counters) -> u64);

const COUNTERS: [Read; 4] = [
    ("kit_log_lines_dropped_total", "Log lines that found the queue full", Counters::dropped),
    ("kit_log_lines_repeated_total", "Log lines kept back as repeats", Counters::repeated),
    ("kit_log_lines_truncated_total", "Log lines cut at the longest length", Counters::truncated),
    ("kit_log_write_errors_total", "Writes of log lines that failed", Counters::write_errors),
];

pub(super) fn register(metrics: &Registry, log: &Logger) -> Result<(), RegisterError> {
    for (name, help, read) in COUNTERS {
        let counters = log.counters().clone();
        metrics.counter_fn(name, help, move || read(&counters) as f64)?;
    }
    Ok(())
}
