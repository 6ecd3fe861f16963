//! Attempts of one call that run side by side, in the task of their caller.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use kit_core::{Context, Endpoint, Error, Outcome, copies};
use tokio::time::{Instant, sleep_until};

use super::AllFailed;
use crate::attempt::{answered, mark};

/// When the attempts after the first are sent.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// In all, the first among them.
    pub(crate) attempts: u32,
    /// After how long the next; zero for all at once.
    pub(crate) delay: Duration,
}

/// How the race ended.
pub(crate) struct Raced<R> {
    /// The attempt that speaks for the call. The others are gone.
    pub(crate) attempt: Context,
    pub(crate) result: Result<R, Error>,
    /// Whether that is an answer, and not the last of the failures.
    pub(crate) won: bool,
}

/// Runs the first attempt, and others as `plan` says and `may_send` allows: it is asked with the attempt's number right before
/// that is made.
// An `async fn` would keep the request twice.
#[expect(clippy::manual_async_fn, reason = "as above")]
pub(crate) fn race<E, Req>(
    inner: &E,
    cx: &mut Context,
    request: Req,
    plan: Plan,
    mut may_send: impl FnMut(u32, Instant) -> bool + Send,
) -> impl Future<Output = Raced<E::Response>> + Send
where
    E: Endpoint<Req>,
    Req: Clone + Send,
{
    async move {
        // Who picks for the second reads what the first has tried, while that one runs.
        cx.attempts_mut().share();
        let began = cx.now();
        let mut first = pin!(Some(attempt(inner, cx.fork_at(began), request.clone())));
        let mut others = Others(Vec::new());
        let mut timer = pin!(None);
        let mut errors = Vec::new();
        let mut sent = 1;
        if plan.delay.is_zero() {
            while sent < plan.attempts && may_send(sent, began) {
                others.0.push(Box::pin(attempt(inner, another(cx, sent, began), request.clone())));
                sent += 1;
            }
            sent = plan.attempts;
        }
        loop {
            let step = poll_fn(|task| {
                if let Some(running) = first.as_mut().as_pin_mut()
                    && let Poll::Ready(ended) = running.poll(task)
                {
                    first.set(None);
                    return Poll::Ready(Step::Ended(ended));
                }
                if let Poll::Ready(ended) = others.poll(task) {
                    return Poll::Ready(Step::Ended(ended));
                }
                if sent == plan.attempts {
                    return Poll::Pending;
                }
                // Made only now: an attempt that is ready at once costs no timer.
                if timer.is_none() {
                    let Some(due) = began.checked_add(plan.delay) else { return Poll::Pending };
                    timer.set(Some(sleep_until(due)));
                }
                let due = timer.as_mut().as_pin_mut().expect("just made");
                due.poll(task).map(|()| Step::Due)
            })
            .await;
            let (attempt_cx, result) = match step {
                Step::Ended(ended) => ended,
                Step::Due => {
                    let now = cx.stamp();
                    if may_send(sent, now) {
                        others.0.push(Box::pin(attempt(inner, another(cx, sent, now), request.clone())));
                        sent += 1;
                        if let (Some(timer), Some(due)) = (timer.as_mut().as_pin_mut(), now.checked_add(plan.delay)) {
                            timer.reset(due);
                        }
                    } else {
                        sent = plan.attempts;
                    }
                    continue;
                }
            };
            let outcome = attempt_cx.outcome_of(&result);
            if matches!(outcome, Outcome::Success | Outcome::BusinessError) {
                // Here, and not where they go out of scope: a loser is no call that was given up.
                copies::lose(|| {
                    first.set(None);
                    others.0.clear();
                });
                return Raced { attempt: attempt_cx, result, won: true };
            }
            errors.push(match &result {
                Err(error) => error.clone(),
                Ok(_) => answered(outcome),
            });
            if first.is_none() && others.0.is_empty() {
                let result = result.map_err(|error| all_failed(error, errors));
                return Raced { attempt: attempt_cx, result, won: false };
            }
        }
    }
}

enum Step<T> {
    Ended(T),
    Due,
}

// An `async fn` would keep context and request twice.
#[expect(clippy::manual_async_fn, reason = "as above")]
fn attempt<E, Req>(
    inner: &E,
    mut cx: Context,
    request: Req,
) -> impl Future<Output = (Context, Result<E::Response, Error>)> + Send
where
    E: Endpoint<Req>,
    Req: Send,
{
    async move {
        let result = inner.call(&mut cx, request).await;
        (cx, result)
    }
}

/// The context of an attempt after the first.
fn another(cx: &mut Context, number: u32, now: Instant) -> Context {
    let mut attempt = cx.fork_at(now);
    mark(&mut attempt, number);
    attempt
}

/// All are polled whenever the task is: there are a few at most.
struct Others<F>(Vec<Pin<Box<F>>>);

impl<F: Future> Others<F> {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<F::Output> {
        for n in 0..self.0.len() {
            if let Poll::Ready(output) = self.0[n].as_mut().poll(task) {
                self.0.swap_remove(n);
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    }
}

/// The last one's error. One that ran alone is told as it came.
fn all_failed(last: Error, errors: Vec<Error>) -> Error {
    if errors.len() == 1 { last } else { last.with_cause(AllFailed::new(errors)) }
}
