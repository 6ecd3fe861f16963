use std::sync::OnceLock;

use super::*;

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
