use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kit_core::{Context, Endpoint, Error};
use tokio::time::Instant;

use super::Event;
use super::layer::State;
use crate::attempt::{is_repeatable, merge};
use crate::budget::Budget;
use crate::hedge::race::{Plan, race};
use crate::tell::Tell;

/// Calls an endpoint several times at once, as its [layer](super::ReplicateLayer) says.
///
/// # Cancel safety
/// Dropping the call drops all copies, and tells what they spawned.
#[derive(Clone, Debug)]
pub struct Replicating<E> {
    inner: E,
    state: Arc<State>,
    shared: Option<Budget>,
    tell: Tell<Event>,
}

impl<E> Replicating<E> {
    pub(super) fn new(inner: E, state: Arc<State>, shared: Option<Budget>, tell: Tell<Event>) -> Self {
        Self { inner, state, shared, tell }
    }
}

impl<E, Req> Endpoint<Req> for Replicating<E>
where
    E: Endpoint<Req>,
    Req: Clone + Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let attempts = self.state.config.load().copies;
        let counted = self.state.counters.admit();
        if !is_repeatable(cx) {
            let result = self.inner.call(cx, request).await;
            counted.close(cx, &result, ());
            return result;
        }
        self.state.budget.call(cx.now());
        let method = cx.method();
        let may_send = |copies: u32, now: Instant| {
            let has = |budget: &Budget| budget.spend(now, 1);
            let may = has(&self.state.budget) && self.shared.as_ref().is_none_or(has);
            if may {
                self.state.sent.fetch_add(1, Ordering::Relaxed);
            } else {
                self.state.spent.fetch_add(1, Ordering::Relaxed);
                self.tell.tell(|| Event::Spent { method, copies });
            }
            may
        };
        let raced = race(&self.inner, cx, request, Plan { attempts, delay: Duration::ZERO }, may_send).await;
        merge(cx, raced.attempt);
        counted.close(cx, &raced.result, ());
        raced.result
    }
}
