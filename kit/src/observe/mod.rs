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
//! | `kit_restarts_total` | tasks that a steward started again | [`restarts`] |
//! | `kit_client_retries_total`, `kit_client_retries_suppressed_total`, `kit_client_retries_gave_up_total` | attempts besides the first, calls that were not to be repeated, calls that failed for good | [`retries`] |
//! | `kit_client_picks_total`, `kit_client_no_endpoint_total` | instances that a balancer picked, calls for which there was none | [`picks`]; this and the next in a [`Client`](crate::client::Client), with what else it has of these |
//! | `kit_client_ejections_total`, `kit_client_ejections_spared_total`, `kit_client_checks_failed_total` | instances taken out for their failures, or left in since as many were out as may be; instances that did not pass their checks any more | [`instances`], with `kit_client_instances` of [`standings`] |
//! | `kit_client_channels_made_total`, `kit_client_channels_closed_total`, `kit_client_calls_cut_total` | channels to instances, and calls that did not end in the time to drain | [`instances`] |
//! | `kit_breaker_opened_total`, `kit_breaker_refused_total` | times that a breaker opened, calls that it turned away | [`breaker()`], with `kit_breaker_open` and `kit_breaker_state`; the second from [`breakers`] too, of the instances of a client |
//! | `kit_throttle_refused_total` | calls that a throttle turned away | [`throttle`] |
//! | `kit_deadline_refused_total`, `kit_deadline_elapsed_total` | calls that came too late to be begun, calls given up on at their deadline | [`deadlines`] |
//! | `kit_timeout_elapsed_total` | calls given up on at a time limit | [`timeouts`] |
//! | `kit_bulkhead_refused_total` | calls for which there was no place | [`bulkhead`], with `kit_bulkhead_running` and `kit_bulkhead_waiting` |
//! | `kit_client_hedges_total`, `kit_client_hedges_won_total`, `kit_client_hedges_refused_total` | attempts because the first was slow, those answered first, those that a budget did not allow | [`hedges`] |
//! | `kit_client_replicas_total`, `kit_client_replicas_refused_total` | copies besides the first of a call, calls of which a budget allowed fewer | [`replicas`] |
//! | `kit_client_fallbacks_total`, `kit_client_fallbacks_failed_total` | failures that a fallback was asked about, and those where it failed too | [`fallbacks`] |
//! | `kit_client_budget_granted_total`, `kit_client_budget_refused_total` | repeats that a budget allowed, and did not | [`budget`], with `kit_client_budget_left` |
//! | `kit_chaos_faults_total` | calls that met a fault on purpose | [`chaos`], with `kit_chaos_on` |
//! | `kit_cache_lookups_total` | look-ups, by `result`: `fresh`, `negative`, `stale`, `missed` | `cache` (feature `cache`), with `kit_cache_entries` |
//! | `kit_cache_rescued_total`, `kit_cache_bypassed_total`, `kit_cache_outrun_total`, `kit_cache_evicted_total` | failures answered with an old answer, requests without a key, answers not kept since their key was removed, answers that had to make room | |
//! | `kit_cache_refreshes_total`, `kit_cache_refreshes_failed_total` | calls made to refresh an old answer, and those that failed | |
//! | `kit_flight_led_total`, `kit_flight_shared_total`, `kit_flight_failed_total`, `kit_flight_abandoned_total` | calls made for all who ask the same, calls that joined one, those that failed for all, those that everybody left | [`flights`], [`batch_flights`], with `kit_flight_under_way` |
//! | `kit_idempotency_runs_total`, `kit_idempotency_replayed_total`, `kit_idempotency_refused_total`, `kit_idempotency_unknown_total`, `kit_idempotency_evicted_total` | runs of messages with a key, messages answered as an earlier one, refused for their key, runs that nobody knows the end of, answers that had to make room | [`idempotency`], with `kit_idempotency_kept` |
//! | `kit_discovery_changes_total`, `kit_discovery_answers_total`, `kit_discovery_failures_total`, `kit_discovery_empty_answers_total`, `kit_discovery_skipped_total` | sets of a service that differed from the last, answers of its source, its failures, answers that nobody is there, entries that name no instance | [`discovery`], which a [`Client`](crate::client::Client) calls for its service, with `kit_discovery_instances`, `kit_discovery_age_seconds` and others |
//! | `kit_registered` | whether an instance is registered | [`registered`] |
//! | `kit_server_requests_total`, `kit_client_requests_total` | calls by outcome: `rejected` is what was refused here | the default stacks |
//! | `kit_server_fallback_answers_total`, `kit_client_fallback_answers_total` | calls that a fallback answered, by how they themselves had ended | |
//! | `kit_log_lines_dropped_total` | lines that found the queue of an async drain full | kit-log |
//! | `kit_log_lines_repeated_total` | lines that a limit on repeats kept back | kit-log |
//! | `kit_log_lines_truncated_total` | lines cut at the longest length | kit-log |
//! | `kit_log_write_errors_total` | lines that the writer refused | kit-log |
//! | `kit_metrics_series_overflow_total` | uses of a label set past its family's limit | kit-metrics, as the next three once above zero |
//! | `kit_metrics_label_values_replaced_total` | label values made safe or cut | |
//! | `kit_metrics_values_refused_total` | values that are no numbers, or would make a counter fall | |
//! | `kit_metrics_callback_panics_total` | functions that panicked while they were read | |
//! | `kit_metrics_exports_total`, `kit_metrics_export_failures_total`, `kit_metrics_export_panics_total` | snapshots handed to a backend, and what became of them | a backend that is pushed to |
//! | `kit_metrics_statsd_lines_total`, `kit_metrics_statsd_datagrams_total`, `kit_metrics_statsd_lines_dropped_total` | what a StatsD daemon was sent, and what it was not | StatsD |
//! | `http_server_accepted_total`, `http_server_accept_errors_total`, `http_server_accept_pauses_total` | connections accepted, errors of it, times that it waited | [`server`], [`servers`] |
//! | `http_server_aborted_total`, `http_server_aged_total`, `http_server_idle_closed_total`, `http_server_malformed_total` | connections ended with something in flight, of age, unused, because of what is no HTTP | |
//! | `http_server_header_timeouts_total`, `http_server_body_timeouts_total`, `http_server_write_timeouts_total` | clients that were too slow | |
//! | `http_server_refused_head_too_large_total`, `http_server_refused_too_many_headers_total`, `http_server_refused_uri_too_long_total` | requests that are too large | |
//! | `http_server_refused_bad_target_total`, `http_server_refused_bare_line_feed_total`, `http_server_refused_host_missing_total`, `http_server_refused_host_repeated_total`, `http_server_refused_host_invalid_total`, `http_server_refused_host_mismatch_total`, `http_server_refused_content_length_repeated_total`, `http_server_refused_content_length_and_transfer_encoding_total`, `http_server_refused_transfer_encoding_total`, `http_server_refused_authorization_repeated_total` | requests that two parsers could read differently | |
//! | `http_server_refused_too_busy_total` | requests past the limit of those in flight | |
//!
//! Beside them: `http_server_open_connections`, `http_server_calls_in_flight`, `http_server_accept_paused`; `process_…` (CPU, memory,
//! descriptors), `kit_build_info`, and the runtime: `tokio_workers`, `tokio_alive_tasks`, `tokio_global_queue_depth`,
//! `tokio_busy_seconds_total`.
//!
//! # A service's own figures beside them
//! Three sorts of metrics answer three questions: is the machine well, is the service well, is the business well. All stand in one
//! registry, and so in one scrape.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use kit::metrics::Registry;
//! use kit::server::Stack;
//! use kit::{Context, Endpoint as _, Error, Layer as _, Method, endpoint_with};
//!
//! static BUY: Method = Method::new("shop", "buy");
//!
//! let metrics = Registry::new();
//! let log = kit::log::Logger::discard();
//!
//! // The runtime: what tokio and the system know of the process.
//! kit::observe::register(&metrics, &log)?;
//! // The application: rate, errors, duration of every operation, from the stack that stands round it.
//! let stack = Stack::new(&log, &metrics)?;
//! // The business: what only its own code can know, counted where it happens.
//! let sold = metrics.counter("shop_items_sold_total", "Items sold").unlabelled().map_err(Error::bug)?;
//!
//! let buy = stack.layer(endpoint_with(sold, async |sold, _cx, items: u64| {
//!     sold.add(items);
//!     Ok(items)
//! }));
//! let mut cx = Context::new();
//! cx.set_method(&BUY);
//! buy.call(&mut cx, 3).await?;
//!
//! let now = metrics.snapshot();
//! assert_eq!(now.value("tokio_workers", &[]), Some(1.0));
//! let bought = [("service", "shop"), ("method", "buy"), ("outcome", "success"), ("code", "OK")];
//! assert_eq!(now.value("kit_server_requests_total", &bought), Some(1.0));
//! assert_eq!(now.value("shop_items_sold_total", &[]), Some(3.0));
//! # Ok::<(), Error>(())
//! # }).unwrap();
//! ```

mod answers;
mod circuit;
mod client;
mod discovery;
mod log;
mod restarts;
mod retries;
mod runtime;
mod server;
#[cfg(test)]
mod tests;

use kit_core::{Code, Error};
use kit_log::Logger;
use kit_metrics::{LabelError, RegisterError, Registry, process, red};

#[cfg(feature = "cache")]
pub use answers::cache;
pub use answers::{batch_flights, flights, idempotency};
pub use circuit::{breaker, budget, bulkhead, chaos, deadlines, fallbacks, hedges, replicas, throttle, timeouts};
pub use client::{breakers, breakers_log, instances, instances_log, picks, standings};
pub use discovery::{discovery, discovery_log, registered, registration_log};
pub use restarts::restarts;
pub use retries::retries;
pub use server::{server, servers};

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

/// Whether what was to be shown is there already, under the same name.
pub(crate) fn is_shown(error: &Error) -> bool {
    matches!(error.cause::<RegisterError>(), Some(RegisterError::Series(LabelError::Taken { .. })))
}

fn taken(cause: RegisterError) -> Error {
    let message = format!("what kit counts cannot be registered: {cause}");
    Error::boundary(Code::FailedPrecondition, cause).with_message(message)
}
