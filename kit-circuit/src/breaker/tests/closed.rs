use futures_util::FutureExt as _;

use super::*;

#[tokio::test(start_paused = true)]
async fn gobreaker_opens_on_the_sixth_failure_in_a_row_for_a_minute_and_lets_one_through() {
    let play = play_with(BreakerLayer::gobreaker());
    play.pass(&[Reply; 100]).await;
    play.pass(&[Fail; 6]).await;
    for _ in 0..10 {
        assert_eq!(play.refused().await.left(), Some(60 * SECOND));
    }
    advance(60 * SECOND - Duration::from_nanos(1)).await;
    assert_eq!(play.refused().await.left(), Some(Duration::from_nanos(1)));
    advance(Duration::from_nanos(1)).await;
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail; 5]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.assert_counts(101, 11, 0, 11);
}

#[tokio::test(start_paused = true)]
async fn whatever_worked_ends_a_row_of_failures() {
    let play = play(three());
    play.pass(&[Fail, Fail, Reply, Fail, Fail, Business, Fail, Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Consecutive { failures: 3 }));
}

#[tokio::test(start_paused = true)]
async fn refusals_further_in_and_cancellations_neither_end_a_row_nor_make_it_longer() {
    let play = play(three());
    play.pass(&[Fail, Rejected, Fail, Rejected, Rejected, Rejected]).await;
    for _ in 0..5 {
        let mut cx = Context::new();
        let call = tokio::time::timeout(SECOND, play.endpoint.call(&mut cx, Hang));
        assert!(call.await.is_err());
    }
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Open);
    play.assert_counts(0, 3, 9, 0);
}

#[tokio::test(start_paused = true)]
async fn the_default_opens_on_five_in_a_row_and_on_half_of_twenty() {
    let play = play(Config::default());
    play.pass(&[Fail; 5]).await;
    assert_eq!(play.breaker.state(), State::Open);
    let play = play_with(BreakerLayer::default());
    for _ in 0..9 {
        play.pass(&[Reply, Fail]).await;
    }
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 10, calls: 20 }));
}

#[tokio::test(start_paused = true)]
async fn strategies_work_together_and_each_keeps_its_counts() {
    struct Third(AtomicU32);
    impl Strategy for Third {
        fn record(&self, call: &Call) -> Option<Reason> {
            let failures = (call.verdict() == Verdict::Failed).then(|| self.0.fetch_add(1, Ordering::Relaxed) + 1)?;
            (failures >= 3).then_some(Reason::Other("three in all"))
        }

        fn reset(&self, _number: u64) {
            self.0.store(0, Ordering::Relaxed);
        }
    }
    let ratio = Ratio { ratio: 0.5, min_calls: 10, window: Window::Calls(10) };
    let both = (Third(AtomicU32::new(0)), FailureRatio::new(ratio).unwrap());
    let play = play_with(BreakerLayer::with(three(), both).unwrap());
    play.pass(&[Fail, Reply, Fail, Reply, Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Other("three in all")));
    // Closed again, it begins anew.
    advance(10 * SECOND).await;
    play.pass(&[Reply, Fail, Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Consecutive { failures: 3 }), "the first of two reasons");
}

#[tokio::test(start_paused = true)]
async fn endpoints_of_one_layer_share_one_breaker() {
    let layer = BreakerLayer::new(three()).unwrap();
    let (one, other) = (layer.layer(backend(Arc::default())), layer.clone().layer(backend(Arc::default())));
    for _ in 0..3 {
        one.call(&mut Context::new(), Fail).await.unwrap_err();
    }
    let error = other.call(&mut Context::new(), Reply).await.unwrap_err();
    assert!(error.cause::<Open>().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_after_the_breaker_has_moved_on_decides_nothing() {
    let play = play(three());
    let mut late = Context::new();
    let mut late = Box::pin(play.endpoint.call(&mut late, FailAfter(10 * SECOND)));
    assert!(late.as_mut().now_or_never().is_none());
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail, Fail]).await;
    late.await.unwrap_err();
    assert_eq!(play.breaker.state(), State::Closed, "it was let in before");
    play.assert_counts(1, 6, 0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_success_that_never_waits_reads_no_clock_and_a_failure_one() {
    let play = play(Config::default());
    let mut cx = Context::new();
    play.endpoint.call(&mut cx, Reply).await.unwrap();
    assert_eq!(cx.clock_reads(), 1, "the context's own, when it was made");
    play.endpoint.call(&mut cx, Fail).await.unwrap_err();
    assert_eq!(cx.clock_reads(), 2);
}
