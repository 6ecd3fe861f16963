//! How long it waits between attempts, and what bounds the whole.

use super::*;

fn config(attempts: u32) -> Config {
    Config { attempts, first_pause: 10 * MS, max_pause: 50 * MS, ..Config::default() }
}

/// The pauses between attempts that failed in no time, for every seed of some.
async fn pauses(error: Error, attempts: u32) -> Vec<Vec<Duration>> {
    let mut all = Vec::new();
    for seed in 0..200 {
        let script = Script::failing((0..attempts).map(|_| error.clone()));
        let layer = RetryLayer::new(config(attempts)).unwrap().random(SeededRandom::new(seed));
        let began = Instant::now();
        script.endpoint().layer(layer).call(&mut read(), 7).await.unwrap_err();
        all.push(script.at(began).windows(2).map(|pair| pair[1] - pair[0]).collect());
    }
    all
}

/// A timer goes off at the next whole millisecond.
const GRAIN: Duration = MS;

#[tokio::test(start_paused = true)]
async fn pauses_are_drawn_from_zero_to_a_limit_that_doubles_until_it_is_the_highest() {
    let all = pauses(down(), 6).await;
    for (n, limit) in [10, 20, 40, 50, 50].map(|ms| ms * MS).into_iter().enumerate() {
        let drawn: Vec<_> = all.iter().map(|pauses| pauses[n]).collect();
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!(*most <= limit + GRAIN && *most > limit * 9 / 10, "{most:?} of {limit:?}");
        assert!(*least <= limit / 10 + GRAIN, "{least:?} of {limit:?}");
        let mean = drawn.iter().sum::<Duration>() / drawn.len() as u32;
        assert!(mean > limit * 2 / 5 && mean < limit * 3 / 5 + GRAIN, "{mean:?} of {limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_was_asked_at_least_half_of_the_limit_is_waited() {
    let nobody = down().with_outcome(Outcome::Rejected).with_retry(Retry::Safe);
    for pauses in pauses(nobody, 4).await {
        for (pause, limit) in pauses.into_iter().zip([10, 20, 40]) {
            assert!(pause >= limit * MS / 2 && pause <= limit * MS + GRAIN, "{pause:?} of {limit} ms");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_nobody_to_call_it_does_not_spin() {
    let nobody = down().with_outcome(Outcome::Rejected).with_retry(Retry::Safe);
    let script = Script::failing((0..1_000).map(|_| nobody.clone()));
    let endpoint = script.endpoint().layer(retry(999)).layer(TimeoutLayer::new(Duration::from_secs(10)).unwrap());
    let (began, mut cx) = (Instant::now(), read());
    let error = endpoint.call(&mut cx, 7).await.unwrap_err();
    assert_eq!(gave_up(&error).0, Why::Deadline);
    // Go kit's made 36,866 in 50 ms. 25 + 50 + 100 + … + 1,000 ms, by halves, then one in half a second or more.
    assert!(script.made() <= 25, "{} attempts", script.made());
    assert!(began.elapsed() <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_callee_asks_for_is_kept_and_a_drawn_one_added() {
    let busy = down().with_retry(Retry::After(2_000 * MS));
    for pauses in pauses(busy, 3).await {
        for (pause, limit) in pauses.into_iter().zip([10, 20]) {
            assert!(pause >= 2_000 * MS && pause <= (2_000 + limit) * MS + GRAIN, "{pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_past_the_deadline_or_longer_than_is_allowed_is_not_waited() {
    for (asked, left, why) in
        [(3_000, 2_000, Why::Deadline), (10_001, 60_000, Why::Pause), (2_000, 2_000, Why::Deadline)]
    {
        let hint = Retry::After(asked * MS);
        let script = Script::failing([down().with_retry(hint)]);
        let began = Instant::now();
        let mut cx = read().with_deadline(Some(began + left * MS));
        let error = script.endpoint().layer(retry(3)).call(&mut cx, 7).await.unwrap_err();
        assert_eq!((gave_up(&error), error.retry()), ((why, 1), hint), "who has more time may wait");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_all_attempts_and_keeps_what_they_failed_with() {
    let script = Script::new([Answer::Fail(down()), Answer::Hang]);
    let began = Instant::now();
    let mut cx = read().with_deadline(Some(began + 500 * MS));
    let error = script.endpoint().layer(retry(9)).call(&mut cx, 7).await.unwrap_err();
    assert_eq!(began.elapsed(), 500 * MS);
    assert_eq!((error.code(), gave_up(&error)), (Code::DeadlineExceeded, (Why::Deadline, 2)));
    assert_eq!(cx.now(), Instant::now(), "who stands outside knows the time");
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_limit_of_its_own_within_the_deadline() {
    let script = Script::new([Answer::Hang, Answer::Hang]);
    let layer = RetryLayer::new(Config { per_try: Some(100 * MS), ..config(3) }).unwrap();
    let began = Instant::now();
    assert_eq!(script.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap(), 7);
    let at = script.at(began);
    assert!(at[1] >= 100 * MS && at[1] <= 111 * MS && at[2] - at[1] >= 100 * MS, "{at:?}");

    let script = Script::new([Answer::Hang]);
    let began = Instant::now();
    let mut cx = read().with_deadline(Some(began + 40 * MS));
    let error = script.endpoint().layer(layer).call(&mut cx, 7).await.unwrap_err();
    assert_eq!(error.cause::<Elapsed>().expect("kept").limit(), 40 * MS);
    assert_eq!((began.elapsed(), gave_up(&error)), (40 * MS, (Why::Deadline, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_run_is_not_repeated_after_its_limit() {
    let script = Script::new([Answer::Hang]);
    let layer = RetryLayer::new(Config { per_try: Some(100 * MS), ..config(3) }).unwrap();
    let mut cx = Context::new();
    cx.set_method(&WRITE);
    let error = script.endpoint().layer(layer).call(&mut cx, 7).await.unwrap_err();
    assert_eq!((error.code(), error.retry(), script.made()), (Code::DeadlineExceeded, Retry::MayHaveRun, 1));
}
