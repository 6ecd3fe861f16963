//! Against a real Consul: `tests/real/consul` runs it, and says where the program is in `KIT_CONSUL`.
//!
//! Here the clock runs; each wait is bounded.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod agent;
mod announce;
mod contract;
mod follow;
#[path = "../support/pause.rs"]
mod pause;

use std::time::Duration;

use kit_core::Instance;
use kit_discovery::consul::{Announcement, Check, Config, Consul, Query};
use kit_discovery::{Discovery, Instancer as _, State, Subscription};
use tokio::time::{Instant, timeout};

use self::agent::Agent;

const SECOND: Duration = Duration::from_secs(1);
/// How long anything may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

fn consul(agent: &Agent) -> Consul {
    Consul::new(Config { address: agent.address(), answer: SECOND, ..Config::default() }).unwrap()
}

/// With a wait that is over soon, so that what is silent is noticed soon.
fn query() -> Query {
    Query { wait: 2 * SECOND, ..Query::default() }
}

fn follow(agent: &Agent, service: &str, query: Query) -> Discovery {
    consul(agent).instancer(service, query).unwrap().start().unwrap()
}

fn ttl(ttl: Duration) -> Announcement {
    Announcement { check: Check::Ttl(ttl), ..Announcement::default() }
}

fn addresses(state: &State) -> Vec<String> {
    state.instances().into_iter().flatten().map(|instance| instance.address.to_string()).collect()
}

/// Waits until the state is as it should be.
async fn until(subscription: &mut Subscription, what: &str, mut is: impl FnMut(&State) -> bool) -> State {
    let by = Instant::now() + PATIENCE;
    loop {
        let state = subscription.state();
        if is(&state) {
            return state;
        }
        let changed = timeout(by.saturating_duration_since(Instant::now()), subscription.changed()).await;
        changed.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}: {state:#?}")).unwrap();
    }
}

/// Waits until the set has exactly these addresses, and the source works.
async fn until_set(subscription: &mut Subscription, wanted: &[&str]) -> State {
    until(subscription, &format!("{wanted:?}"), |state| state.error().is_none() && addresses(state) == wanted).await
}

fn instance(address: &str) -> Instance {
    Instance::new(address)
}
