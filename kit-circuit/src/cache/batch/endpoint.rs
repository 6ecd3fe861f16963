use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use kit_core::recover::RecoverLayer;
use kit_core::sources::Random;
use kit_core::{Code, Context, Endpoint, Error, Layer as _, Outcome};
use tokio::time::Instant;

use super::super::endpoint::may_be_rescued;
use super::super::state::{Entry, State, count};
use super::super::store::Epoch;
use super::super::{Event, Stale};
use crate::tell::Tell;
use crate::timeout::call_until;

/// Answers the keys of a batch from memory, and calls for the others.
///
/// # Errors
/// Those of the inner endpoint, where a key was not in memory. A bug, if that did not answer as many keys as it was asked.
///
/// # Panics
/// Outside a tokio runtime, when it is to begin a refresh: with
/// [`stale_while_refresh`](super::super::Config::stale_while_refresh) alone.
///
/// # Cancel safety
/// Dropping the call drops the inner call, and nothing is kept of it. A refresh that it has begun goes on.
pub struct BatchCache<E, K, V> {
    inner: Arc<E>,
    state: Arc<State<K, V>>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
}

impl<E, K, V> BatchCache<E, K, V> {
    pub(super) fn new(inner: E, state: Arc<State<K, V>>, random: Arc<dyn Random>, tell: Tell<Event>) -> Self {
        Self { inner: Arc::new(inner), state, random, tell }
    }
}

/// What memory says of a batch.
struct LookedUp<K, V> {
    rows: HashMap<K, Option<V>>,
    /// Keys whose row is past its time, and served.
    stale: Vec<K>,
    /// Keys without a row to serve.
    missing: Vec<K>,
    /// For the missing ones, what may make up for a failure.
    old: HashMap<K, Arc<Entry<V>>>,
    /// The age of the oldest stale row.
    age: Option<std::time::Duration>,
}

impl<E, K, V> BatchCache<E, K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn look_up(&self, keys: &[K], now: Instant) -> LookedUp<K, V> {
        let (hits, bound) = (&self.state.hits, self.state.config.load().stale_while_refresh);
        let mut found = LookedUp {
            rows: HashMap::with_capacity(keys.len()),
            stale: Vec::new(),
            missing: Vec::new(),
            old: HashMap::new(),
            age: None,
        };
        for key in keys {
            if found.rows.contains_key(key) {
                continue;
            }
            let entry = self.state.store.get(key);
            let row = match &entry {
                Some(entry) if entry.is_fresh(now) => {
                    count(if entry.answer.is_ok() { &hits.fresh } else { &hits.negative });
                    entry.answer.as_ref().ok().cloned()
                }
                Some(entry) if entry.is_stale_within(bound, now) => {
                    count(&hits.stale);
                    found.stale.push(key.clone());
                    found.age = found.age.max(Some(entry.age(now)));
                    entry.answer.as_ref().ok().cloned()
                }
                _ => {
                    count(&hits.missed);
                    found.missing.push(key.clone());
                    found.old.extend(entry.map(|entry| (key.clone(), entry)));
                    None
                }
            };
            found.rows.insert(key.clone(), row);
        }
        found
    }

    /// Keeps what a call for these keys found, each bound to the epoch it was asked in.
    fn keep(
        state: &State<K, V>,
        cx: &Context,
        asked: (Instant, Vec<(K, Epoch)>),
        rows: &[Option<V>],
        random: &dyn Random,
    ) {
        let (at, keys) = asked;
        for ((key, epoch), row) in keys.into_iter().zip(rows) {
            let answer = row.clone().ok_or_else(|| Error::from_code(Code::NotFound));
            state.keep(cx, key, &answer, (at, epoch), random);
        }
    }

    fn asked(state: &State<K, V>, at: Instant, keys: &[K]) -> (Instant, Vec<(K, Epoch)>) {
        (at, keys.iter().map(|key| (key.clone(), state.store.epoch(key))).collect())
    }

    /// A call for new rows, beside that of the caller who got the old ones.
    fn fetch(&self, cx: &mut Context, keys: Vec<K>) -> impl Future<Output = ()> + Send + use<E, K, V>
    where
        E: Endpoint<Vec<K>, Response = Vec<Option<V>>> + 'static,
    {
        let inner = RecoverLayer::new().layer(Arc::clone(&self.inner));
        let (refreshed, state) = (Arc::clone(&self.state.refreshed), Arc::downgrade(&self.state));
        let (random, tell) = (Arc::clone(&self.random), self.tell.clone());
        let fork = cx.fork();
        let latest = fork.now().checked_add(self.state.config.load().refresh_limit);
        let asked = Self::asked(&self.state, fork.now(), &keys);
        let mut cx = fork.with_deadline(latest);
        async move {
            let (call, number) = (refreshed.admit(), keys.len());
            let result = call_until(&inner, &mut cx, latest, keys).await.and_then(|rows| all_of(number, rows));
            call.close(&cx, &result, ());
            match (state.upgrade(), &result) {
                (Some(state), Ok(rows)) if cx.outcome_of(&result) == Outcome::Success => {
                    Self::keep(&state, &cx, asked, rows, &*random)
                }
                (_, Err(error)) => tell.tell(|| Event::RefreshFailed(error.clone())),
                _ => {}
            }
            cx.finish();
        }
    }

    /// The old rows of all these keys, if each has one that may still be served now that the call has failed.
    fn rescue(&self, found: &mut LookedUp<K, V>, now: Instant) -> bool {
        let bound = self.state.config.load().stale_on_error;
        let old = |key: &K| found.old.get(key).filter(|entry| entry.is_stale_within(bound, now));
        let Some(old) = found.missing.iter().map(old).collect::<Option<Vec<_>>>() else { return false };
        for (key, entry) in found.missing.iter().zip(old) {
            count(&self.state.hits.rescued);
            found.age = found.age.max(Some(entry.age(now)));
            found.rows.insert(key.clone(), entry.answer.as_ref().ok().cloned());
        }
        true
    }
}

impl<E, K, V> Endpoint<Vec<K>> for BatchCache<E, K, V>
where
    E: Endpoint<Vec<K>, Response = Vec<Option<V>>> + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    type Response = Vec<Option<V>>;

    async fn call(&self, cx: &mut Context, keys: Vec<K>) -> Result<Vec<Option<V>>, Error> {
        let now = cx.now();
        let mut found = self.look_up(&keys, now);
        if let Some(age) = found.age {
            self.state.refresh(std::mem::take(&mut found.stale), |due| self.fetch(cx, due));
            self.tell.tell(|| Event::Stale { age });
        }
        if !found.missing.is_empty() {
            let asked = Self::asked(&self.state, now, &found.missing);
            let call = self.state.calls.admit();
            let result = self.inner.call(cx, found.missing.clone()).await;
            let result = result.and_then(|rows| all_of(found.missing.len(), rows));
            call.close(cx, &result, ());
            let outcome = cx.outcome_of(&result);
            if may_be_rescued(outcome) && self.rescue(&mut found, cx.end()) {
                let age = found.age.unwrap_or_default();
                self.tell.tell(|| Event::Rescued { age, outcome, error: result.err() });
                // The failed call may have said otherwise.
                cx.set_outcome(Outcome::Success);
            } else {
                let rows = result?;
                if outcome == Outcome::Success {
                    Self::keep(&self.state, cx, asked, &rows, &*self.random);
                }
                found.rows.extend(found.missing.into_iter().zip(rows));
            }
        }
        if let Some(age) = found.age {
            cx.extensions_mut().insert(Stale::new(age));
        }
        Ok(keys.iter().map(|key| found.rows.get(key).cloned().flatten()).collect())
    }
}

impl<E: fmt::Debug, K, V> fmt::Debug for BatchCache<E, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchCache").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// As many rows as there were keys.
fn all_of<V>(keys: usize, rows: Vec<Option<V>>) -> Result<Vec<Option<V>>, Error> {
    if rows.len() == keys { Ok(rows) } else { Err(Error::bug(format!("{keys} keys were answered by {}", rows.len()))) }
}
