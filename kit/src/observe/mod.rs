//! What kit counts of itself, in one registry: everything it drops, refuses, restarts or finds to be a bug.
//!
//! ```
//! let metrics = kit::metrics::Registry::new();
//! let log = kit::log::Logger::discard();
//! kit::observe::register(&metrics, &log)?;
//! # Ok::<(), kit::Error>(())
//! ```
//!
//! | metric | counts | from |
//! |---|---|---|
//! | `kit_bugs_total` | raw errors and panics that became bugs | any crate |
//! | `kit_log_lines_dropped_total` | lines that found the queue of an async drain full | kit-log |
//! | `kit_log_lines_repeated_total` | lines that a limit on repeats kept back | kit-log |
//! | `kit_log_lines_truncated_total` | lines cut at the longest length | kit-log |
//! | `kit_log_write_errors_total` | writes that the system refused | kit-log |
//! | `kit_metrics_…_total` | series over their limit, label values replaced, values refused, failed exports, dropped lines | kit-metrics, each once it is above zero |
//! | `http_server_…` | connections and calls in flight; everything the server refused, paused for or cut off | [`server`] |
//! | `kit_discovery_…`, `kit_registered` | the set of a service: size, age, changes, failures, skipped entries; whether an instance is registered | [`discovery`], [`registered`] |
//! | `kit_server_requests_total`, `kit_client_requests_total` | calls by outcome: `rejected` is what was refused here | the default stacks |
//!
//! Beside them: `process_…` (CPU, memory, descriptors), `kit_build_info`, and the runtime: `tokio_workers`,
//! `tokio_alive_tasks`, `tokio_global_queue_depth`, `tokio_busy_seconds_total`.

mod discovery;
mod log;
mod runtime;
mod server;
#[cfg(test)]
mod tests;

use kit_core::{Code, Error};
use kit_log::Logger;
use kit_metrics::{RegisterError, Registry, process, red};

pub use discovery::{discovery, discovery_log, registered, registration_log};
pub use server::server;

/// Shows in `metrics` what kit counts: bugs, log lines that were lost, the process, the build, and the runtime it is called in.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or if it was registered before.
pub fn register(metrics: &Registry, log: &Logger) -> Result<(), Error> {
    let registered = (|| {
        red::register_core(metrics)?;
        process::register(metrics)?;
        process::build_info(metrics)?;
        log::register(metrics, log)?;
        runtime::register(metrics)
    })();
    registered.map_err(taken)
}

fn taken(cause: RegisterError) -> Error {
    let message = format!("what kit counts cannot be registered: {cause}");
    Error::boundary(Code::FailedPrecondition, cause).with_message(message)
}
