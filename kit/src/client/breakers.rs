use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit_circuit::breaker::registry::{KeyGate, Registry};
use kit_core::{Gate, GateState, Instance};
use tokio::time::Instant;

/// A breaker for each instance, as long as anybody may call it.
#[derive(Clone, Debug)]
pub(super) struct Breakers {
    registry: Registry<Arc<str>>,
    /// How many gates there are to an id: more than one while an instance that has moved drains where it was.
    gates: Arc<Mutex<HashMap<Arc<str>, usize>>>,
}

impl Breakers {
    pub(super) fn new(registry: Registry<Arc<str>>) -> Self {
        Self { registry, gates: Arc::default() }
    }

    pub(super) fn registry(&self) -> &Registry<Arc<str>> {
        &self.registry
    }

    /// What is asked before `instance` is picked. It is new: what was counted of another of its id says nothing of it.
    pub(super) fn gate(&self, instance: &Instance) -> Arc<dyn Gate> {
        let id = Arc::clone(&instance.id);
        *self.gates().entry(Arc::clone(&id)).or_default() += 1;
        self.registry.remove(&id);
        Arc::new(InstanceGate { gate: self.registry.gate(Arc::clone(&id)), id, breakers: self.clone() })
    }

    fn gates(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The gate of a breaker, which goes with the last gate of its id.
struct InstanceGate {
    gate: KeyGate<Arc<str>>,
    id: Arc<str>,
    breakers: Breakers,
}

impl Gate for InstanceGate {
    fn state(&self, now: Instant) -> GateState {
        self.gate.state(now)
    }
}

impl Drop for InstanceGate {
    fn drop(&mut self) {
        let mut gates = self.breakers.gates();
        let left = gates.get_mut(&self.id).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            gates.remove(&self.id);
            self.breakers.registry.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breakers() -> Breakers {
        Breakers::new(Registry::new(Default::default()).unwrap())
    }

    #[tokio::test]
    async fn a_breaker_goes_with_its_instance_and_not_with_one_that_has_moved() {
        let breakers = breakers();
        let instance = Instance::new("a:1");
        let here = breakers.gate(&instance);
        let handle = breakers.registry().get_or_make(&instance.id);
        handle.force(kit_circuit::breaker::Mode::ForcedOpen);
        assert!(!here.admits(Instant::now()));

        // The same id elsewhere: it begins anew, and the end of the first leaves its breaker alone.
        let there = breakers.gate(&instance);
        assert!(there.admits(Instant::now()));
        breakers.registry().get_or_make(&instance.id).force(kit_circuit::breaker::Mode::ForcedOpen);
        drop(here);
        assert!(!there.admits(Instant::now()));
        drop(there);
        assert!(breakers.registry().is_empty() && breakers.gates().is_empty());
    }
}
