use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit_core::health::{Health, Limits, Probe, check_with};
use kit_core::lifecycle::Part;
use kit_core::{Error, Instance};
use kit_discovery::Registrar;
use kit_discovery::registration::{Pending, insist};
use kit_log::Logger;

/// Announces an instance for as long as the part runs.
pub(super) async fn run(
    part: Part,
    registrar: impl Registrar,
    instance: Instance,
    health: Health,
    log: Logger,
) -> Result<(), Error> {
    // Not before the first attempt has failed: a registrar that tells the registry how it is asks this check too, and would
    // announce what nobody may call.
    let away = Arc::new(AtomicBool::new(false));
    let check = check_with(Arc::clone(&away), async |away| match away.load(Ordering::Acquire) {
        true => Err(Error::unavailable("the instance is not registered yet")),
        false => Ok(()),
    });
    // It costs nothing to ask: no probe is told what was true a second ago.
    let limits = Limits { cache: Duration::ZERO, ..Limits::default() };
    health.add_within(Probe::Readiness, part.name(), limits, check)?;
    part.ready();

    let told = |pending: &Pending| {
        away.store(true, Ordering::Release);
        kit_log::warn!(log, "not registered yet"; "part" => part.name(), "instance" => %instance.id,
            "lasting_ms" => pending.lasting.as_millis(), "untold" => pending.untold, "cause" => #&pending.error);
    };
    let registration = tokio::select! {
        registered = insist(&registrar, &instance, &told) => registered?,
        // Whatever was announced meanwhile is withdrawn in the background.
        () = part.stopping() => return Ok(()),
    };
    away.store(false, Ordering::Release);

    part.stopping().await;
    // Told to the registrar's observer. A registry that is away is no failure of this program, and forgets by itself.
    let _ = registration.withdraw().await;
    Ok(())
}
