//! What one layer's endpoints share: entries, settings, counts, and the refreshes that are under way.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::task::Owned;
use kit_core::{Code, Context, Error, Outcome};
use tokio::time::Instant;

use super::Config;
use super::store::{Epoch, Store};
use crate::config::ConfigError;
use crate::counts::Counters;
use crate::live::Live;

/// No process lives longer: what is to be kept for ever is kept so long.
const LIFETIME: Duration = Duration::from_secs(30 * 365 * 86_400);

/// An answer that is kept.
#[derive(Debug)]
pub(super) struct Entry<R> {
    pub(super) answer: Result<R, Error>,
    asked: Instant,
    fresh_until: Instant,
}

impl<R> Entry<R> {
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now < self.fresh_until
    }

    /// A success, and no longer past its time than `bound`.
    pub(super) fn is_stale_within(&self, bound: Option<Duration>, now: Instant) -> bool {
        let past = now.saturating_duration_since(self.fresh_until);
        self.answer.is_ok() && bound.is_some_and(|bound| past < bound)
    }

    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.asked)
    }
}

pub(super) struct State<K, R> {
    pub(super) config: Live<Config>,
    pub(super) store: Store<K, Entry<R>>,
    pub(super) calls: Arc<Counters>,
    pub(super) refreshed: Arc<Counters>,
    pub(super) hits: Hits,
    refreshes: Mutex<Refreshes<K>>,
}

/// What is being fetched in the place of stale answers, and who does it.
struct Refreshes<K> {
    keys: HashSet<K>,
    tasks: HashMap<u64, Owned<()>>,
    next: u64,
}

/// How look-ups ended.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) fresh: AtomicU64,
    pub(super) negative: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) rescued: AtomicU64,
    pub(super) bypassed: AtomicU64,
    pub(super) outrun: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl<K, R> State<K, R>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        Ok(Self {
            store: Store::new(config.max_entries),
            config: Live::new(config),
            calls: Arc::default(),
            refreshed: Arc::default(),
            hits: Hits::default(),
            refreshes: Mutex::new(Refreshes { keys: HashSet::new(), tasks: HashMap::new(), next: 0 }),
        })
    }

    pub(super) fn set(&self, config: Config) -> Result<(), ConfigError> {
        let config = config.check()?;
        self.store.resize(config.max_entries);
        self.config.set(config);
        Ok(())
    }

    /// Keeps an answer, if it is one to keep. It was asked for at `asked`, in `epoch`.
    pub(super) fn keep(
        &self,
        cx: &Context,
        key: K,
        result: &Result<R, Error>,
        asked: (Instant, Epoch),
        random: &dyn Random,
    ) {
        let config = **self.config.load();
        let ttl = match result {
            Ok(_) if cx.stream().is_none() && cx.outcome_of(result) == Outcome::Success => Some(config.ttl),
            Err(error) if error.code() == Code::NotFound => config.negative_ttl,
            _ => None,
        };
        let Some(ttl) = ttl else { return };
        let (asked, epoch) = asked;
        let ttl = ttl.min(LIFETIME);
        let fresh_until = asked + (ttl - random.jitter(ttl.mul_f64(config.jitter)));
        if !self.store.put(key, Entry { answer: result.clone(), asked, fresh_until }, epoch) {
            count(&self.hits.outrun);
        }
    }

    /// Spawns what `refresh` makes for those of these keys that none is under way for, if there is room for one more.
    pub(super) fn refresh<F>(self: &Arc<Self>, keys: Vec<K>, refresh: impl FnOnce(Vec<K>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut refreshes = self.lock();
        let due: Vec<K> = keys.into_iter().filter(|key| !refreshes.keys.contains(key)).collect();
        if due.is_empty() || refreshes.tasks.len() >= self.config.load().refreshes {
            return;
        }
        let number = refreshes.next;
        refreshes.next += 1;
        refreshes.keys.extend(due.iter().cloned());
        let (weak, done) = (Arc::downgrade(self), due.clone());
        let refresh = refresh(due);
        // It holds no state alive: when the last endpoint and handle are gone, so are the refreshes.
        let task = Owned::spawn(async move {
            refresh.await;
            if let Some(state) = weak.upgrade() {
                let mut refreshes = state.lock();
                for key in &done {
                    refreshes.keys.remove(key);
                }
                refreshes.tasks.remove(&number);
            }
        });
        refreshes.tasks.insert(number, task);
    }

    pub(super) fn refreshing(&self) -> usize {
        self.lock().tasks.len()
    }
}

impl<K, R> State<K, R> {
    fn lock(&self) -> MutexGuard<'_, Refreshes<K>> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
