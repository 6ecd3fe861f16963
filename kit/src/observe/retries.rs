use kit_circuit::retry::{Handle, Why};
use kit_core::Error;
use kit_metrics::Registry;

/// Shows in `metrics` what a retry does, under the name of its client: repeats (`kit_client_retries_total`), calls that it left
/// alone since their caller repeats them (`kit_client_retries_suppressed_total`), and calls that failed for good, by `why`
/// (`kit_client_retries_gave_up_total`).
///
/// # Errors
/// `FailedPrecondition` if `metrics` has one of the names for something else, or shows another retry of this name.
///
/// # Examples
/// ```
/// use kit::circuit::retry::RetryLayer;
///
/// let metrics = kit::metrics::Registry::new();
/// let retry = RetryLayer::default();
/// kit::observe::retries(&metrics, "strings", &retry.handle())?;
/// # Ok::<(), kit::Error>(())
/// ```
pub fn retries(metrics: &Registry, client: &str, retry: &Handle) -> Result<(), Error> {
    let registered = (|| {
        let read = retry.clone();
        metrics
            .counter("kit_client_retries_total", "Attempts made besides the first of each call")
            .labels(["client"])?
            .with_fn([client], move || read.stats().repeats as f64)?;
        let read = retry.clone();
        metrics
            .counter("kit_client_retries_suppressed_total", "Calls not repeated, since their caller repeats them")
            .labels(["client"])?
            .with_fn([client], move || read.stats().suppressed as f64)?;
        let gave_up = metrics
            .counter("kit_client_retries_gave_up_total", "Calls that failed for good")
            .labels(["client", "why"])?;
        for why in Why::ALL {
            let read = retry.clone();
            gave_up.with_fn([client, why.as_str()], move || read.stats().gave_up(why) as f64)?;
        }
        Ok(())
    })();
    registered.map_err(super::taken)
}
