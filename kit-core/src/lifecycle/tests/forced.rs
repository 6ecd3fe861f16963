use tokio::task::yield_now;

use super::*;
use crate::health::Probe;

#[tokio::test(start_paused = true)]
async fn a_second_signal_cuts_everything_off_at_once() {
    let (stage, began) = (Stage::default(), Instant::now());
    let stopped = stage
        .lifecycle()
        .part("store", stage.part(S, 9 * S))
        .part("http", stage.part(S, 9 * S))
        .force(sleep(7 * S))
        .run(sleep(5 * S))
        .await
        .unwrap();
    assert_eq!((began.elapsed(), stage.living()), (7 * S, 0));
    assert!(stopped.forced && !stopped.is_clean());
    let mut aborted = names(&stopped.aborted);
    aborted.sort();
    assert_eq!(aborted, ["http", "store"]);
    assert_eq!(stage.event("http", Step::Forced).took, 2 * S);
    assert_eq!(stage.event("store", Step::Forced).took, Duration::ZERO, "it had not been asked yet");
}

#[tokio::test(start_paused = true)]
async fn the_second_signal_ends_a_start_and_a_notice_as_well() {
    let (stage, began) = (Stage::default(), Instant::now());
    let lifecycle = stage.lifecycle().part("slow", stage.part(20 * S, S)).force(sleep(3 * S));
    assert!(lifecycle.run(sleep(2 * S)).await.unwrap().forced);
    assert_eq!((began.elapsed(), stage.living()), (3 * S, 0));

    let lifecycle = stage.lifecycle().part("http", stage.part(S, S)).notice(60 * S).force(sleep(5 * S));
    assert!(lifecycle.run(sleep(2 * S)).await.unwrap().forced);
    assert_eq!((began.elapsed(), stage.living()), (8 * S, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_stays_the_answer_when_the_rest_is_forced() {
    let stage = Stage::default();
    let fails = stage.doing(async {
        sleep(S).await;
        Err(Error::unavailable("gone"))
    });
    let lifecycle = stage.lifecycle().part("store", stage.part(S, 60 * S)).part("http", fails).force(sleep(4 * S));
    assert_eq!(lifecycle.run(pending()).await.unwrap_err().message(), "part http failed: gone");
    assert_eq!(stage.living(), 0);
    assert_eq!(stage.event("store", Step::Forced).took, 2 * S);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_leaves_nothing_and_is_not_ready() {
    let (stage, health) = (Stage::default(), Health::new());
    let lifecycle = stage.lifecycle().health(&health).part("store", stage.part(S, S)).part("http", stage.part(S, S));
    {
        let run = lifecycle.run(pending());
        let mut run = std::pin::pin!(run);
        assert!(tokio::time::timeout(5 * S, run.as_mut()).await.is_err());
        assert!(health.report(Probe::Readiness).await.is_healthy());
        assert_eq!(stage.living(), 2);
    }
    yield_now().await;
    assert_eq!(stage.living(), 0);
    assert!(!health.report(Probe::Readiness).await.is_healthy());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_while_it_starts_or_stops_leaves_nothing() {
    let stage = Stage::default();
    for at in [S / 2, S * 3 / 2, S * 7 / 2, S * 9 / 2] {
        let lifecycle = stage.lifecycle().part("store", stage.part(S, S)).part("http", stage.part(S, S));
        assert!(tokio::time::timeout(at, lifecycle.run(sleep(3 * S))).await.is_err());
        yield_now().await;
        assert_eq!(stage.living(), 0, "dropped after {at:?}");
    }
}

#[tokio::test]
async fn a_lifecycle_that_is_never_run_starts_nothing() {
    let stage = Stage::default();
    drop(stage.lifecycle().part("http", stage.part(S, S)));
    let run = stage.lifecycle().part("http", stage.part(S, S)).run(pending());
    drop(run);
    yield_now().await;
    assert_eq!((stage.steps().len(), stage.living()), (0, 0));
}
