use kit_core::{Gate, GateState};
use tokio::time::Instant;

use super::{Key, Registry};

/// What a balancer asks of one key of a [`Registry`].
#[derive(Clone, Debug)]
pub struct KeyGate<K> {
    registry: Registry<K>,
    key: K,
}

impl<K> KeyGate<K> {
    pub(super) fn new(registry: Registry<K>, key: K) -> Self {
        Self { registry, key }
    }
}

/// Open while the key has no breaker: it was never called, or not for long.
impl<K: Key> Gate for KeyGate<K> {
    fn state(&self, now: Instant) -> GateState {
        self.registry.get(&self.key).map_or(GateState::Open, |breaker| Gate::state(&breaker, now))
    }
}
