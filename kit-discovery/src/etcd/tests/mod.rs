//! The rules, against a double that speaks etcd's protocol over pipes in memory. Time stands still until a test moves
//! it.

mod contract;
mod double;
mod registrar;
mod settings;
mod source;

use std::time::Duration;

use kit_core::{Code, Instance};
use tokio::time::{Instant, sleep, timeout};

use self::double::{Cluster, Line};
use super::*;
use crate::*;

const SECOND: Duration = Duration::from_secs(1);
const SERVICE: &str = "/services/strings";

/// What the contract calls an instance of this number.
fn at(port: u16) -> Instance {
    Instance::new(format!("10.0.0.1:{port}"))
}

/// The ports of the set that the source gave last.
fn known(state: &State) -> Vec<u16> {
    let port = |instance: &std::sync::Arc<Instance>| instance.address.parse::<Address>().unwrap().port();
    state.instances().map(|set| set.iter().map(port).collect()).unwrap_or_default()
}

/// Waits for these, for at most a minute; the time it took.
async fn until(subscription: &mut Subscription, ports: &[u16]) -> Duration {
    let start = Instant::now();
    let wait = async {
        while known(&subscription.state()) != ports || subscription.state().error().is_some() {
            subscription.changed().await.expect("not stopped");
        }
    };
    timeout(60 * SECOND, wait).await.unwrap_or_else(|_| panic!("never {ports:?}: {:?}", subscription.state()));
    start.elapsed()
}

/// Waits until the source is known to fail, for at most a minute; with what, and the time it took.
async fn until_failing(subscription: &mut Subscription) -> (kit_core::Error, Duration) {
    let start = Instant::now();
    loop {
        if let Some(error) = subscription.state().error() {
            return (error.clone(), start.elapsed());
        }
        timeout(60 * SECOND, subscription.changed()).await.expect("a failure").expect("not stopped");
    }
}
