//! How long a call has, and what that costs.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_has_as_long_as_the_limit_says() {
    let endpoint = inner(&Seen::default()).layer(timeout(LIMIT));
    let began = Instant::now();
    let call = endpoint.call(&mut Context::new(), Ending::ReplyAfter(LIMIT - Duration::from_millis(1))).await;
    assert_eq!(call.unwrap(), "done at last");
    let error = endpoint.call(&mut Context::new(), Ending::Hang).await.unwrap_err();
    assert_eq!(began.elapsed(), 2 * LIMIT - Duration::from_millis(1));
    assert_elapsed(&error, LIMIT);
    assert_eq!(error.retry(), Retry::MayHaveRun);
    assert_eq!(error.cause::<Elapsed>().unwrap().to_string(), "no answer within 1s");
}

#[tokio::test(start_paused = true)]
async fn a_limit_never_lengthens_what_the_caller_has() {
    let seen = Seen::default();
    let began = Instant::now();
    let mut cx = Context::at(began).with_deadline(Some(began + LIMIT / 10));
    let error = inner(&seen).layer(timeout(LIMIT)).call(&mut cx, Ending::Hang).await.unwrap_err();
    assert_eq!(seen.deadline(), Some(began + LIMIT / 10));
    assert_eq!(began.elapsed(), LIMIT / 10);
    assert_elapsed(&error, LIMIT / 10);
}

#[tokio::test(start_paused = true)]
async fn of_two_limits_the_shorter_holds_whichever_is_outside() {
    for (outer, inside) in [(LIMIT, 5 * LIMIT), (5 * LIMIT, LIMIT)] {
        let (seen, began) = (Seen::default(), Instant::now());
        let endpoint = inner(&seen).layer(timeout(inside)).layer(timeout(outer));
        let error = endpoint.call(&mut Context::new(), Ending::Hang).await.unwrap_err();
        assert_elapsed(&error, LIMIT);
        assert_eq!(began.elapsed(), LIMIT);
        assert!(seen.token().is_cancelled());
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_counted_from_the_contexts_time() {
    let mut cx = Context::new();
    let endpoint = inner(&Seen::default()).layer(timeout(LIMIT));
    advance(LIMIT / 4).await;
    // Nobody has stamped the wait: it is the call's own.
    let began = Instant::now();
    endpoint.call(&mut cx, Ending::Hang).await.unwrap_err();
    assert_eq!(began.elapsed(), LIMIT - LIMIT / 4);
}

#[tokio::test(start_paused = true)]
async fn a_limit_past_the_end_of_time_is_none() {
    let seen = Seen::default();
    let endpoint = inner(&seen).layer(timeout(Duration::MAX));
    let answer = endpoint.call(&mut Context::new(), Ending::ReplyAfter(1_000 * LIMIT)).await;
    assert_eq!(answer.unwrap(), "done at last");
    assert_eq!(seen.deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_when_the_timer_fires_counts() {
    let endpoint = inner(&Seen::default()).layer(timeout(LIMIT));
    assert_eq!(endpoint.call(&mut Context::new(), Ending::ReplyAfter(LIMIT)).await.unwrap(), "done at last");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_ready_at_once_reads_no_clock() {
    let mut cx = Context::new();
    let endpoint = inner(&Seen::default()).layer(timeout(LIMIT)).layer(deadline(Some(LIMIT), None));
    endpoint.call(&mut cx, Ending::Reply).await.unwrap();
    endpoint.call(&mut cx, Ending::Fail).await.unwrap_err();
    assert_eq!(cx.clock_reads(), 1, "the context's own, when it was made");
}

#[test]
fn a_call_that_is_ready_at_once_makes_no_timer() {
    // A timer would ask for a runtime, and there is none.
    let endpoint = inner(&Seen::default()).layer(timeout(LIMIT)).layer(deadline(Some(LIMIT), None));
    let answer = endpoint.call(&mut Context::new(), Ending::Reply).now_or_never();
    assert_eq!(answer.expect("ready at once").unwrap(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_stamps_the_time_whatever_its_end() {
    for ending in [Ending::ReplyAfter(LIMIT / 2), Ending::Hang] {
        for layered in [0, 1] {
            let mut cx = Context::new();
            let result = match layered {
                0 => inner(&Seen::default()).layer(timeout(LIMIT)).call(&mut cx, ending).await,
                _ => inner(&Seen::default()).layer(deadline(Some(LIMIT), None)).call(&mut cx, ending).await,
            };
            assert_eq!(result.is_ok(), ending != Ending::Hang);
            assert_eq!(cx.now(), Instant::now());
            assert_eq!(cx.clock_reads(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_behind_many_limits_is_polled_once_for_each_wake() {
    let polls = Arc::new(AtomicU32::new(0));
    let endpoint = endpoint_with(Arc::clone(&polls), async |polls, _cx, (): ()| {
        let mut nap = pin!(sleep(LIMIT / 2));
        poll_fn(|task| {
            polls.fetch_add(1, Ordering::Relaxed);
            nap.as_mut().poll(task)
        })
        .await;
        Ok(())
    });
    let endpoint =
        endpoint.layer(timeout(LIMIT)).layer(deadline(None, None)).layer(timeout(LIMIT)).layer(timeout(LIMIT));
    endpoint.call(&mut Context::new(), ()).await.unwrap();
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}

#[test]
fn a_limit_of_zero_is_refused() {
    let error = TimeoutLayer::new(Duration::ZERO).unwrap_err();
    assert_eq!((error.field(), error.range()), ("limit", "more than zero"));
    assert!(DeadlineLayer::new(Config { max: Some(Duration::ZERO), default: None }).is_err());
}
