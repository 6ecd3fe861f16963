//! What becomes of the attempts that did not win: nothing.

use super::*;
use crate::breaker::{self, BreakerLayer, Ratio, Slow, State, Window};
use crate::bulkhead::BulkheadLayer;

/// Counts by a drop guard how attempts end, as every layer with a statistic does.
#[derive(Clone, Default)]
struct Health(Arc<Mutex<Vec<(Outcome, Instant)>>>);

struct Guard(Health, Outcome);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().push((self.1, Instant::now()));
    }
}

/// Stands inside a hedge and counts.
struct Watched<E>(E, Health);

impl<E: Endpoint<u32>> Endpoint<u32> for Watched<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: u32) -> Result<E::Response, Error> {
        let mut guard = Guard(self.1.clone(), Outcome::Cancelled);
        let result = self.0.call(cx, request).await;
        guard.1 = cx.outcome_of(&result);
        result
    }
}

#[tokio::test(start_paused = true)]
async fn losers_are_dropped_before_the_answer_is_there_and_told() {
    let (backend, health) = (Backend::new([Hang, Hang, Reply(5), Hang]), Health::default());
    let began = Instant::now();
    let mut cx = read();
    Watched(backend.endpoint(), health.clone()).layer(hedge(4)).call(&mut cx, 7).await.unwrap();
    // No time has passed, and nothing has run since the call returned.
    let ended = health.0.lock().unwrap().clone();
    assert_eq!(
        ended.iter().map(|end| end.0).collect::<Vec<_>>(),
        [Outcome::Success, Outcome::Cancelled, Outcome::Cancelled]
    );
    assert!(ended.iter().all(|end| end.1 - began == 105 * MS));
    let told: Vec<_> = backend.seen().iter().map(|seen| seen.token.is_cancelled()).collect();
    assert_eq!(told, [true, true, false]);
    drop(cx);
    assert!(!backend.seen()[2].token.is_cancelled(), "the winner came to its own end");
}

#[tokio::test(start_paused = true)]
async fn losers_leave_no_trace_in_a_statistic() {
    let (inside, layer) = (BulkheadLayer::default(), hedge(2));
    for _ in 0..50 {
        let backend = Backend::new([Reply(100), Reply(10)]);
        let endpoint = backend.endpoint().layer(inside.clone()).layer(layer.clone());
        endpoint.call(&mut read(), 7).await.unwrap();
    }
    let stats = inside.handle().stats();
    assert_eq!((stats.calls.admitted, stats.calls.ok), (100, 50));
    assert_eq!((stats.calls.failed, stats.calls.cancelled), (0, 50), "cancelled speaks against nobody");
    assert_eq!((stats.taken, stats.calls.running()), (0, 0));
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.ok, stats.calls.failed, stats.calls.cancelled), (50, 0, 0));
    assert_eq!((stats.sent, stats.won), (50, 50));
}

#[tokio::test(start_paused = true)]
async fn losers_neither_open_a_breaker_nor_end_a_row_of_failures() {
    let config = breaker::Config { consecutive: Some(3), ..breaker::Config::default() };
    let (layer, hedge) = (BreakerLayer::new(config).unwrap(), hedge(2));
    let handle = layer.handle();
    let call = async |attempts: [Attempt; 2]| {
        let backend = Backend::new(attempts);
        backend.endpoint().layer(layer.clone()).layer(hedge.clone()).call(&mut read(), 7).await
    };
    for _ in 0..50 {
        call([Hang, Reply(10)]).await.unwrap();
    }
    let stats = handle.stats();
    assert_eq!((handle.state(), stats.ok, stats.failed, stats.cancelled), (State::Closed, 50, 0, 50));
    // Two failures in a row, a loser, and the third: its end was no success.
    for _ in 0..2 {
        call([Fail(0, Error::unavailable("down")), Hang]).await.unwrap_err();
    }
    let mut cx = read();
    let backend = Backend::new([Hang]);
    let hung = backend.endpoint().layer(layer.clone());
    tokio::time::timeout(5 * MS, hung.call(&mut cx, 7)).await.unwrap_err();
    assert_eq!(handle.state(), State::Closed);
    call([Fail(0, Error::unavailable("down")), Hang]).await.unwrap_err();
    assert_eq!(handle.state(), State::Open);
}

/// Opens on the first slow call, and on the first that fails.
fn touchy() -> BreakerLayer {
    let slow = Slow { min_calls: 1, ratio: 0.001, ..Slow::over(10 * MS) };
    let failures = Ratio { min_calls: 1, ratio: 0.001, window: Window::default() };
    let config = breaker::Config { slow: Some(slow), failures: Some(failures), ..breaker::Config::default() };
    BreakerLayer::new(config).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_loser_is_neither_slow_nor_late_to_a_breaker() {
    let (layer, throttle) = (touchy(), breaker::throttle::ThrottleLayer::default());
    let inside = |backend: &Backend| backend.endpoint().layer(throttle.clone()).layer(layer.clone());
    let handle = layer.handle();
    // The loser has had 55 ms; that of the second call, more than the whole call had.
    let backend = Backend::new([Hang, Reply(5)]);
    inside(&backend).layer(hedge(2)).call(&mut read(), 7).await.unwrap();
    let backend = Backend::new([Hang, Reply(5)]);
    let mut cx = read().with_deadline(Some(Instant::now() + 52 * MS));
    inside(&backend).layer(hedge(2)).call(&mut cx, 7).await.unwrap();
    let counts = handle.stats();
    assert_eq!((handle.state(), handle.reason()), (State::Closed, None));
    assert_eq!((counts.ok, counts.failed, counts.cancelled), (2, 0, 2));
    let counts = throttle.handle().stats();
    assert_eq!((counts.ok, counts.failed, counts.cancelled), (2, 0, 2));
    // A winner is what it is.
    let backend = Backend::new([Reply(12), Hang]);
    inside(&backend).layer(hedge(2)).call(&mut read(), 7).await.unwrap();
    assert_eq!(handle.reason(), Some(breaker::Reason::Slow { slow: 1, calls: 3 }));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_loses_decides_nothing_and_another_goes() {
    let layer = touchy();
    let handle = layer.handle();
    handle.force(breaker::Mode::ForcedOpen);
    handle.force(breaker::Mode::Automatic);
    let call = async |attempts: [Attempt; 2]| {
        let backend = Backend::new(attempts);
        // The breaker is the first attempt's; the second goes elsewhere.
        let guarded = backend.endpoint().layer(layer.clone());
        let endpoint =
            endpoint_with((guarded, backend.endpoint()), async |ways, cx, request: u32| match cx.attempts().number() {
                0 => ways.0.call(cx, request).await,
                _ => ways.1.call(cx, request).await,
            });
        endpoint.layer(hedge(2)).call(&mut read(), 7).await
    };
    call([Hang, Reply(5)]).await.unwrap();
    assert_eq!((handle.state(), handle.stats().cancelled), (State::HalfOpen, 1));
    call([Reply(5), Hang]).await.unwrap();
    assert_eq!(handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_given_up_together_lost_to_nobody() {
    let layer = touchy();
    let handle = layer.handle();
    let endpoint = Backend::new([Hang, Hang]).endpoint().layer(layer.clone()).layer(hedge(2));
    tokio::time::timeout(70 * MS, endpoint.call(&mut read(), 7)).await.unwrap_err();
    assert!(matches!(handle.reason(), Some(breaker::Reason::Slow { .. })), "{:?}", handle.reason());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_drops_every_attempt() {
    let (backend, health, layer) = (Backend::new([Hang, Hang]), Health::default(), hedge(2));
    let endpoint = Watched(backend.endpoint(), health.clone()).layer(layer.clone());
    tokio::time::timeout(70 * MS, endpoint.call(&mut read(), 7)).await.unwrap_err();
    assert_eq!(health.0.lock().unwrap().len(), 2);
    assert!(backend.seen().iter().all(|seen| seen.token.is_cancelled()));
    assert_eq!(layer.handle().stats().calls.cancelled, 1);
}

#[test]
fn its_future_is_no_more_than_three_times_its_inner_calls() {
    let inner = kit_core::endpoint_fn(async |_cx, request: [u8; 1_000]| Ok(request.len()));
    let (mut one, mut other) = (read(), read());
    let alone = size_of_val(&inner.call(&mut one, [0; 1_000]));
    let within = size_of_val(&inner.layer(hedge(2)).call(&mut other, [0; 1_000]));
    // The request, a context, and the first attempt; those after it are boxed.
    assert!(within <= 3 * alone, "{within} bytes round {alone}");
}
