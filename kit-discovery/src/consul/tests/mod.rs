//! What a real Consul does on demand, `tests/consul` sees; here is what it does not. Time stands still until a test
//! moves it.

mod announce;
mod answers;
mod config;
mod contract;
mod double;
mod follow;

use std::sync::Arc;
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Code, Instance};
use tokio::time::{Instant, sleep, timeout};

use self::double::{Double, Play};
use super::*;
use crate::*;

const SECOND: Duration = Duration::from_secs(1);
const SERVICE: &str = "strings";

fn consul(double: &Double) -> Consul {
    Consul::over(Config::default(), double.clone()).unwrap()
}

fn follow(double: &Double, query: Query) -> Discovery {
    consul(double).instancer(SERVICE, query).unwrap().random(SeededRandom::new(1)).start().unwrap()
}

fn ports(state: &State) -> Vec<u16> {
    let port = |instance: &Instance| instance.address.parse::<Address>().unwrap().port();
    state.instances().into_iter().flatten().map(|instance| port(instance)).collect()
}

/// Waits until the state is as it should be.
async fn until(subscription: &mut Subscription, mut is: impl FnMut(&State) -> bool) -> State {
    loop {
        let state = subscription.state();
        if is(&state) {
            return state;
        }
        let changed = timeout(60 * SECOND, subscription.changed()).await;
        changed.unwrap_or_else(|_| panic!("not within 60 s: {state:#?}")).unwrap();
    }
}
