//! Rules across types. Time stands still until a test moves it.

mod discovery;
mod mapped;
mod memory;
mod publisher;
mod view;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Error, Instance};
use tokio::time::{Instant, advance, timeout};

use crate::testing::memory::Registry;
use crate::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(port: u16) -> Instance {
    Instance::new(format!("10.0.0.1:{port}"))
}

fn answer(ports: &[u16]) -> Answer {
    Answer::new(ports.iter().copied().map(at))
}

fn ports(set: &Instances) -> Vec<u16> {
    set.iter().map(|instance| instance.address.parse::<Address>().unwrap().port()).collect()
}

/// The ports of the set that the source gave last.
fn known(state: &State) -> Vec<u16> {
    state.instances().map(ports).unwrap_or_default()
}

fn down() -> Error {
    Error::unavailable("the registry is down")
}

/// What an observer heard, as lines.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn observer(&self) -> impl Fn(&Event) + Send + Sync + use<> {
        let lines = Arc::clone(&self.0);
        move |event: &Event| {
            let line = match &event.news {
                News::Changed { generation, size, added, removed } => {
                    format!("changed {generation}: {size}, +{added} -{removed}")
                }
                News::Failing { error, lasting, untold } => format!("failing {lasting:?} {error} ({untold} untold)"),
                News::Recovered { lasted } => format!("recovered after {lasted:?}"),
                News::Emptied { before, untold } => format!("emptied of {before} ({untold} untold)"),
                News::Skipped { count, untold, .. } => format!("skipped {count} ({untold} untold)"),
            };
            lines.lock().unwrap().push(line);
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
