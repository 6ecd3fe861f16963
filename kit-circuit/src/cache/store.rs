//! The entries, and who may fill them.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, UnitWeighter};

/// Entries of a bounded number, the least asked for gone first.
///
/// A fill is bound to the *epoch* it began in: what removes a key begins a new one, and an answer that was on its way is
/// then not kept. Keys share epochs by their hash; one that loses its fill to another's removal is merely asked for once
/// more.
pub(crate) struct Store<K, V> {
    entries: Cache<K, Arc<V>, UnitWeighter, RandomState, Evictions>,
    epochs: Box<[AtomicU64; STRIPES]>,
    hasher: RandomState,
    evicted: Evictions,
}

const STRIPES: usize = 64;

/// The time in which a fill began, for its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    stripe: usize,
    number: u64,
}

impl<K: Hash + Eq, V> Store<K, V> {
    pub(crate) fn new(max_entries: usize) -> Self {
        let (hasher, evicted) = (RandomState::new(), Evictions::default());
        Self {
            entries: Cache::with(max_entries, max_entries as u64, UnitWeighter, hasher.clone(), evicted.clone()),
            epochs: Box::new([const { AtomicU64::new(0) }; STRIPES]),
            hasher,
            evicted,
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.entries.get(key)
    }

    /// To be asked before an answer is.
    pub(crate) fn epoch(&self, key: &K) -> Epoch {
        let stripe = (self.hasher.hash_one(key) % STRIPES as u64) as usize;
        Epoch { stripe, number: self.number(stripe) }
    }

    fn number(&self, stripe: usize) -> u64 {
        self.epochs[stripe].load(Ordering::SeqCst)
    }

    /// Keeps what was asked for in `epoch`, unless something was removed since. Says whether it did.
    pub(crate) fn put(&self, key: K, value: V, epoch: Epoch) -> bool
    where
        K: Clone,
    {
        let over = || self.number(epoch.stripe) != epoch.number;
        if over() {
            return false;
        }
        let value = Arc::new(value);
        self.entries.insert(key.clone(), Arc::clone(&value));
        if over() {
            // The removal came in between, and may have found nothing.
            self.entries.remove_if(&key, |kept| Arc::ptr_eq(kept, &value));
            return false;
        }
        true
    }

    pub(crate) fn remove(&self, key: &K) {
        let stripe = self.epoch(key).stripe;
        self.epochs[stripe].fetch_add(1, Ordering::SeqCst);
        self.entries.remove(key);
    }

    pub(crate) fn clear(&self) {
        for epoch in &*self.epochs {
            epoch.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.clear();
    }

    pub(crate) fn resize(&self, max_entries: usize) {
        self.entries.set_capacity(max_entries as u64);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many entries had to make room.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.0.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Debug, Default)]
struct Evictions(Arc<AtomicU64>);

impl<K, V> Lifecycle<K, V> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _key: K, _value: V) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_before_a_removal_is_not_kept_after_it() {
        let store = Store::new(10);
        let before = store.epoch(&7);
        store.remove(&7);
        assert!(!store.put(7, "old", before));
        assert!(store.get(&7).is_none());
        assert!(store.put(7, "new", store.epoch(&7)));
        let before = store.epoch(&7);
        store.clear();
        assert!(!store.put(7, "old", before));
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn removals_beside_fills_on_another_thread_leave_no_old_value() {
        let store = Store::new(10);
        for _ in 0..2_000 {
            let before = store.epoch(&7);
            std::thread::scope(|scope| {
                scope.spawn(|| store.put(7, "old", before));
                store.remove(&7);
            });
            assert!(store.get(&7).is_none());
        }
    }

    #[test]
    fn a_full_store_makes_room_and_counts_it() {
        let store = Store::new(64);
        for key in 0..1_000_u64 {
            store.put(key, key, store.epoch(&key));
        }
        assert!(store.len() <= 64);
        assert_eq!(store.evicted(), 1_000 - store.len() as u64);
        store.resize(8);
        assert!(store.len() <= 8);
        store.resize(100);
        for key in 0..1_000_u64 {
            store.put(key, key, store.epoch(&key));
        }
        assert!((9..=100).contains(&store.len()), "{}", store.len());
    }
}
