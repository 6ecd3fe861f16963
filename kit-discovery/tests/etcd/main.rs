//! Against a real etcd: `tests/real/etcd` runs it, and says where the program is in `KIT_ETCD`.
//!
//! Here the clock runs; each wait is bounded.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod announce;
mod contract;
mod follow;
mod member;
#[path = "../support/pause.rs"]
mod pause;
mod proxy;
mod secured;

use std::time::Duration;

use kit_core::Instance;
use kit_discovery::etcd::{Config, Etcd, EtcdRegistrar, RegistrarConfig};
use kit_discovery::registration::{self, Standing};
use kit_discovery::{Backoff, Discovery, Instancer as _, Registrar as _, Registration, State, Subscription};
use tokio::time::{Instant, sleep, timeout};

use self::member::Member;
use self::proxy::Proxy;

const SECOND: Duration = Duration::from_secs(1);
/// How long anything may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);
const SERVICE: &str = "/services/strings";
/// A lease that does not keep a test waiting.
const TTL: Duration = Duration::from_secs(4);

/// Notices silence within 3 s.
fn config(endpoints: &[&str]) -> Config {
    Config {
        endpoints: endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect(),
        keep_alive: 2 * SECOND,
        keep_alive_timeout: SECOND,
        ..Config::default()
    }
}

fn follow(endpoint: &str) -> Discovery {
    Etcd::with(config(&[endpoint])).unwrap().instancer(SERVICE).unwrap().start().unwrap()
}

fn registrar(etcd: &Etcd) -> EtcdRegistrar {
    let backoff = Backoff { max: SECOND, ..Backoff::default() };
    let registration = registration::Config { backoff, ..registration::Config::default() };
    etcd.registrar(SERVICE).unwrap().config(RegistrarConfig { ttl: TTL, registration }).unwrap()
}

async fn register(endpoint: &str, address: &str) -> Registration {
    let registrar = registrar(&Etcd::with(config(&[endpoint])).unwrap());
    timeout(PATIENCE, registrar.register(Instance::new(address))).await.expect("an answer").unwrap()
}

fn addresses(state: &State) -> Vec<String> {
    state.instances().into_iter().flatten().map(|instance| instance.address.to_string()).collect()
}

/// Waits until the state is as it should be; the time it took.
async fn until(subscription: &mut Subscription, what: &str, mut is: impl FnMut(&State) -> bool) -> Duration {
    let start = Instant::now();
    let wait = async {
        while !is(&subscription.state()) {
            subscription.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}: {subscription:#?}"));
    start.elapsed()
}

/// Waits until the set has exactly these addresses, and the source works; the time it took.
async fn until_set(subscription: &mut Subscription, wanted: &[&str]) -> Duration {
    until(subscription, &format!("{wanted:?}"), |state| state.error().is_none() && addresses(state) == wanted).await
}

/// Waits until the source is known to fail; the time it took.
async fn until_failing(subscription: &mut Subscription) -> Duration {
    until(subscription, "a failure", |state| state.error().is_some()).await
}

/// Waits until it was announced more than so many times; how many it is, and the time it took.
async fn announced_after(registration: &Registration, times: u64) -> (u64, Duration) {
    let start = Instant::now();
    let mut standing = registration.watch();
    let mut now = times;
    let again = |standing: &Standing| match standing {
        Standing::Registered { times: so_far, .. } if *so_far > times => {
            now = *so_far;
            true
        }
        _ => false,
    };
    let announced = timeout(PATIENCE, standing.wait_for(again)).await.expect("announced in time").is_ok();
    assert!(announced, "{registration:?}");
    (now, start.elapsed())
}
