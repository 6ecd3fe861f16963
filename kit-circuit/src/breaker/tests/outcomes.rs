//! What a call counts as, whatever ends it.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use kit_core::{Streaming, endpoint_fn};
use tokio::time::timeout;

use super::*;
use crate::timeout::TimeoutLayer;

#[tokio::test(start_paused = true)]
async fn a_panic_counts_as_a_failure() {
    let play = play(three());
    for _ in 0..3 {
        let mut cx = Context::new();
        assert!(AssertUnwindSafe(play.endpoint.call(&mut cx, Panic)).catch_unwind().await.is_err());
    }
    assert_eq!(play.breaker.state(), State::Open);
    play.assert_counts(0, 3, 0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_by_its_neighbours_panic_is_cancelled() {
    let play = play(three());
    let mut cx = Context::new();
    let mut call = Box::pin(play.endpoint.call(&mut cx, Hang));
    assert!(call.as_mut().now_or_never().is_none());
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(move || {
        let _call = call;
        panic!("the neighbour");
    }));
    assert!(panicked.is_err());
    play.assert_counts(0, 0, 1, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_timeout_outside_drops_has_failed() {
    let layer = BreakerLayer::new(three()).unwrap();
    let breaker = layer.handle();
    let endpoint = backend(Arc::default()).layer(layer).layer(TimeoutLayer::new(SECOND).unwrap());
    for _ in 0..3 {
        let error = endpoint.call(&mut Context::new(), Hang).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
    }
    assert_eq!((breaker.state(), breaker.stats().failed), (State::Open, 3));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_deadline_counts_for_nothing() {
    let play = play(three());
    for _ in 0..10 {
        let mut cx = Context::new().with_deadline(Some(Instant::now() + 10 * SECOND));
        assert!(timeout(SECOND, play.endpoint.call(&mut cx, Hang)).await.is_err());
    }
    assert_eq!(play.breaker.state(), State::Closed);
    play.assert_counts(0, 0, 10, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_when_it_had_become_slow_counts_as_slow() {
    let slow = Slow { min_calls: 4, ..Slow::over(SECOND) };
    let play = play(Config { slow: Some(slow), ..three() });
    for after in [SECOND / 2, SECOND, 2 * SECOND, SECOND / 2, SECOND] {
        assert!(timeout(after, play.call(Hang)).await.is_err());
    }
    assert_eq!(play.breaker.state(), State::Closed, "three slow calls, and two that count for nothing");
    assert!(timeout(SECOND, play.call(Hang)).await.is_err());
    assert_eq!(play.breaker.reason(), Some(Reason::Slow { slow: 4, calls: 4 }));
    play.assert_counts(0, 0, 6, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_classifier_says_is_what_counts() {
    let layer = BreakerLayer::new(three()).unwrap();
    let breaker = layer.handle();
    let layer = layer.classify(|_: &Context, result: &Result<&str, Error>| match result {
        Ok(_) => Outcome::BackendError,
        Err(_) => Outcome::Success,
    });
    let endpoint = layer.layer(backend(Arc::default()));
    endpoint.call(&mut Context::new(), Fail).await.unwrap_err();
    for _ in 0..3 {
        endpoint.call(&mut Context::new(), Reply).await.unwrap();
    }
    assert_eq!(breaker.state(), State::Open);
}

/// Answers with a stream of these; its breaker.
fn streams(config: Config) -> (impl Endpoint<Vec<Result<u8, Error>>, Response = Streaming<u8>>, Handle) {
    let layer = BreakerLayer::new(config).unwrap();
    let breaker = layer.handle();
    let endpoint = endpoint_fn(async |cx, items: Vec<Result<u8, Error>>| Ok(Streaming::new(cx, stream::iter(items))));
    (endpoint.layer(layer), breaker)
}

#[tokio::test(start_paused = true)]
async fn a_streamed_answer_counts_when_the_stream_ends() {
    let (endpoint, breaker) = streams(three());
    let ends = || {
        let counts = breaker.stats();
        (counts.ok, counts.failed, counts.cancelled)
    };
    let mut answer = endpoint.call(&mut Context::new(), vec![Ok(1)]).await.unwrap();
    assert_eq!(ends(), (0, 0, 0));
    while answer.next().await.is_some() {}
    assert_eq!(ends(), (1, 0, 0));
    drop(endpoint.call(&mut Context::new(), vec![Ok(1)]).await.unwrap());
    assert_eq!(ends(), (1, 0, 1), "dropped before its end");
    for _ in 0..3 {
        let mut answer = endpoint.call(&mut Context::new(), vec![Ok(1), Err(Error::unavailable("cut"))]).await.unwrap();
        while answer.next().await.is_some() {}
    }
    assert_eq!((ends(), breaker.state()), ((1, 3, 1), State::Open));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_a_probe_to_its_end() {
    let (endpoint, breaker) = streams(three());
    for _ in 0..3 {
        let fails = vec![Err(Error::unavailable("cut"))];
        let mut answer = endpoint.call(&mut Context::new(), fails).await.unwrap();
        while answer.next().await.is_some() {}
    }
    advance(10 * SECOND).await;
    let mut answer = endpoint.call(&mut Context::new(), vec![Ok(1)]).await.unwrap();
    assert!(endpoint.call(&mut Context::new(), vec![]).await.is_err(), "its place is taken");
    while answer.next().await.is_some() {}
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_streams_length_does_not_make_it_slow() {
    let slow = Slow { min_calls: 1, ratio: 1.0, ..Slow::over(SECOND) };
    let (endpoint, breaker) = streams(Config { slow: Some(slow), ..three() });
    let mut answer = endpoint.call(&mut Context::new(), vec![Ok(1)]).await.unwrap();
    advance(100 * SECOND).await;
    while answer.next().await.is_some() {}
    assert_eq!((breaker.state(), breaker.stats().ok), (State::Closed, 1));
}
