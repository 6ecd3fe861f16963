use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kit_core::Observer;
use kit_core::sources::{Random, ThreadRandom};
use tokio::time::Instant;

use super::super::shared::{Around, Shared};
use super::super::strategy::nanos;
use super::super::{Event, Handle, State, Status};
use super::{Config, KeyGate, KeyedLayer};
use crate::config::ConfigError;
use crate::tell::Tell;

/// What a breaker may be kept for. Its text is the breaker's name in events.
pub trait Key: Hash + Eq + Clone + fmt::Display + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + fmt::Display + Send + Sync + 'static> Key for K {}

/// A breaker for each key, made when the key is first called, and a bound on how many. Clones are one registry.
///
/// A breaker that is made while there are as many as may be takes the place of others: an eighth of all, of those that are closed, the
/// least recently called first; of them go also all that were idle for longer than they may. One that is open or half-open, or that a person
/// holds, goes only if none is closed, one at a time, the least recently called first and those that a person holds last. A call that is
/// running on a breaker that goes ends as it would, and counts for nothing.
pub struct Registry<K>(Arc<Inner<K>>);

struct Inner<K> {
    breakers: RwLock<HashMap<K, Entry>>,
    /// Held while breakers are made or set, so that none misses its settings.
    config: Mutex<Config>,
    around: Mutex<Around>,
    made: Instant,
    swept: AtomicU64,
    /// Breakers made and let go.
    changes: AtomicU64,
}

struct Entry {
    shared: Arc<Shared>,
    /// Nanoseconds since the registry was made.
    called: AtomicU64,
}

impl<K: Key> Registry<K> {
    /// An empty registry.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Inner {
            breakers: RwLock::default(),
            config: Mutex::new(config.check()?),
            around: Mutex::new(Around { name: None, tell: Tell::default(), random: Arc::new(ThreadRandom) }),
            made: Instant::now(),
            swept: AtomicU64::new(0),
            changes: AtomicU64::new(0),
        })))
    }

    /// Tells of every change and refusal of the breakers that are made after this, under the names of their keys.
    #[must_use]
    pub fn observe(self, observer: impl Observer<Event> + 'static) -> Self {
        lock(&self.0.around).tell = Tell::new(observer);
        self
    }

    /// Where the jitter of open times comes from, for the breakers that are made after this. Default [`ThreadRandom`].
    #[must_use]
    pub fn random(self, random: impl Random + 'static) -> Self {
        lock(&self.0.around).random = Arc::new(random);
        self
    }

    /// Wraps endpoints so that the breaker of the key is asked, which `key` says ([`KeyOf`](super::KeyOf)); a call without a key asks
    /// none.
    pub fn layer<F>(&self, key: F) -> KeyedLayer<K, F> {
        KeyedLayer::new(self.clone(), key)
    }

    /// The breaker of this key, if there is one. Asking is no call.
    pub fn get(&self, key: &K) -> Option<Handle> {
        self.shared(key).map(Handle::new)
    }

    /// The breaker of this key, made if there is none; it counts as called now. For who sets it by hand: while a handle is kept, the
    /// registry may let its breaker go and make another.
    pub fn get_or_make(&self, key: &K) -> Handle {
        Handle::new(self.called(key, Instant::now()))
    }

    /// What a balancer asks of this key: its breaker, whichever that is by then; open if there is none.
    pub fn gate(&self, key: K) -> KeyGate<K> {
        KeyGate::new(self.clone(), key)
    }

    /// Lets the breaker of this key go: the instance is gone. Whether there was one.
    pub fn remove(&self, key: &K) -> bool {
        self.write(|breakers| breakers.remove(key)).is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read(HashMap::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How each stands, in no order.
    pub fn statuses(&self) -> Vec<(K, Status)> {
        self.read(|breakers| {
            let all = breakers.iter().map(|(key, entry)| (key.clone(), *entry.shared.status().borrow()));
            all.collect()
        })
    }

    /// The settings it goes by.
    pub fn config(&self) -> Config {
        *lock(&self.0.config)
    }

    /// Goes by other settings from now on, and with it every breaker; their counts are kept, and open ones stay open. A smaller `max`
    /// takes effect when a breaker is made.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range; nothing has changed then.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        let config = config.check()?;
        let mut current = lock(&self.0.config);
        *current = config;
        self.read(|breakers| breakers.values().try_for_each(|entry| entry.shared.set(config.breaker)))
    }

    /// How often a breaker was made or let go.
    pub(super) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    pub(super) fn shared(&self, key: &K) -> Option<Arc<Shared>> {
        self.read(|breakers| breakers.get(key).map(|entry| Arc::clone(&entry.shared)))
    }

    /// The breaker that a call of this key goes through.
    pub(super) fn called(&self, key: &K, now: Instant) -> Arc<Shared> {
        let at = nanos(now.saturating_duration_since(self.0.made));
        let known = self.read(|breakers| {
            let entry = breakers.get(key)?;
            entry.called.fetch_max(at, Ordering::Relaxed);
            Some(Arc::clone(&entry.shared))
        });
        known.unwrap_or_else(|| self.make(key, at))
    }

    #[cold]
    fn make(&self, key: &K, at: u64) -> Arc<Shared> {
        let config = lock(&self.0.config);
        let mut around = lock(&self.0.around).clone();
        around.name = Some(Arc::from(key.to_string()));
        let mut gone = Vec::new();
        let shared = self.write(|breakers| {
            if let Some(entry) = breakers.get(key) {
                return Arc::clone(&entry.shared);
            }
            gone = self.make_room(breakers, &config, at);
            let shared = Arc::new(Shared::new(config.breaker, None, around));
            breakers.insert(key.clone(), Entry { shared: Arc::clone(&shared), called: AtomicU64::new(at) });
            shared
        });
        // Outside the lock: their watchers wake up.
        drop(gone);
        shared
    }

    fn make_room(&self, breakers: &mut HashMap<K, Entry>, config: &Config, at: u64) -> Vec<Entry> {
        let idle = nanos(config.idle);
        let (full, swept) = (breakers.len() >= config.max, self.0.swept.load(Ordering::Relaxed));
        // One sweep in each idle time: making a breaker is not to read all the others.
        if !full && at.saturating_sub(swept) < idle {
            return Vec::new();
        }
        self.0.swept.store(at, Ordering::Relaxed);
        let is_idle = |entry: &mut Entry| {
            at.saturating_sub(entry.called.load(Ordering::Relaxed)) >= idle && rank(entry) == Rank::Closed
        };
        let mut gone: Vec<Entry> = breakers.extract_if(|_, entry| is_idle(entry)).map(|(_, entry)| entry).collect();
        if breakers.len() < config.max {
            return gone;
        }
        let mut order: Vec<_> = breakers
            .iter()
            .map(|(key, entry)| (rank(entry), entry.called.load(Ordering::Relaxed), key.clone()))
            .collect();
        order.sort_by_key(|(rank, called, _)| (*rank, *called));
        let closed = order.iter().take_while(|(rank, ..)| *rank == Rank::Closed).count();
        let must = breakers.len() + 1 - config.max;
        let go = closed.min(config.max / 8).max(must);
        gone.extend(order.iter().take(go).filter_map(|(.., key)| breakers.remove(key)));
        gone
    }

    fn read<R>(&self, read: impl FnOnce(&HashMap<K, Entry>) -> R) -> R {
        read(&self.0.breakers.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<R>(&self, write: impl FnOnce(&mut HashMap<K, Entry>) -> R) -> R {
        let mut breakers = self.0.breakers.write().unwrap_or_else(PoisonError::into_inner);
        let written = write(&mut breakers);
        // Whoever sees the new number waits for what was written.
        self.0.changes.fetch_add(1, Ordering::Release);
        written
    }
}

/// Who goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Closed,
    Open,
    Held,
}

fn rank(entry: &Entry) -> Rank {
    match entry.shared.read().0.state() {
        State::Closed => Rank::Closed,
        State::Open | State::HalfOpen => Rank::Open,
        State::ForcedOpen | State::ForcedClosed | State::Disabled => Rank::Held,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K> Clone for Registry<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> fmt::Debug for Registry<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.breakers.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Registry").field("len", &len).field("config", &*lock(&self.0.config)).finish()
    }
}
