use std::future::pending;
use std::time::Duration;

use kit_core::{Code, Context, Endpoint, Error, Outcome, Retry, endpoint_fn, endpoint_with};
use tokio::time::{Instant, advance};

use super::Left;
use crate::local::Local;

const SECOND: Duration = Duration::from_secs(1);

fn with_time(time: Duration) -> Context {
    let cx = Context::new();
    let deadline = cx.now() + time;
    cx.with_deadline(Some(deadline))
}

fn time_left() -> impl Endpoint<(), Response = Option<Duration>> + Clone {
    endpoint_fn(async |cx, ()| Ok(cx.remaining()))
}

#[tokio::test(start_paused = true)]
async fn the_callee_has_what_is_left_and_never_more_than_it_allows() {
    let service = Local::new(time_left());
    assert_eq!(service.call(&mut Context::new(), ()).await.unwrap(), Some(30 * SECOND));
    let mut cx = with_time(10 * SECOND);
    advance(4 * SECOND).await;
    assert_eq!(service.call(&mut cx, ()).await.unwrap(), Some(6 * SECOND));
    let strict = service.clone().max_time(2 * SECOND);
    assert_eq!(strict.call(&mut cx, ()).await.unwrap(), Some(2 * SECOND));
    assert_eq!(cx.deadline(), Some(cx.arrived() + 10 * SECOND), "the caller's own is as it was");
    let lax = service.max_time(None);
    assert_eq!(lax.call(&mut Context::new(), ()).await.unwrap(), None);
}

fn stuck(left: &Left) -> impl Endpoint<(), Response = ()> + use<> {
    endpoint_with(left.clone(), async |left, cx, ()| {
        left.leave(cx);
        pending::<Result<(), Error>>().await
    })
}

#[tokio::test(start_paused = true)]
async fn a_callee_that_hangs_is_given_up_at_the_deadline_and_told() {
    let left = Left::default();
    let mut cx = with_time(SECOND);
    let own = cx.cancel_token();
    let begun = Instant::now();
    let error = Local::new(stuck(&left)).call(&mut cx, ()).await.unwrap_err();
    assert_eq!((error.code(), error.retry()), (Code::DeadlineExceeded, Retry::MayHaveRun));
    assert_eq!(begun.elapsed(), SECOND);
    assert_eq!(cx.now(), Instant::now(), "the caller's view of the time is brought up to date");
    assert!(left.token().is_cancelled() && own.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_calls_nobody() {
    let left = Left::default();
    let mut cx = with_time(SECOND);
    advance(SECOND).await;
    let error = Local::new(stuck(&left)).call(&mut cx, ()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::DeadlineExceeded, Some("deadline_before_call")));
    assert_eq!((error.outcome(), error.retry()), (Outcome::Rejected, Retry::Safe));
    assert!(left.0.lock().unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_tells_the_callee_and_a_finished_one_does_not() {
    let left = Left::default();
    let service = Local::new(stuck(&left)).max_time(None);
    let mut cx = Context::new();
    let gave_up = tokio::time::timeout(SECOND, service.call(&mut cx, ())).await;
    assert!(gave_up.is_err());
    assert!(left.token().is_cancelled());

    let brief = endpoint_with(left.clone(), async |left, cx, ()| {
        left.leave(cx);
        Ok(())
    });
    Local::new(brief).call(&mut Context::new(), ()).await.unwrap();
    assert!(!left.token().is_cancelled(), "what a finished call left running may go on");
}
