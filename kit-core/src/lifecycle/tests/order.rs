use std::sync::OnceLock;

use super::*;
use crate::health::Probe;

#[tokio::test(start_paused = true)]
async fn parts_start_in_order_and_stop_in_reverse() {
    let stage = Stage::default();
    let stopped = stage
        .lifecycle()
        .part("store", stage.part(3 * S, S))
        .part("consumer", stage.part(2 * S, 2 * S))
        .part("http", stage.part(S, 3 * S))
        .run(sleep(60 * S))
        .await
        .unwrap();
    assert!(stopped.is_clean());
    assert_eq!(
        stage.steps(),
        [
            "store starting",
            "store ready",
            "consumer starting",
            "consumer ready",
            "http starting",
            "http ready",
            "http stopping",
            "http stopped",
            "consumer stopping",
            "consumer stopped",
            "store stopping",
            "store stopped",
        ]
    );
    assert_eq!(stage.event("store", Step::Ready).took, 3 * S);
    assert_eq!(stage.event("http", Step::Stopped).took, 3 * S);
    assert_eq!(stage.living(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_announces_the_app_starts_last_and_ends_before_the_notice_wherever_it_was_added() {
    let (stage, health) = (Stage::default(), Health::new());
    let (seen, asked) = (Arc::new(Mutex::new(Vec::new())), health.clone());
    let look = Arc::clone(&seen);
    let announce = async move |part: Part| {
        let at_first = asked.report(Probe::Readiness).await.is_healthy();
        part.ready();
        part.stopping().await;
        let in_the_end = asked.report(Probe::Readiness).await.is_healthy();
        look.lock().unwrap().extend([at_first, in_the_end]);
        sleep(S).await;
        Ok(())
    };
    let (began, notice) = (Instant::now(), 5 * S);
    let lifecycle = stage.lifecycle().health(&health).notice(notice).announcement("registry", announce);
    let lifecycle = lifecycle.part("store", stage.part(S, S)).part("http", stage.part(S, S));
    let steps = async {
        // Withdrawn, and in the middle of the notice.
        sleep(15 * S).await;
        stage.steps()
    };
    let (stopped, steps) = tokio::join!(lifecycle.run(sleep(10 * S)), steps);
    assert!(stopped.unwrap().is_clean());
    let expected =
        ["store starting", "store ready", "http starting", "http ready", "registry starting", "registry ready"];
    assert_eq!(steps, [&expected[..], &["registry stopping", "registry stopped"]].concat());
    assert_eq!(*seen.lock().unwrap(), [true, false], "ready when it begins, and no more when it ends");
    assert_eq!(began.elapsed(), 10 * S + S + notice + 2 * S);
}

#[tokio::test(start_paused = true)]
async fn an_announcement_that_takes_too_long_to_end_is_cut_off_and_holds_up_nothing_else() {
    let stage = Stage::default();
    let lifecycle = stage.lifecycle().announcement("registry", stage.part(S, 60 * S)).part("http", stage.part(S, S));
    let stopped = lifecycle.run(sleep(10 * S)).await.unwrap();
    assert_eq!(stopped.aborted, ["registry".into()]);
    assert_eq!(stage.steps()[4..], ["registry stopping", "registry aborted", "http stopping", "http stopped"]);
    assert_eq!(stage.living(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_finds_what_the_one_before_it_has_made() {
    let (stage, store) = (Stage::default(), Arc::new(OnceLock::new()));
    let (made, used) = (Arc::clone(&store), Arc::new(Mutex::new(None)));
    let seen = Arc::clone(&used);
    let run = stage
        .lifecycle()
        .part("store", async move |part| {
            sleep(5 * S).await;
            made.set("rows").expect("made once");
            part.ready();
            part.stopping().await;
            Ok(())
        })
        .part("http", async move |part: Part| {
            *seen.lock().unwrap() = store.get().copied();
            part.ready();
            part.stopping().await;
            Ok(())
        })
        .run(sleep(10 * S));
    run.await.unwrap();
    assert_eq!(*used.lock().unwrap(), Some("rows"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_opens_the_way_and_has_not_failed() {
    let (stage, began) = (Stage::default(), Instant::now());
    let stopped = stage
        .lifecycle()
        .job("migrate", async |_part| {
            sleep(3 * S).await;
            Ok(())
        })
        .job(
            "warm up",
            stage.doing(async {
                sleep(4 * S).await;
                Ok(())
            }),
        )
        .part("http", stage.part(S, S))
        .run(sleep(10 * S))
        .await
        .unwrap();
    assert!(stopped.is_clean());
    assert_eq!(
        stage.steps(),
        [
            "migrate starting",
            "migrate done",
            "warm up starting",
            "warm up ready",
            "http starting",
            "http ready",
            "warm up done",
            "http stopping",
            "http stopped",
        ]
    );
    assert_eq!((stage.event("migrate", Step::Done).took, stage.event("http", Step::Ready).took), (3 * S, S));
    assert_eq!(began.elapsed(), 11 * S);
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_of_jobs_ends_with_the_last_of_them() {
    let (stage, began) = (Stage::default(), Instant::now());
    let one = stage.doing(async {
        sleep(5 * S).await;
        Ok(())
    });
    let two = stage.doing(async {
        sleep(2 * S).await;
        Ok(())
    });
    assert!(stage.lifecycle().job("one", one).job("two", two).run(pending()).await.unwrap().is_clean());
    assert_eq!((began.elapsed(), stage.living()), (5 * S, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_still_runs_is_stopped_like_any_part() {
    let stage = Stage::default();
    let stopped = stage.lifecycle().job("batch", stage.part(S, S)).run(sleep(2 * S)).await.unwrap();
    assert!(stopped.is_clean());
    assert_eq!(stage.steps(), ["batch starting", "batch ready", "batch stopping", "batch stopped"]);
}

#[tokio::test(start_paused = true)]
async fn the_run_is_send_and_may_be_a_task() {
    let stage = Stage::default();
    let run = stage.lifecycle().part("http", stage.part(S, S)).run(sleep(2 * S));
    assert!(tokio::spawn(run).await.unwrap().unwrap().is_clean());
}
