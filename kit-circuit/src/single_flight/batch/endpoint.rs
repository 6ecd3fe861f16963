use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::TryFutureExt as _;
use futures_util::future::join_all;
use kit_core::{Context, Endpoint, Error};

use super::super::Event;
use super::super::endpoint::fly;
use super::super::layer::Common;
use super::layer::Rows;
use crate::tell::Tell;
use crate::timeout::wait_until;

/// Answers the keys of a batch in their order; `None` for those that the inner endpoint did not find.
///
/// # Errors
/// Of the flights that the keys needed, the first that failed; `DeadlineExceeded` with the cause
/// [`Elapsed`](crate::timeout::Elapsed) when a flight's limit or the caller's own deadline has passed.
///
/// # Panics
/// If the call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping a call leaves its flights to the others who wait for them; the last one's drop cancels them.
pub struct BatchFlight<E, K, V> {
    inner: Arc<Shared<E>>,
    shared: Arc<Common<K, Rows<K, V>>>,
    tell: Tell<Event>,
}

impl<E, K, V> BatchFlight<E, K, V> {
    pub(super) fn new(inner: E, shared: Arc<Common<K, Rows<K, V>>>, tell: Tell<Event>) -> Self {
        Self { inner: Arc::new(Shared(inner)), shared, tell }
    }
}

impl<E, K, V> Endpoint<Vec<K>> for BatchFlight<E, K, V>
where
    E: Endpoint<Vec<K>, Response = HashMap<K, V>> + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    type Response = Vec<Option<V>>;

    async fn call(&self, cx: &mut Context, keys: Vec<K>) -> Result<Vec<Option<V>>, Error> {
        let call = self.shared.calls.admit();
        let distinct: HashSet<K> = keys.iter().cloned().collect();
        let (flights, joined) = self.shared.flights.join_all(distinct, |missing| {
            fly(&self.inner, cx, missing, self.shared.config.load().limit, &self.shared.flown, &self.tell)
        });
        self.shared.joined.fetch_add(joined as u64, Ordering::Relaxed);
        let result = wait_until(cx, join_all(flights)).await.and_then(|landed| {
            let rows: Vec<_> = landed.into_iter().map(|one| one.hand_to(cx)).collect::<Result<_, _>>()?;
            Ok(keys.iter().map(|key| rows.iter().find_map(|some| some.get(key).cloned())).collect())
        });
        call.close(cx, &result, ());
        result
    }
}

impl<E: fmt::Debug, K, V> fmt::Debug for BatchFlight<E, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchFlight").field("inner", &self.inner.0).finish_non_exhaustive()
    }
}

/// Its answers, shared: each who waits would copy the whole map.
struct Shared<E>(E);

impl<E, Req> Endpoint<Req> for Shared<E>
where
    E: Endpoint<Req>,
    E::Response: Sync,
    Req: Send,
{
    type Response = Arc<E::Response>;

    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<Self::Response, Error>> + Send {
        self.0.call(cx, request).map_ok(Arc::new)
    }
}
