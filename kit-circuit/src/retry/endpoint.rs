use std::sync::Arc;
use std::sync::atomic::Ordering;

use kit_core::{Attempt, Context, Endpoint, Error, Retry};
use tokio::time::sleep;

use super::layer::State;
use super::plan::{Next, Plan};
use super::{Event, GaveUp, Why};
use crate::attempt::{answered, mark, unmark};
use crate::tell::Tell;
use crate::timeout::call_until;

/// Calls an endpoint again when it fails, as its [layer](super::RetryLayer) says.
///
/// # Panics
/// If a call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call drops the attempt that runs, and tells what that spawned; what was taken from the budget for an attempt that
/// was still to come is spent.
#[derive(Clone, Debug)]
pub struct Retrying<E> {
    inner: E,
    state: Arc<State>,
    plan: Plan,
    tell: Tell<Event>,
}

impl<E> Retrying<E> {
    pub(super) fn new(inner: E, state: Arc<State>, plan: Plan, tell: Tell<Event>) -> Self {
        Self { inner, state, plan, tell }
    }

    /// What follows the last of these failures, counted and told.
    #[cold]
    fn after(&self, cx: &Context, errors: &[Error]) -> Next {
        let (failed, error) = (errors.len() as u32, errors.last().expect("a failure brought us here"));
        let next = self.plan.after(cx, &self.state.settings.config(), failed, error);
        match &next {
            Next::Again(pause) => {
                let event = || Event::Again { method: cx.method(), failed, pause: *pause, error: error.clone() };
                self.tell.tell(event);
            }
            // One that was never to be repeated is nobody's news.
            Next::No(Why::Unrepeatable | Why::Decided) | Next::Answer(_) if failed == 1 => {}
            Next::No(why) => self.gave_up(cx, failed, *why, error),
            Next::Answer(_) => self.gave_up(cx, failed, Why::Decided, error),
        }
        next
    }

    fn gave_up(&self, cx: &Context, failed: u32, why: Why, error: &Error) {
        self.state.count(why);
        self.tell.tell(|| Event::GaveUp { method: cx.method(), failed, why, error: error.clone() });
    }
}

impl<E, Req> Endpoint<Req> for Retrying<E>
where
    E: Endpoint<Req>,
    Req: Clone + Send,
{
    type Response = E::Response;

    // An `async fn` would keep the request twice.
    #[expect(clippy::manual_async_fn, reason = "as above")]
    fn call(&self, cx: &mut Context, request: Req) -> impl Future<Output = Result<E::Response, Error>> + Send {
        async move {
            let counted = self.state.counters.admit();
            let once = self.state.settings.first().is_only();
            let repeats = !once && !cx.is_repeat();
            if repeats {
                self.plan.budget.call(cx.now());
                cx.attempts_mut().track();
            } else if !once {
                self.state.suppressed.fetch_add(1, Ordering::Relaxed);
            }
            let mut errors = Vec::new();
            let result = loop {
                let mut attempt = cx.attempt();
                let failed = errors.len() as u32;
                if failed > 0 {
                    // Now, not before the pause: its caller may have left in it.
                    self.state.repeats.fetch_add(1, Ordering::Relaxed);
                    mark(&mut attempt, failed);
                }
                let latest = self.state.settings.first().latest(&attempt);
                let result = call_until(&self.inner, &mut attempt, latest, request.clone()).await;
                let failure = if repeats { failure(&attempt, &result) } else { None };
                let Some(error) = failure else { break end(attempt, failed, result) };
                attempt.stamp();
                errors.push(error);
                let pause = match self.after(&attempt, &errors) {
                    Next::Again(pause) => pause,
                    Next::No(why) => break end(attempt, failed, result.map_err(|_| give_up(why, errors))),
                    Next::Answer(error) => break end(attempt, failed, Err(error)),
                };
                // Now, not after the pause: they may hold what others wait for.
                drop((attempt, result));
                sleep(pause).await;
                cx.stamp();
            };
            counted.close(cx, &result, ());
            result
        }
    }
}

/// What failed, if the attempt did: an error, or an answer that its binding calls a failure. Whether an error is one that
/// another attempt would mend is for its hint to say.
fn failure<R>(attempt: &Context, result: &Result<R, Error>) -> Option<Error> {
    match result {
        Err(error) => Some(error.clone()),
        Ok(_) => {
            let outcome = attempt.outcome_of(result);
            outcome.is_failure().then(|| answered(outcome))
        }
    }
}

/// The last attempt speaks for the call, after so many others.
fn end<R>(mut attempt: Attempt<'_>, before: u32, result: Result<R, Error>) -> Result<R, Error> {
    if before > 0 {
        unmark(&mut attempt);
    }
    attempt.keep();
    result
}

/// The last attempt's error, with all of them.
fn give_up(why: Why, mut errors: Vec<Error>) -> Error {
    let last = errors.last().expect("a failure brought us here").clone();
    match why {
        Why::Unrepeatable | Why::Decided if errors.len() == 1 => errors.remove(0),
        // Whoever is above would only begin again.
        Why::Attempts | Why::Budget => last.with_retry(Retry::Never).with_cause(GaveUp::new(why, errors)),
        _ => last.with_cause(GaveUp::new(why, errors)),
    }
}
