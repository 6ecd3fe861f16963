use futures_util::FutureExt as _;

use super::*;

fn probing(probes: u16, successes: u16) -> Config {
    Config { half_open: HalfOpen { probes, successes, stay: 30 * SECOND }, ..three() }
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_again() {
    let play = play(probing(1, 2));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::HalfOpen, "two are needed");
    play.pass(&[Fail]).await;
    assert_eq!((play.breaker.state(), play.breaker.reason()), (State::Open, Some(Reason::Probe)));
    assert_eq!(play.refused().await.left(), Some(10 * SECOND));
    advance(10 * SECOND).await;
    play.pass(&[Reply, Business]).await;
    assert_eq!(play.changes(), [State::Open, State::HalfOpen, State::Open, State::HalfOpen, State::Closed]);
}

/// Sends calls that hang until no more pass: how many did.
async fn out(config: Config) -> u32 {
    let play = play(config);
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    let mut contexts: Vec<_> = (0..20).map(|_| Context::new()).collect();
    let mut calls: Vec<_> = contexts.iter_mut().map(|cx| Box::pin(play.endpoint.call(cx, Hang))).collect();
    for call in &mut calls {
        if let Some(result) = call.as_mut().now_or_never() {
            let open = *result.unwrap_err().cause::<Open>().expect("refused");
            assert_eq!((open.state(), open.left()), (State::HalfOpen, None));
        }
    }
    play.reached() - 3
}

#[tokio::test(start_paused = true)]
async fn as_many_probes_go_at_once_as_are_permitted() {
    assert_eq!(out(probing(1, 1)).await, 1);
    assert_eq!(out(probing(1, 5)).await, 1);
    assert_eq!(out(probing(7, 7)).await, 7);
    assert_eq!(out(probing(7, 2)).await, 7);
}

#[tokio::test(start_paused = true)]
async fn no_more_probes_go_than_can_be_needed() {
    let play = play(probing(3, 3));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[Reply]).await;
    let (mut one, mut two) = (Context::new(), Context::new());
    let mut hanging = [&mut one, &mut two].map(|cx| Box::pin(play.endpoint.call(cx, Hang)));
    for call in &mut hanging {
        assert!(call.as_mut().now_or_never().is_none());
    }
    assert_eq!(play.refused().await.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn the_next_call_takes_the_place_of_a_probe_that_was_abandoned_or_refused_further_in() {
    let play = play(probing(1, 1));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[Rejected]).await;
    let mut cx = Context::new();
    let mut call = Box::pin(play.endpoint.call(&mut cx, Hang));
    assert!(call.as_mut().now_or_never().is_none());
    play.refused().await;
    drop(call);
    assert_eq!(play.breaker.state(), State::HalfOpen);
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.assert_counts(1, 3, 2, 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_has_failed() {
    let play = play(probing(1, 1));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    let mut cx = Context::new();
    let call = std::panic::AssertUnwindSafe(play.endpoint.call(&mut cx, Panic));
    assert!(call.catch_unwind().await.is_err());
    assert_eq!((play.breaker.state(), play.breaker.reason()), (State::Open, Some(Reason::Probe)));
}

#[tokio::test(start_paused = true)]
async fn probes_that_do_not_answer_within_the_longest_stay_open_it_again() {
    let play = play(probing(2, 1));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    let mut cx = Context::new();
    let mut hung = Box::pin(play.endpoint.call(&mut cx, After(40 * SECOND)));
    assert!(hung.as_mut().now_or_never().is_none());
    advance(30 * SECOND).await;
    assert_eq!(play.refused().await.left(), Some(10 * SECOND));
    assert_eq!((play.breaker.state(), play.breaker.reason()), (State::Open, Some(Reason::Undecided)));
    // Its success comes too late to count, and takes nobody's place.
    hung.await.unwrap();
    assert_eq!(play.breaker.state(), State::Open);
    play.pass(&[Reply]).await;
    assert_eq!(play.breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_whose_probes_were_all_abandoned_sends_others_however_late() {
    let play = play(probing(1, 1));
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[Rejected]).await;
    advance(1_000 * SECOND).await;
    let mut cx = Context::new();
    let mut call = Box::pin(play.endpoint.call(&mut cx, Hang));
    assert!(call.as_mut().now_or_never().is_none());
    // The new probe has its own stay.
    assert_eq!(play.refused().await.state(), State::HalfOpen);
    advance(30 * SECOND).await;
    assert_eq!(play.refused().await.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_slow_probe_opens_it_again_where_slow_calls_count() {
    let play = play(Config { slow: Some(Slow::over(2 * SECOND)), ..probing(1, 1) });
    play.pass(&[Fail; 3]).await;
    advance(10 * SECOND).await;
    play.pass(&[After(2 * SECOND)]).await;
    assert_eq!((play.breaker.state(), play.breaker.reason()), (State::Open, Some(Reason::SlowProbe)));
    advance(10 * SECOND).await;
    play.pass(&[After(SECOND)]).await;
    assert_eq!(play.breaker.state(), State::Closed);
}
