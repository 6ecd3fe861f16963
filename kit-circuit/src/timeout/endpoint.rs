use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kit_core::{Context, Endpoint, Error, Retry, Scope};
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
        let ended = limited(&self.inner, cx, latest, request).await;
        let result = ended.unwrap_or_else(|elapsed| give_up(elapsed, &self.tell));
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
        let ended = limited(&self.inner, cx, latest, request).await;
        let result = ended.unwrap_or_else(|elapsed| give_up(elapsed, &self.tell));
        call.close(cx, &result, ());
        result
    }
}

/// Calls within a scope of its own, and gives up on it at `latest`, or at the caller's deadline if that is earlier.
pub(crate) async fn call_until<E, Req>(
    inner: &E,
    cx: &mut Context,
    latest: Option<Instant>,
    request: Req,
) -> Result<E::Response, Error>
where
    E: Endpoint<Req>,
    Req: Send,
{
    limited(inner, cx, latest, request).await.unwrap_or_else(|elapsed| Err(elapsed.into_error()))
}

/// The same; [`Elapsed`] says that it was this limit, and none further in, that ended the call.
async fn limited<E, Req>(
    inner: &E,
    cx: &mut Context,
    latest: Option<Instant>,
    request: Req,
) -> Result<Result<E::Response, Error>, Elapsed>
where
    E: Endpoint<Req>,
    Req: Send,
{
    let began = cx.now();
    let mut scope = cx.scope(latest);
    let deadline = scope.deadline();
    let ended = until(deadline, pin!(inner.call(&mut scope, request))).await;
    close(scope, began, ended)
}

/// How a call that is held to a deadline ended.
enum Ended<T> {
    AtOnce(T),
    AfterAWait(T),
    Never,
}

/// Runs a call until its deadline. It is borrowed, since a future that owned it would hold it twice.
async fn until<F: Future>(deadline: Option<Instant>, mut call: Pin<&mut F>) -> Ended<F::Output> {
    // A timer costs more than most calls that are ready at once.
    if let Poll::Ready(result) = poll_fn(|task| Poll::Ready(call.as_mut().poll(task))).await {
        return Ended::AtOnce(result);
    }
    // It knows whom to wake. Polled again on the way to its timer, a call behind n limits would be polled 2ⁿ times.
    let mut polled = true;
    let call = poll_fn(|task| if std::mem::take(&mut polled) { Poll::Pending } else { call.as_mut().poll(task) });
    match deadline {
        None => Ended::AfterAWait(call.await),
        Some(deadline) => timeout_at(deadline, call).await.map_or(Ended::Never, Ended::AfterAWait),
    }
}

/// Ends the scope of a call that is no more, and says what its caller gets.
fn close<R>(mut scope: Scope<'_>, began: Instant, ended: Ended<R>) -> Result<R, Elapsed> {
    match ended {
        Ended::AtOnce(result) => {
            scope.finish();
            Ok(result)
        }
        Ended::AfterAWait(result) => {
            scope.stamp();
            scope.finish();
            Ok(result)
        }
        Ended::Never => {
            let limit = scope.deadline().map_or(Duration::MAX, |deadline| deadline - began);
            scope.stamp();
            // Dropped unfinished, the scope tells whatever the call left running.
            drop(scope);
            Err(Elapsed::new(limit))
        }
    }
}

/// Waits for what others may be waiting for too, until the call's own deadline.
pub(crate) async fn wait_until<F: Future>(cx: &mut Context, shared: F) -> Result<F::Output, Error> {
    let began = cx.now();
    match until(cx.deadline(), pin!(shared)).await {
        Ended::AtOnce(output) => Ok(output),
        Ended::AfterAWait(output) => {
            cx.stamp();
            Ok(output)
        }
        Ended::Never => {
            let limit = cx.deadline().map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(began));
            cx.stamp();
            Err(Elapsed::new(limit).into_error())
        }
    }
}

#[cold]
fn give_up<R>(elapsed: Elapsed, tell: &Tell<Event>) -> Result<R, Error> {
    tell.tell(|| Event::Elapsed(elapsed));
    Err(elapsed.into_error())
}

#[cold]
fn too_late() -> Error {
    Elapsed::new(Duration::ZERO).into_error().with_retry(Retry::Safe)
}
