use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use kit_core::recover::RecoverLayer;
use kit_core::sources::Random;
use kit_core::{Context, Endpoint, Error, Layer as _, Outcome};

use super::state::{Entry, State, count};
use super::{Event, Stale};
use crate::tell::Tell;
use crate::timeout::call_until;

/// Answers from memory, or calls and keeps the answer.
///
/// # Errors
/// Those of the inner endpoint; `NotFound` may be a remembered one.
///
/// # Panics
/// Outside a tokio runtime, when it is to begin a refresh: with
/// [`stale_while_refresh`](super::Config::stale_while_refresh) alone.
///
/// # Cancel safety
/// Dropping the call drops the inner call, and nothing is kept of it. A refresh that it has begun goes on: it belongs to
/// the cache, and ends with the last of its endpoints and handles.
pub struct Cache<E, K, R, F> {
    inner: Arc<E>,
    state: Arc<State<K, R>>,
    key: Arc<F>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
}

impl<E, K, R, F> Cache<E, K, R, F> {
    pub(super) fn new(
        inner: E,
        state: Arc<State<K, R>>,
        key: Arc<F>,
        random: Arc<dyn Random>,
        tell: Tell<Event>,
    ) -> Self {
        Self { inner: Arc::new(inner), state, key, random, tell }
    }
}

impl<E, Req, K, R, F> Endpoint<Req> for Cache<E, K, R, F>
where
    E: Endpoint<Req, Response = R> + 'static,
    Req: Send + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync + 'static,
{
    type Response = R;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<R, Error> {
        let state = &*self.state;
        let Some(key) = (self.key)(cx, &request) else {
            count(&state.hits.bypassed);
            let call = state.calls.admit();
            let result = self.inner.call(cx, request).await;
            call.close(cx, &result, ());
            return result;
        };
        let now = cx.now();
        let entry = state.store.get(&key);
        if let Some(entry) = &entry {
            if entry.is_fresh(now) {
                count(if entry.answer.is_ok() { &state.hits.fresh } else { &state.hits.negative });
                return entry.answer.clone();
            }
            let config = state.config.load();
            if entry.is_stale_within(config.stale_while_refresh, now) {
                count(&state.hits.stale);
                self.state.refresh(vec![key.clone()], |_| self.fetch(cx, &key, request));
                self.tell.tell(|| Event::Stale { age: entry.age(now) });
                return serve_stale(cx, entry);
            }
        }
        count(&state.hits.missed);
        let asked = (now, state.store.epoch(&key));
        let call = state.calls.admit();
        let result = self.inner.call(cx, request).await;
        call.close(cx, &result, ());
        let outcome = cx.outcome_of(&result);
        match entry {
            Some(entry) if may_be_rescued(outcome) && self.outlives(cx, &entry) => {
                count(&state.hits.rescued);
                self.tell.tell(|| Event::Rescued { age: entry.age(cx.now()), outcome, error: result.err() });
                serve_stale(cx, &entry)
            }
            _ => {
                state.keep(cx, key, &result, asked, &*self.random);
                result
            }
        }
    }
}

impl<E, K, R, F> Cache<E, K, R, F>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
    F: 'static,
{
    /// A call for a new answer, beside that of the caller who got the old one.
    fn fetch<Req>(
        &self,
        cx: &mut Context,
        key: &K,
        request: Req,
    ) -> impl Future<Output = ()> + Send + use<E, K, R, F, Req>
    where
        E: Endpoint<Req, Response = R> + 'static,
        Req: Send + 'static,
    {
        let inner = RecoverLayer::new().layer(Arc::clone(&self.inner));
        let (refreshed, state) = (Arc::clone(&self.state.refreshed), Arc::downgrade(&self.state));
        let (key, random, tell) = (key.clone(), Arc::clone(&self.random), self.tell.clone());
        let fork = cx.fork();
        let latest = fork.now().checked_add(self.state.config.load().refresh_limit);
        let asked = (fork.now(), self.state.store.epoch(&key));
        let mut cx = fork.with_deadline(latest);
        async move {
            let call = refreshed.admit();
            let result = call_until(&inner, &mut cx, latest, request).await;
            call.close(&cx, &result, ());
            if let Some(state) = state.upgrade() {
                state.keep(&cx, key, &result, asked, &*random);
            }
            cx.finish();
            if let Err(error) = result
                && error.outcome() != Outcome::BusinessError
            {
                tell.tell(|| Event::RefreshFailed(error));
            }
        }
    }

    /// Whether, now that the call has failed, the old answer may still be served.
    fn outlives(&self, cx: &mut Context, entry: &Entry<R>) -> bool {
        entry.is_stale_within(self.state.config.load().stale_on_error, cx.end())
    }
}

impl<E: fmt::Debug, K, R, F> fmt::Debug for Cache<E, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[cold]
fn serve_stale<R: Clone>(cx: &mut Context, entry: &Entry<R>) -> Result<R, Error> {
    let age = entry.age(cx.now());
    cx.extensions_mut().insert(Stale::new(age));
    // A failed call may have said otherwise.
    cx.set_outcome(Outcome::Success);
    entry.answer.clone()
}

/// Failures, and refusals by a breaker or a limit; a business error is the answer.
pub(super) fn may_be_rescued(outcome: Outcome) -> bool {
    outcome.is_failure() || outcome == Outcome::Rejected
}
