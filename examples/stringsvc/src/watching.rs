//! `stringsvc watch`: who answers, as it changes.

use std::io::Write;
use std::pin::pin;

use kit::discovery::{Instancer as _, Spec, State, value};
use kit::log::Logger;
use kit::{Error, observe};

use crate::endpoints::SERVICE;

/// Prints who answers at `source` to `out`, a line for each change, until it is asked to stop or nobody reads.
///
/// # Errors
/// What `source` needs is malformed or was not built.
pub async fn watch(source: &Spec, log: &Logger, mut out: impl Write) -> Result<(), Error> {
    let instancer = source.start(SERVICE, observe::discovery_log(log))?;
    let mut subscription = instancer.subscribe();
    let mut asked = pin!(kit::shutdown());
    loop {
        let state = tokio::select! {
            // First: who has read a line may send the signal.
            biased;
            () = asked.as_mut() => return Ok(()),
            state = subscription.changed() => state?,
        };
        if writeln!(out, "{}", line(&state)).and_then(|()| out.flush()).is_err() {
            return Ok(());
        }
    }
}

/// `2: 127.0.0.1:9001, {"id":"b","address":"127.0.0.1:9002"} (1 skipped) failing: …`: which set it is, who is in it, what is wrong.
fn line(state: &State) -> String {
    let all = state.instances().map(|set| set.iter().map(|instance| value::write(instance)).collect::<Vec<_>>());
    let mut line = match all {
        None => "0: nothing is known yet".to_owned(),
        Some(all) if all.is_empty() => format!("{}: nobody", state.generation()),
        Some(all) => format!("{}: {}", state.generation(), all.join(", ")),
    };
    if state.skipped_count() > 0 {
        line += &format!(" ({} skipped)", state.skipped_count());
    }
    if let Some(error) = state.error() {
        line += &format!(" failing: {}", error.message());
    }
    line
}
