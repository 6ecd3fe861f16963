use std::fmt;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use kit_core::{Gate, GateState};
use tokio::time::Instant;

use super::super::Handle;
use super::super::shared::Shared;
use super::{Key, Registry};

/// What a balancer asks of one key of a [`Registry`].
///
/// It remembers which breaker that was, until the registry makes one or lets one go: who asks on every call takes no lock.
pub struct KeyGate<K> {
    registry: Registry<K>,
    key: K,
    seen: ArcSwapOption<Seen>,
}

/// The breaker of the key after so many changes of the registry.
struct Seen {
    changes: u64,
    /// Not kept alive: who watches a breaker that has gone is told.
    breaker: Option<Weak<Shared>>,
}

impl<K> KeyGate<K> {
    pub(super) fn new(registry: Registry<K>, key: K) -> Self {
        Self { registry, key, seen: ArcSwapOption::empty() }
    }
}

impl<K: Key> KeyGate<K> {
    #[cold]
    fn look(&self) -> Option<Arc<Shared>> {
        // Read before: what changes meanwhile is looked at again.
        let changes = self.registry.changes();
        let breaker = self.registry.shared(&self.key);
        let seen = Seen { changes, breaker: breaker.as_ref().map(Arc::downgrade) };
        self.seen.store(Some(Arc::new(seen)));
        breaker
    }
}

/// Open while the key has no breaker: it was never called, or not for long.
impl<K: Key> Gate for KeyGate<K> {
    fn state(&self, now: Instant) -> GateState {
        let breaker = match &*self.seen.load() {
            Some(seen) if seen.changes == self.registry.changes() => match &seen.breaker {
                None => return GateState::Open,
                Some(breaker) => breaker.upgrade(),
            },
            _ => None,
        };
        let breaker = breaker.or_else(|| self.look()).map(Handle::new);
        breaker.map_or(GateState::Open, |breaker| Gate::state(&breaker, now))
    }
}

/// Of the same key of the same registry.
impl<K: Clone> Clone for KeyGate<K> {
    fn clone(&self) -> Self {
        Self::new(self.registry.clone(), self.key.clone())
    }
}

impl<K: fmt::Debug> fmt::Debug for KeyGate<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyGate").field("key", &self.key).field("registry", &self.registry).finish_non_exhaustive()
    }
}
