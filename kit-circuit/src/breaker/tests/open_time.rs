use super::*;

/// Opens on every failure.
fn one(open: OpenTime) -> Config {
    Config { consecutive: Some(1), failures: None, open, ..Config::default() }
}

#[tokio::test(start_paused = true)]
async fn it_doubles_while_probes_fail_up_to_the_longest() {
    let play = play(one(OpenTime { jitter: 0.0, ..OpenTime::default() }));
    for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
        play.pass(&[Fail]).await;
        assert_eq!(play.refused().await.left(), Some(seconds * SECOND));
        advance(seconds * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_grows_while_the_backend_flaps_and_begins_anew_after_it_was_well_for_as_long() {
    let play = play(one(OpenTime { jitter: 0.0, ..OpenTime::default() }));
    for seconds in [5, 10, 20] {
        play.pass(&[Fail]).await;
        assert_eq!(play.refused().await.left(), Some(seconds * SECOND));
        advance(seconds * SECOND).await;
        play.pass(&[Reply]).await;
        advance(2 * SECOND).await;
    }
    // Closed for 20 s, as long as it was last open.
    advance(18 * SECOND).await;
    play.pass(&[Fail]).await;
    assert_eq!(play.refused().await.left(), Some(5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn chance_lengthens_it_by_up_to_its_share() {
    let mut lefts = Vec::new();
    let random = Arc::new(SeededRandom::new(7));
    for _ in 0..200 {
        let layer = BreakerLayer::new(one(OpenTime { jitter: 0.5, ..OpenTime::exponential(10 * SECOND) })).unwrap();
        let (breaker, endpoint) = (layer.handle(), layer.random(Arc::clone(&random)).layer(backend(Arc::default())));
        endpoint.call(&mut Context::new(), Fail).await.unwrap_err();
        lefts.push(breaker.status().until.unwrap() - Instant::now());
    }
    assert!(lefts.iter().all(|left| (10 * SECOND..15 * SECOND).contains(left)), "{lefts:?}");
    let mean = lefts.iter().sum::<Duration>() / 200;
    assert!(mean.abs_diff(12_500 * SECOND / 1_000) < SECOND / 4, "{mean:?}");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_says_when_to_come_back_is_taken_at_its_word() {
    let play = play(one(OpenTime { jitter: 0.0, ..OpenTime::default() }));
    play.pass(&[FailUntil(42 * SECOND)]).await;
    assert_eq!(play.refused().await.left(), Some(42 * SECOND));
    advance(42 * SECOND).await;
    // A probe's word too, within the bound; a word of no time is none.
    play.pass(&[FailUntil(5_000 * SECOND)]).await;
    assert_eq!(play.refused().await.left(), Some(300 * SECOND));
    advance(300 * SECOND).await;
    play.pass(&[FailUntil(Duration::ZERO)]).await;
    assert_eq!(play.refused().await.left(), Some(20 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_fixed_time_is_always_the_same_and_asks_no_backend() {
    let play = play(one(OpenTime::fixed(3 * SECOND)));
    for ending in [Fail, FailUntil(42 * SECOND), Fail] {
        play.pass(&[ending]).await;
        assert_eq!(play.refused().await.left(), Some(3 * SECOND));
        advance(3 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_past_the_end_of_time_holds() {
    let play = play(one(OpenTime::fixed(Duration::MAX)));
    play.pass(&[Fail]).await;
    assert!(play.refused().await.left().unwrap() > 100 * 365 * 86_400 * SECOND);
    assert!(play.breaker.status().until.is_some());
    advance(100 * 86_400 * SECOND).await;
    play.refused().await;
}
