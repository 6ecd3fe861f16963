//! Deadline, method and cancellation are the caller's again, whatever ended the call inside.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;
use tokio::time::advance;

use super::*;
use crate::Code;

/// A caller with a deadline past the layer's limit, a method and a token of its own.
struct Caller {
    cx: Context,
    deadline: Instant,
    token: Cancel,
}

impl Caller {
    fn new() -> Self {
        let mut cx = Context::new();
        let deadline = cx.now() + 10 * LIMIT;
        cx.deadline = Some(deadline);
        cx.set_method(&OUTER);
        let token = cx.cancel_token();
        Self { cx, deadline, token }
    }

    #[track_caller]
    fn assert_restored(self, seen: &Seen) {
        assert_eq!(seen.deadline(), Some(self.cx.arrived() + LIMIT), "inside, the limit held");
        assert!(same(Some(seen.method()), &INNER), "inside, the method was another");
        assert_eq!(self.cx.deadline(), Some(self.deadline));
        assert!(same(self.cx.method(), &OUTER));
        assert!(!self.token.is_cancelled(), "the scope's end is not the caller's");
        drop(self.cx);
        assert!(self.token.is_cancelled(), "the caller's token is still its own");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scope_gives_the_callers_back_after_success() {
    let (mut caller, seen) = (Caller::new(), Seen::default());
    assert_eq!(layer(&mut caller.cx, Ending::Reply, &seen).await.unwrap(), "done");
    assert!(!seen.token().is_cancelled());
    caller.assert_restored(&seen);
    assert!(!seen.token().is_cancelled(), "a finished call's token is beyond the caller's reach");
}

#[tokio::test(start_paused = true)]
async fn a_scope_gives_the_callers_back_after_an_error() {
    let (mut caller, seen) = (Caller::new(), Seen::default());
    assert_eq!(layer(&mut caller.cx, Ending::Fail, &seen).await.unwrap_err().code(), Code::Unavailable);
    assert!(!seen.token().is_cancelled());
    caller.assert_restored(&seen);
}

#[tokio::test(start_paused = true)]
async fn a_scope_gives_the_callers_back_after_a_timeout() {
    let (mut caller, seen) = (Caller::new(), Seen::default());
    assert_eq!(layer(&mut caller.cx, Ending::Hang, &seen).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(seen.token().is_cancelled());
    caller.assert_restored(&seen);
}

#[tokio::test(start_paused = true)]
async fn a_scope_gives_the_callers_back_after_a_drop() {
    let (mut caller, seen) = (Caller::new(), Seen::default());
    assert!(layer(&mut caller.cx, Ending::Hang, &seen).now_or_never().is_none(), "polled once, then dropped");
    assert!(seen.token().is_cancelled());
    caller.assert_restored(&seen);
}

#[tokio::test(start_paused = true)]
async fn a_scope_gives_the_callers_back_after_a_panic() {
    let (mut caller, seen) = (Caller::new(), Seen::default());
    let call = AssertUnwindSafe(layer(&mut caller.cx, Ending::Panic, &seen));
    call.catch_unwind().await.unwrap_err();
    assert!(seen.token().is_cancelled());
    caller.assert_restored(&seen);
}

#[tokio::test(start_paused = true)]
async fn a_call_after_a_timeout_has_its_own_time() {
    let mut cx = Context::new();
    cx.set_method(&OUTER);
    assert_eq!(layer(&mut cx, Ending::Hang, &Seen::default()).await.unwrap_err().code(), Code::DeadlineExceeded);
    cx.stamp();
    assert_eq!(layer(&mut cx, Ending::Reply, &Seen::default()).await.unwrap(), "done");
    assert_eq!(cx.deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn a_scope_only_ever_shortens() {
    let mut cx = Context::new();
    let now = cx.now();
    let mut outer = cx.scope(Some(now + LIMIT));
    assert_eq!(outer.deadline(), Some(now + LIMIT));
    for (asked, given) in [(Some(now + 2 * LIMIT), LIMIT), (None, LIMIT), (Some(now + LIMIT / 2), LIMIT / 2)] {
        assert_eq!(outer.scope(asked).deadline(), Some(now + given));
        assert_eq!(outer.deadline(), Some(now + LIMIT));
    }
    drop(outer);
    assert_eq!(cx.deadline(), None);
    assert_eq!(cx.scope(None).deadline(), None, "no limit on either side is none");
}

#[tokio::test(start_paused = true)]
async fn a_limit_counts_from_the_last_reading_and_has_no_end_of_time() {
    let mut cx = Context::new();
    advance(LIMIT).await;
    let now = cx.now();
    assert_eq!(cx.scope_after(LIMIT).deadline(), Some(now + LIMIT), "layers read the context, not the clock");
    let now = cx.stamp();
    assert_eq!(cx.scope_after(LIMIT).deadline(), Some(now + LIMIT));
    assert_eq!(cx.scope_after(Duration::MAX).deadline(), None);
}

#[test]
fn scopes_within_scopes_unwind_one_by_one() {
    let mut cx = Context::new();
    let now = cx.now();
    let outer_token = cx.cancel_token();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut one = cx.scope(Some(now + 3 * LIMIT));
        let one_token = one.cancel_token();
        let mut two = one.scope(Some(now + 2 * LIMIT));
        let two_token = two.cancel_token();
        two.scope(Some(now + LIMIT)).finish();
        assert!(!two_token.is_cancelled());
        assert_eq!(two.deadline(), Some(now + 2 * LIMIT));
        std::panic::panic_any((one_token, two_token));
    }));
    let told = unwound.unwrap_err().downcast::<(Cancel, Cancel)>().expect("the tokens");
    assert!(told.0.is_cancelled() && told.1.is_cancelled());
    assert!(!outer_token.is_cancelled());
    assert_eq!(cx.deadline(), None);
}
