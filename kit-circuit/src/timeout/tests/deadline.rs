//! Whose deadline holds, and calls that come too late.

use kit_core::middleware_fn;
use kit_core::testing::mock;

use super::*;

/// The time that a call is given by these settings, if its caller gives it this much.
async fn given(config: Config, by_caller: Option<Duration>) -> Option<Duration> {
    let (seen, now) = (Seen::default(), Instant::now());
    let mut cx = Context::at(now).with_deadline(by_caller.map(|time| now + time));
    let endpoint = inner(&seen).layer(DeadlineLayer::new(config).unwrap());
    endpoint.call(&mut cx, Ending::Reply).await.unwrap();
    let given = seen.deadline().map(|deadline| deadline - now);
    // What is given is what is enforced.
    if let Some(given) = given {
        let error = endpoint.call(&mut cx, Ending::Hang).await.unwrap_err();
        assert_elapsed(&error, given);
        assert_eq!(now.elapsed(), given);
    }
    given
}

#[tokio::test(start_paused = true)]
async fn a_call_has_what_its_caller_gives_within_the_maximum_or_else_the_default() {
    for (max, default, by_caller, expected) in [
        (None, None, None, None),
        (None, None, Some(7), Some(7)),
        (Some(5), None, None, Some(5)),
        (Some(5), None, Some(7), Some(5)),
        (Some(5), None, Some(2), Some(2)),
        (Some(5), Some(3), None, Some(3)),
        (Some(5), Some(3), Some(4), Some(4)),
        (Some(5), Some(3), Some(7), Some(5)),
        (None, Some(3), None, Some(3)),
        (None, Some(3), Some(7), Some(7)),
    ] {
        let times = |seconds: Option<u32>| seconds.map(|seconds| seconds * LIMIT);
        let config = Config { max: times(max), default: times(default) };
        assert_eq!(given(config, times(by_caller)).await, times(expected), "{config:?} {by_caller:?}");
    }
    assert_eq!(given(Config::default(), None).await, Some(30 * LIMIT));
}

#[tokio::test(start_paused = true)]
async fn the_default_layer_is_that_of_the_default_settings() {
    let seen = Seen::default();
    let mut cx = Context::new();
    inner(&seen).layer(DeadlineLayer::default()).call(&mut cx, Ending::Reply).await.unwrap();
    assert_eq!(seen.deadline(), Some(cx.arrived() + 30 * LIMIT));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_too_late_is_answered_at_once_and_never_begun() {
    for late in [Duration::ZERO, Duration::from_millis(1)] {
        let now = Instant::now();
        let mut cx = Context::at(now + late).with_deadline(Some(now));
        let (endpoint, calls) = mock::endpoint::<&str, ()>();
        let error = endpoint.layer(deadline(Some(LIMIT), None)).call(&mut cx, "late").await.unwrap_err();
        calls.assert_none();
        assert_elapsed(&error, Duration::ZERO);
        assert_eq!(error.retry(), Retry::Safe, "it provably did not run");
        assert_eq!(error.cause::<Elapsed>().unwrap().to_string(), "the deadline had passed before the call began");
        assert_eq!((Instant::now(), cx.clock_reads()), (now, 0));
        assert_eq!(cx.deadline(), Some(now));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_within_its_time_is_not_too_late() {
    let now = Instant::now();
    let mut cx = Context::at(now).with_deadline(Some(now + Duration::from_nanos(1)));
    let (endpoint, mut calls) = mock::endpoint();
    calls.expect("in time").reply("done");
    let endpoint = endpoint.layer(deadline(None, None));
    assert_eq!(endpoint.call(&mut cx, "in time").await.unwrap(), "done");
    calls.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_a_queue_outside_counts() {
    let queue = middleware_fn(async |cx, ending: Ending, next| {
        sleep(2 * LIMIT).await;
        cx.stamp();
        next.call(cx, ending).await
    });
    for (allowed, begun) in [(LIMIT, false), (2 * LIMIT, false), (3 * LIMIT, true)] {
        let (seen, now) = (Seen::default(), Instant::now());
        let mut cx = Context::at(now).with_deadline(Some(now + allowed));
        let endpoint = inner(&seen).layer(deadline(None, None)).layer(queue.clone());
        let error = endpoint.call(&mut cx, Ending::Hang).await.unwrap_err();
        assert_elapsed(&error, allowed.saturating_sub(2 * LIMIT));
        assert_eq!(seen.begun(), begun);
        assert_eq!(now.elapsed(), allowed.max(2 * LIMIT));
    }
}
