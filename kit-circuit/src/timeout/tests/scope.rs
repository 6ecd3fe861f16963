//! What is the caller's is its own again, and who is told.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use kit_core::Layer;

use super::*;

/// A caller with a deadline past every limit, a method and a token of its own.
struct Caller {
    cx: Context,
    deadline: Instant,
    token: Cancel,
}

impl Caller {
    fn new() -> Self {
        let now = Instant::now();
        let mut cx = Context::at(now).with_deadline(Some(now + 10 * LIMIT));
        cx.set_method(&OUTER);
        let token = cx.cancel_token();
        Self { cx, deadline: now + 10 * LIMIT, token }
    }

    #[track_caller]
    fn assert_restored(self, seen: &Seen) {
        assert_eq!(seen.deadline(), Some(self.cx.arrived() + LIMIT), "inside, the limit held");
        assert_eq!(self.cx.deadline(), Some(self.deadline));
        assert!(self.cx.method().is_some_and(|method| std::ptr::eq(method, &OUTER)));
        assert!(!self.token.is_cancelled(), "the call's end is not the caller's");
        drop(self.cx);
        assert!(self.token.is_cancelled(), "the caller's token is still its own");
    }
}

/// Both layers, each with the same limit.
macro_rules! with_each {
    ($test:ident, $ending:expr) => {
        $test(timeout(LIMIT), $ending).await;
        $test(deadline(Some(LIMIT), None), $ending).await;
    };
}

async fn ends_by_itself<L>(layer: L, ending: Ending)
where
    L: Layer<BoxedInner, Service: Endpoint<Ending, Response = &'static str>>,
{
    let (mut caller, seen) = (Caller::new(), Seen::default());
    let result = inner(&seen).boxed().layer(layer).call(&mut caller.cx, ending).await;
    assert_eq!(result.is_ok(), ending != Ending::Fail);
    assert!(!seen.token().is_cancelled());
    caller.assert_restored(&seen);
    assert!(!seen.token().is_cancelled(), "a finished call's token is beyond the caller's reach");
}

async fn is_abandoned<L>(layer: L, ending: Ending)
where
    L: Layer<BoxedInner, Service: Endpoint<Ending, Response = &'static str>>,
{
    let (mut caller, seen) = (Caller::new(), Seen::default());
    let endpoint = inner(&seen).boxed().layer(layer);
    let call = AssertUnwindSafe(endpoint.call(&mut caller.cx, ending)).catch_unwind();
    match ending {
        Ending::Panic => assert!(call.await.is_err()),
        // Polled once, then dropped.
        _ => assert!(call.now_or_never().is_none()),
    }
    assert_eq!(seen.token().checkpoint().unwrap_err().code(), Code::Cancelled);
    caller.assert_restored(&seen);
}

async fn is_given_up_on<L>(layer: L, ending: Ending)
where
    L: Layer<BoxedInner, Service: Endpoint<Ending, Response = &'static str>>,
{
    let (mut caller, seen) = (Caller::new(), Seen::default());
    let error = inner(&seen).boxed().layer(layer).call(&mut caller.cx, ending).await.unwrap_err();
    assert_elapsed(&error, LIMIT);
    assert_eq!(seen.token().checkpoint().unwrap_err().code(), Code::Cancelled);
    caller.assert_restored(&seen);
}

type BoxedInner = kit_core::BoxEndpoint<Ending, &'static str>;

#[tokio::test(start_paused = true)]
async fn after_success_the_callers_is_restored_and_nobody_is_told() {
    with_each!(ends_by_itself, Ending::Reply);
    with_each!(ends_by_itself, Ending::ReplyAfter(LIMIT / 2));
}

#[tokio::test(start_paused = true)]
async fn after_an_error_the_callers_is_restored_and_nobody_is_told() {
    with_each!(ends_by_itself, Ending::Fail);
}

#[tokio::test(start_paused = true)]
async fn after_a_timeout_the_callers_is_restored_and_the_calls_token_told() {
    with_each!(is_given_up_on, Ending::Hang);
    with_each!(is_given_up_on, Ending::ReplyAfter(2 * LIMIT));
}

#[tokio::test(start_paused = true)]
async fn after_a_drop_the_callers_is_restored_and_the_calls_token_told() {
    with_each!(is_abandoned, Ending::Hang);
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_the_callers_is_restored_and_the_calls_token_told() {
    with_each!(is_abandoned, Ending::Panic);
}

#[tokio::test(start_paused = true)]
async fn a_second_call_after_a_timeout_has_its_own_time() {
    let mut cx = Context::new();
    let first = inner(&Seen::default()).layer(timeout(LIMIT / 10));
    assert_elapsed(&first.call(&mut cx, Ending::Hang).await.unwrap_err(), LIMIT / 10);
    let second = inner(&Seen::default()).layer(timeout(10 * LIMIT));
    let began = Instant::now();
    assert_eq!(second.call(&mut cx, Ending::ReplyAfter(9 * LIMIT)).await.unwrap(), "done at last");
    assert_elapsed(&second.call(&mut cx, Ending::Hang).await.unwrap_err(), 10 * LIMIT);
    assert_eq!(began.elapsed(), 19 * LIMIT);
}
