use kit_metrics::{RegisterError, Registry};
use tokio::runtime::{Handle, RuntimeMetrics};

/// The runtime this is called in; outside one there is nothing to show.
pub(super) fn register(metrics: &Registry) -> Result<(), RegisterError> {
    let Ok(handle) = Handle::try_current() else { return Ok(()) };
    let gauge = |name: &str, help: &str, read: fn(&RuntimeMetrics) -> f64| {
        let runtime = handle.metrics();
        metrics.gauge_fn(name, help, move || read(&runtime))
    };
    gauge("tokio_workers", "Worker threads of the runtime", |runtime| runtime.num_workers() as f64)?;
    gauge("tokio_alive_tasks", "Tasks that have not ended", |runtime| runtime.num_alive_tasks() as f64)?;
    gauge("tokio_global_queue_depth", "Tasks that no worker has taken yet", |runtime| {
        runtime.global_queue_depth() as f64
    })?;
    let runtime = handle.metrics();
    metrics.counter_fn("tokio_busy_seconds_total", "Time that the workers were busy", move || {
        (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64()).sum()
    })
}
