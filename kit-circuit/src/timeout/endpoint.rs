use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kit_core::{Context, Endpoint, Error, Retry};
use tokio::time::{Instant, timeout_at};

use super::state::State;
use super::{Elapsed, Event};
use crate::tell::Tell;

/// Gives up on a call after a time limit.
///
/// The error is `DeadlineExceeded`, its cause [`Elapsed`]; the call may have run.
///
/// # Panics
/// If the inner call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call drops the inner call, and tells what that spawned.
#[derive(Clone, Debug)]
pub struct Timeout<E> {
    inner: E,
    state: Arc<State>,
    tell: Tell<Event>,
}

impl<E> Timeout<E> {
    pub(super) fn new(inner: E, state: Arc<State>, tell: Tell<Event>) -> Self {
        Self { inner, state, tell }
    }
}

impl<E, Req> Endpoint<Req> for Timeout<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let latest = self.state.max().and_then(|limit| cx.now().checked_add(limit));
        let call = self.state.calls.admit();
        let give_up = |elapsed| give_up(elapsed, &self.state, &self.tell);
        let result = limited(&self.inner, cx, latest, request, give_up).await;
        call.close(cx, &result, ());
        result
    }
}

/// Gives up on a call at the deadline that came with it, or when it has taken as long as is allowed here.
///
/// The error is `DeadlineExceeded`, its cause [`Elapsed`]; the call may have run. One whose deadline has passed before is
/// not begun: it provably did not run, and may be made again whatever it does.
///
/// # Panics
/// If the inner call has to wait and the runtime has no timers.
///
/// # Cancel safety
/// Dropping the call drops the inner call, and tells what that spawned.
#[derive(Clone, Debug)]
pub struct Deadline<E> {
    inner: E,
    state: Arc<State>,
    tell: Tell<Event>,
}

impl<E> Deadline<E> {
    pub(super) fn new(inner: E, state: Arc<State>, tell: Tell<Event>) -> Self {
        Self { inner, state, tell }
    }

    /// The latest end of a call that begins now; the scope takes the caller's deadline if that is earlier.
    fn latest(&self, cx: &Context) -> Option<Instant> {
        let limit = if cx.deadline().is_some() { self.state.max() } else { self.state.default() };
        limit.and_then(|limit| cx.now().checked_add(limit))
    }
}

impl<E, Req> Endpoint<Req> for Deadline<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        if cx.remaining().is_some_and(|left| left.is_zero()) {
            self.state.calls.refuse();
            self.tell.tell(|| Event::TooLate);
            return Err(too_late());
        }
        let latest = self.latest(cx);
        let call = self.state.calls.admit();
        let give_up = |elapsed| give_up(elapsed, &self.state, &self.tell);
        let result = limited(&self.inner, cx, latest, request, give_up).await;
        call.close(cx, &result, ());
        result
    }
}

/// Calls within a scope of its own, and gives up on it at `latest`, or at the caller's deadline if that is earlier.
pub(crate) fn call_until<E, Req>(
    inner: &E,
    cx: &mut Context,
    latest: Option<Instant>,
    request: Req,
) -> impl Future<Output = Result<E::Response, Error>> + Send
where
    E: Endpoint<Req>,
    Req: Send,
{
    limited(inner, cx, latest, request, |elapsed| Err(elapsed.into_error()))
}

/// The same; `give_up` answers if it was this limit, and none further in, that ended the call.
async fn limited<E, Req>(
    inner: &E,
    cx: &mut Context,
    latest: Option<Instant>,
    request: Req,
    give_up: impl FnOnce(Elapsed) -> Result<E::Response, Error>,
) -> Result<E::Response, Error>
where
    E: Endpoint<Req>,
    Req: Send,
{
    let began = cx.now();
    let mut scope = cx.scope(latest);
    let (deadline, mut waited) = (scope.deadline(), false);
    let ended = {
        let mut call = pin!(inner.call(&mut scope, request));
        match at_once(call.as_mut()).await {
            Poll::Ready(result) => Some(result),
            Poll::Pending => {
                waited = true;
                after_a_wait(deadline, call).await
            }
        }
    };
    if waited {
        scope.stamp();
    }
    let Some(result) = ended else {
        // Dropped unfinished, the scope tells whatever the call left running.
        drop(scope);
        return give_up(elapsed(began, deadline));
    };
    scope.finish();
    result
}

/// Polls a call once: a timer costs more than most calls that are ready at once.
fn at_once<F: Future>(mut call: Pin<&mut F>) -> impl Future<Output = Poll<F::Output>> {
    poll_fn(move |task| Poll::Ready(call.as_mut().poll(task)))
}

/// Goes on with a call that was polled once; nothing if its time is up before. It is borrowed, since a future that owned it would hold it twice.
async fn after_a_wait<F: Future>(deadline: Option<Instant>, mut call: Pin<&mut F>) -> Option<F::Output> {
    // It knows whom to wake. Polled again on the way to its timer, a call behind n limits would be polled 2ⁿ times.
    let mut polled = true;
    let call = poll_fn(|task| if std::mem::take(&mut polled) { Poll::Pending } else { call.as_mut().poll(task) });
    match deadline {
        None => Some(call.await),
        Some(deadline) => timeout_at(deadline, call).await.ok(),
    }
}

fn elapsed(began: Instant, deadline: Option<Instant>) -> Elapsed {
    Elapsed::new(deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(began)))
}

/// Waits for what others may be waiting for too, until the call's own deadline.
pub(crate) async fn wait_until<F: Future>(cx: &mut Context, shared: F) -> Result<F::Output, Error> {
    let (began, deadline) = (cx.now(), cx.deadline());
    let mut shared = pin!(shared);
    let ended = match at_once(shared.as_mut()).await {
        Poll::Ready(output) => return Ok(output),
        Poll::Pending => after_a_wait(deadline, shared).await,
    };
    cx.stamp();
    ended.ok_or_else(|| elapsed(began, deadline).into_error())
}

#[cold]
fn give_up<R>(elapsed: Elapsed, state: &State, tell: &Tell<Event>) -> Result<R, Error> {
    state.elapse();
    tell.tell(|| Event::Elapsed(elapsed));
    Err(elapsed.into_error())
}

#[cold]
fn too_late() -> Error {
    Elapsed::new(Duration::ZERO).into_error().with_retry(Retry::Safe)
}
