use kit_core::heartbeat::Restarting;
use kit_core::{Error, Observer};
use kit_log::Logger;
use kit_metrics::Registry;

/// Who counts the restarts of a steward's ward (`kit_restarts_total`, by `steward`) and logs each as a warning with its cause:
/// for [`StewardBuilder::observer`](kit_core::heartbeat::StewardBuilder::observer). One observer serves any number of stewards.
///
/// # Errors
/// `FailedPrecondition` if `metrics` has the name for something else.
///
/// # Examples
/// ```
/// # let (metrics, log) = (kit::metrics::Registry::new(), kit::log::Logger::discard());
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use kit::heartbeat::{Pulse, Steward};
///
/// let told = kit::observe::restarts(&metrics, &log)?;
/// let steward = Steward::of("poller").observer(told).start(async |pulse: Pulse| {
///     pulse.unit();
///     std::future::pending().await
/// })?;
/// # drop(steward);
/// # Ok::<(), kit::Error>(())
/// # }).unwrap();
/// ```
pub fn restarts(metrics: &Registry, log: &Logger) -> Result<impl Observer<Restarting> + Clone + use<>, Error> {
    let restarts = metrics.counter("kit_restarts_total", "Tasks that their steward started again").labels(["steward"]);
    let (restarts, log) = (restarts.map_err(super::taken)?, log.clone());
    Ok(move |event: &Restarting| {
        let counted = restarts.using([&*event.steward], |restarts| restarts.inc());
        counted.expect("one label, one value");
        kit_log::warn!(log, "restart";
            "steward" => &*event.steward, "restarts" => event.restarts, "pause_ms" => event.pause.as_millis(),
            "cause" => #&event.cause);
    })
}
