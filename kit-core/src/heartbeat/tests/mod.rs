//! The figures are those of CC-21 to CC-23 and AS-21 in `source-systems.md`.

mod interval;
mod steward;
mod unit;
mod watcher;

use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::Error;

const S: Duration = Duration::from_secs(1);

/// Works two seconds for each result, and gives a pulse each second while it waits.
async fn every_two_seconds(pulse: Pulse, results: mpsc::Sender<u32>) -> Result<(), Error> {
    let mut rhythm = pulse.every(S)?;
    for result in 0.. {
        rhythm.wait(tokio::time::sleep(2 * S)).await;
        if rhythm.wait(results.send(result)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// As many results as it is asked for, each a unit of work.
async fn units(pulse: Pulse, count: u32, results: mpsc::Sender<u32>) -> Result<(), Error> {
    for result in 0..count {
        pulse.unit();
        results.send(result).await.expect("somebody takes the results");
    }
    Ok(())
}
