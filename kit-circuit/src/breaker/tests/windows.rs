use super::*;

fn failures(ratio: f64, min_calls: u32, window: Window) -> Config {
    let failures = Some(Ratio { ratio, min_calls, window });
    Config { consecutive: None, failures, open: OpenTime::fixed(10 * SECOND), ..Config::default() }
}

const TEN_SECONDS: Window = Window::Time(Duration::from_secs(10));

#[tokio::test(start_paused = true)]
async fn a_share_of_few_calls_opens_nothing() {
    for window in [TEN_SECONDS, Window::Calls(50)] {
        let play = play(failures(0.5, 20, window));
        play.pass(&[Fail; 19]).await;
        assert_eq!(play.breaker.state(), State::Closed);
        play.pass(&[Fail]).await;
        assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 20, calls: 20 }));
    }
}

#[tokio::test(start_paused = true)]
async fn the_share_itself_opens_and_less_does_not() {
    for window in [TEN_SECONDS, Window::Calls(100)] {
        let play = play(failures(0.25, 8, window));
        for _ in 0..5 {
            play.pass(&[Reply, Reply, Reply, Reply, Fail]).await;
        }
        assert_eq!(play.breaker.state(), State::Closed);
        play.pass(&[Fail, Fail]).await;
        assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 7, calls: 27 }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_opens_nothing() {
    for window in [TEN_SECONDS, Window::Calls(20)] {
        let play = play(failures(0.5, 10, window));
        play.pass(&[Fail; 9]).await;
        play.pass(&[Reply; 3]).await;
        assert_eq!(play.breaker.state(), State::Closed);
        play.pass(&[Fail]).await;
        assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 10, calls: 13 }));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_leave_a_window_of_calls_one_by_one() {
    let play = play(failures(1.0, 4, Window::Calls(4)));
    play.pass(&[Fail, Fail, Fail, Reply, Fail, Fail, Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    advance(1_000 * SECOND).await;
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 4, calls: 4 }), "however old");
}

#[tokio::test(start_paused = true)]
async fn calls_leave_a_window_of_time_by_a_tenth() {
    let play = play(failures(0.5, 10, TEN_SECONDS));
    play.pass(&[Fail; 5]).await;
    advance(5 * SECOND).await;
    play.pass(&[Fail; 4]).await;
    // The first second has left, the sixth has not.
    advance(5 * SECOND).await;
    play.pass(&[Fail; 5]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 10, calls: 10 }));
}

#[tokio::test(start_paused = true)]
async fn after_a_long_silence_nothing_is_left_in_a_window_of_time() {
    let play = play(failures(0.5, 10, TEN_SECONDS));
    for _ in 0..20 {
        play.pass(&[Fail; 9]).await;
        advance(10 * SECOND).await;
    }
    assert_eq!(play.breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_closes_again_begins_with_an_empty_window() {
    for window in [TEN_SECONDS, Window::Calls(10)] {
        let play = play(failures(0.5, 2, window));
        play.pass(&[Fail, Fail]).await;
        advance(10 * SECOND).await;
        play.pass(&[Reply, Fail]).await;
        assert_eq!(play.breaker.state(), State::Closed);
        play.pass(&[Fail]).await;
        assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 2, calls: 2 }), "the probe is not in it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_of_slow_calls_opens_however_they_end() {
    let slow = Some(Slow { min_calls: 4, ..Slow::over(SECOND) });
    let play = play(Config { slow, ..failures(1.0, 100, Window::Calls(100)) });
    play.pass(&[After(SECOND / 2), After(SECOND), FailAfter(2 * SECOND)]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Reply, After(SECOND)]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Slow { slow: 3, calls: 5 }));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_another_size_keeps_what_was_counted() {
    let sizes = [Window::Calls(40), Window::Calls(20), TEN_SECONDS, Window::Time(60 * SECOND), Window::Calls(50)];
    let play = play(failures(0.5, 20, Window::Calls(30)));
    play.pass(&[Fail; 9]).await;
    play.pass(&[Reply; 9]).await;
    for window in sizes {
        play.breaker.set(failures(0.5, 20, window)).unwrap();
        assert_eq!(play.breaker.config().failures.unwrap().window, window);
        assert_eq!(play.breaker.state(), State::Closed);
    }
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.state(), State::Closed, "nineteen calls");
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 11, calls: 20 }));
}

#[tokio::test(start_paused = true)]
async fn a_smaller_window_keeps_the_share() {
    let play = play(failures(0.6, 4, Window::Calls(100)));
    for _ in 0..20 {
        play.pass(&[Reply, Fail]).await;
    }
    play.breaker.set(failures(0.6, 10, Window::Calls(10))).unwrap();
    play.pass(&[Fail]).await;
    // Five of ten were kept as the latest, and the oldest, which had worked, made room.
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 6, calls: 10 }));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_clock_is_behind_spoils_no_window() {
    let play = play(failures(0.5, 4, TEN_SECONDS));
    let old = Instant::now();
    advance(60 * SECOND).await;
    play.pass(&[Reply, Reply, Reply]).await;
    // Its context has waited unstamped.
    for _ in 0..3 {
        play.endpoint.call(&mut Context::at(old), Reply).await.unwrap();
    }
    play.pass(&[Fail; 5]).await;
    assert_eq!(play.breaker.state(), State::Closed);
    play.pass(&[Fail]).await;
    assert_eq!(play.breaker.reason(), Some(Reason::Failures { failed: 6, calls: 12 }));
}
