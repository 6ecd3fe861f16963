use std::time::Duration;

use kit_core::Error;
use kit_core::lifecycle::Part;
use kit_log::Logger;
use kit_metrics::Provider;

/// What the last report may take. A daemon on this machine takes it in milliseconds, and a stop is not to wait for one that hangs.
const LAST: Duration = Duration::from_secs(2);

/// Hands over what was counted to the end, once it is asked to stop.
pub(super) async fn run(part: Part, backend: Provider, log: Logger) -> Result<(), Error> {
    part.ready();
    part.stopping().await;
    // It blocks, to wait for the backend's thread.
    let reported = tokio::task::spawn_blocking(move || backend.shutdown(LAST)).await.map_err(Error::bug)?;
    if !reported {
        kit_log::warn!(log, "the last metrics were not taken in time"; "part" => part.name());
    }
    Ok(())
}
