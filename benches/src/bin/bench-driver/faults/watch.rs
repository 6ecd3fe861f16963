//! What discovery says, and when: seen by a watcher of the run's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::discovery::{Instancer, Spec, State, Subscription};
use kit::task::Owned;
use kit::{Error, Instance};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::instance::NAME;
use crate::service::SERVICE;

/// One state of discovery.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    /// When it was published, in nanoseconds of the run's clock.
    pub(super) at: u64,
    /// Who is in the set.
    pub(super) names: Vec<String>,
    pub(super) failing: bool,
}

pub(super) struct Watch {
    subscription: Subscription,
    seen: Arc<Mutex<Vec<Sighting>>>,
    _instancer: Box<dyn Instancer>,
    _task: Owned<()>,
}

impl Watch {
    pub(super) fn start(spec: &str, clock: Clock) -> Result<Self, Error> {
        let spec: Spec = spec.parse()?;
        let instancer = spec.start(SERVICE, ())?;
        let subscription = instancer.subscribe();
        let mut following = subscription.clone();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sightings = Arc::clone(&seen);
        let task = Owned::spawn(async move {
            while let Ok(state) = following.changed().await {
                let sighting = Sighting { at: clock.now(), names: names(&state), failing: state.error().is_some() };
                sightings.lock().unwrap_or_else(PoisonError::into_inner).push(sighting);
            }
        });
        Ok(Self { subscription, seen, _instancer: instancer, _task: task })
    }

    pub(super) fn sightings(&self) -> Vec<Sighting> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How old the set may be now.
    pub(super) fn age(&self) -> Duration {
        self.subscription.state().age(Instant::now())
    }

    /// Who is there now.
    pub(super) fn names(&self) -> Vec<String> {
        self.sightings().pop().map_or_else(Vec::new, |sighting| sighting.names)
    }
}

fn names(state: &State) -> Vec<String> {
    let name = |instance: &Arc<Instance>| instance.metadata.get(NAME).unwrap_or(&instance.id).to_string();
    let mut names: Vec<String> = state.instances().map_or_else(Vec::new, |set| set.iter().map(name).collect());
    names.sort();
    names
}
