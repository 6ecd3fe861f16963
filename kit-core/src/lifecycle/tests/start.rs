use super::*;
use crate::health::Probe;

#[tokio::test(start_paused = true)]
async fn a_part_that_is_not_ready_in_time_fails_the_start_and_the_next_never_starts() {
    let (stage, began) = (Stage::default(), Instant::now());
    let error = stage
        .lifecycle()
        .part("store", stage.part(S, 2 * S))
        .part("consumer", stage.part(31 * S, S))
        .part("http", stage.part(S, S))
        .run(pending())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(error.message(), "part consumer failed: it was not ready within 30s");
    let failed = error.cause::<PartFailed>().unwrap();
    assert_eq!(failed.name(), "consumer");
    assert!(matches!(failed.error().cause(), Some(Misstep::NotReady { within }) if *within == 30 * S));
    assert_eq!(
        stage.steps(),
        ["store starting", "store ready", "consumer starting", "consumer failed", "store stopping", "store stopped"]
    );
    // Cut off at once: it had its time.
    assert_eq!((began.elapsed(), stage.living()), (33 * S, 0));
}

#[tokio::test(start_paused = true)]
async fn the_start_has_the_limit_it_is_given() {
    let stage = Stage::default();
    let (short, long) = (Limits { start: S, ..Limits::default() }, Limits { start: 60 * S, ..Limits::default() });
    let lifecycle = stage.lifecycle().part_within("slow", long, stage.part(45 * S, S));
    let error = lifecycle.part("late", stage.part(2 * S, S)).limits(short).run(pending()).await.unwrap_err();
    assert_eq!(error.message(), "part late failed: it was not ready within 1s");
    assert_eq!(stage.event("slow", Step::Ready).took, 45 * S);
}

#[tokio::test(start_paused = true)]
async fn readiness_is_refused_until_every_part_is_ready() {
    let (stage, health) = (Stage::default(), Health::new());
    let lifecycle = stage.lifecycle().health(&health).part("store", stage.part(S, S)).part("http", stage.part(S, S));
    let probes = async {
        let mut ready = Vec::new();
        sleep(S / 4).await;
        for _ in 0..9 {
            ready.push(health.report(Probe::Readiness).await.is_healthy());
            sleep(S / 2).await;
        }
        ready
    };
    // Up from second 2 to 3.5, asked at 0.25, 0.75 …
    let (stopped, ready) = tokio::join!(lifecycle.run(sleep(S * 7 / 2)), probes);
    stopped.unwrap();
    assert_eq!(ready, [false, false, false, false, true, true, true, false, false]);
    assert!(health.report(Probe::Liveness).await.is_healthy());
}

#[tokio::test(start_paused = true)]
async fn a_part_that_gives_its_line_away_is_not_ready_and_a_job_is_when_it_ends() {
    let stage = Stage::default();
    let mute = |part: Part| {
        drop(part);
        Box::pin(async {
            sleep(20 * S).await;
            Ok(())
        })
    };
    let error = stage.lifecycle().job("job", mute).part("part", mute).run(pending()).await.unwrap_err();
    assert!(matches!(error.cause(), Some(Misstep::EndedUnasked)));
    assert_eq!(stage.steps(), ["job starting", "job done", "part starting", "part failed"]);
    assert_eq!(stage.event("part", Step::Failed).took, 20 * S);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_the_start_asks_the_part_that_starts_and_starts_no_other() {
    let (stage, began) = (Stage::default(), Instant::now());
    let heeds = async |part: Part| {
        tokio::select! {
            () = sleep(20 * S) => part.ready(),
            () = part.stopping() => {}
        }
        Ok(())
    };
    let stopped = stage
        .lifecycle()
        .part("store", stage.part(S, S))
        .part("consumer", heeds)
        .part("http", stage.part(S, S))
        .notice(100 * S) // it never was ready: nobody needs to notice
        .run(sleep(5 * S))
        .await
        .unwrap();
    assert!(stopped.is_clean());
    assert_eq!(
        stage.steps()[2..],
        ["consumer starting", "consumer stopping", "consumer stopped", "store stopping", "store stopped"]
    );
    assert_eq!(began.elapsed(), 6 * S);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_run_is_refused_before_anything_starts() {
    let stage = Stage::default();
    let refused = async |lifecycle: Lifecycle| {
        let error = lifecycle.run(pending()).await.unwrap_err();
        assert_eq!((error.code(), stage.steps().len()), (Code::InvalidArgument, 0));
        error.message().to_owned()
    };
    assert_eq!(refused(stage.lifecycle()).await, "a lifecycle without parts");
    let twice = stage.lifecycle().part("a", stage.part(S, S)).part("b", stage.part(S, S)).part("a", stage.part(S, S));
    assert_eq!(refused(twice).await, r#"two parts are named "a""#);
    let never = Limits { start: Duration::ZERO, ..Limits::default() };
    let never = stage.lifecycle().part_within("a", never, stage.part(S, S));
    assert_eq!(refused(never).await, r#"the start limit of part "a" is zero"#);
}
