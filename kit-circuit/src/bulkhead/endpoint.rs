use std::sync::Arc;

use kit_core::{Context, Endpoint, Error};
use tokio::time::{Instant, timeout_at};

use super::places::{Place, Places};
use super::{Event, Full};
use crate::counts::Counters;
use crate::tell::Tell;

/// Lets a call run when there is a place for it, makes it wait for one, or refuses it with [`Full`].
///
/// # Panics
/// If the call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call gives its place, or its room in the queue, back at once, and drops the inner call.
#[derive(Clone, Debug)]
pub struct Bulkhead<E> {
    inner: E,
    places: Arc<Places>,
    tell: Tell<Event>,
}

impl<E> Bulkhead<E> {
    pub(super) fn new(inner: E, places: Arc<Places>, tell: Tell<Event>) -> Self {
        Self { inner, places, tell }
    }

    /// Waits for a place, within the bounds of the queue and the caller's time.
    async fn queue(&self, cx: &mut Context) -> Result<Place, Error> {
        let config = **self.places.config.load();
        let outside = Outside(&self.places.counters);
        let waiting = match self.places.queue(config.queue) {
            Ok(waiting) => waiting,
            Err(waiting) => return Err(self.refuse(Full::Queue { max: config.max, waiting })),
        };
        let began = cx.now();
        let longest = config.max_wait.and_then(|wait| began.checked_add(wait));
        let place = match until(cx.deadline(), longest) {
            Some(until) if until <= began => None,
            Some(until) => timeout_at(until, self.places.wait()).await.ok(),
            None => Some(self.places.wait().await),
        };
        drop(waiting);
        let waited = cx.stamp().saturating_duration_since(began);
        let late = cx.remaining().is_some_and(|left| left.is_zero());
        match place {
            Some(place) if !late => {
                outside.enter();
                Ok(place)
            }
            _ if late => Err(self.refuse(Full::Deadline { waited })),
            _ => Err(self.refuse(Full::Wait { waited })),
        }
    }

    #[cold]
    fn refuse(&self, full: Full) -> Error {
        self.tell.tell(|| Event::Refused(full));
        full.into_error()
    }
}

impl<E, Req> Endpoint<Req> for Bulkhead<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let place = match self.places.take() {
            Some(place) => place,
            None => self.queue(cx).await?,
        };
        let call = self.places.counters.admit();
        let result = self.inner.call(cx, request).await;
        call.close(cx, &result, place);
        result
    }
}

/// A call that has no place yet: refused, unless it enters.
struct Outside<'a>(&'a Counters);

impl Outside<'_> {
    fn enter(self) {
        std::mem::forget(self);
    }
}

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        self.0.refuse();
    }
}

fn until(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
