use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kit_core::{Context, Endpoint, Error, Method};
use tokio::time::Instant;

use super::layer::State;
use super::race::{Plan, race};
use super::{Config, Delay, Event};
use crate::attempt::{is_repeatable, merge};
use crate::budget::Budget;
use crate::tell::Tell;

/// Calls an endpoint again while it is slow to answer, as its [layer](super::HedgeLayer) says.
///
/// # Panics
/// If a call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call drops all attempts, and tells what they spawned.
#[derive(Clone, Debug)]
pub struct Hedging<E> {
    inner: E,
    state: Arc<State>,
    shared: Option<Budget>,
    tell: Tell<Event>,
}

impl State {
    pub(super) fn delay(&self, config: &Config) -> Option<Duration> {
        match config.delay {
            Delay::Fixed(delay) => Some(delay),
            Delay::Percentile(_) => self.latencies.percentile(),
        }
    }
}

impl<E> Hedging<E> {
    pub(super) fn new(inner: E, state: Arc<State>, shared: Option<Budget>, tell: Tell<Event>) -> Self {
        Self { inner, state, shared, tell }
    }

    /// Whether another attempt may be sent: the layer's own budget is asked first.
    fn may_send(&self, method: Option<&'static Method>, number: u32, now: Instant, after: Duration) -> bool {
        let has = |budget: &Budget| budget.spend(now, 1);
        let may = has(&self.state.budget) && self.shared.as_ref().is_none_or(has);
        let counter = if may { &self.state.sent } else { &self.state.spent };
        counter.fetch_add(1, Ordering::Relaxed);
        self.tell.tell(|| if may { Event::Sent { method, number, after } } else { Event::Spent { method } });
        may
    }

    fn won(&self, method: Option<&'static Method>, number: u32) {
        self.state.won.fetch_add(1, Ordering::Relaxed);
        self.tell.tell(|| Event::Won { method, number });
    }
}

impl<E, Req> Endpoint<Req> for Hedging<E>
where
    E: Endpoint<Req>,
    Req: Clone + Send,
{
    type Response = E::Response;

    // An `async fn` would keep the request twice.
    #[expect(clippy::manual_async_fn, reason = "as above")]
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        async move {
            let config = **self.state.config.load();
            let counted = self.state.counters.admit();
            if !is_repeatable(cx) {
                let result = self.inner.call(cx, request).await;
                counted.close(cx, &result, ());
                return result;
            }
            let (method, began) = (cx.method(), cx.begin());
            self.state.budget.call(began);
            // Not known yet: nobody knows what slow is.
            let delay = self.state.delay(&config).unwrap_or(Duration::MAX);
            let plan = Plan { attempts: config.attempts, delay };
            let may_send = |number, now| self.may_send(method, number, now, now - began);
            let raced = race(&self.inner, cx, request, plan, may_send).await;
            let number = raced.attempt.attempts().number();
            merge(cx, raced.attempt);
            if raced.won && number > 0 {
                self.won(method, number);
            }
            if let Delay::Percentile(percent) = config.delay
                && raced.won
            {
                // Also where a hedge won: the first had this long, and is above the percentile either way.
                self.state.latencies.record(cx.end() - began, percent);
            }
            counted.close(cx, &raced.result, ());
            raced.result
        }
    }
}
