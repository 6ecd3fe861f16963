use super::*;
use crate::health::Probe;

#[tokio::test(start_paused = true)]
async fn a_part_that_takes_too_long_to_stop_is_cut_off_and_reported_and_the_rest_stops_in_order() {
    let (stage, began) = (Stage::default(), Instant::now());
    let stopped = stage
        .lifecycle()
        .part("store", stage.part(S, S))
        .part("deaf", stage.doing(pending()))
        .part("http", stage.part(S, S))
        .run(sleep(5 * S))
        .await
        .unwrap();
    assert_eq!((stopped.forced, names(&stopped.aborted), stopped.is_clean()), (false, vec!["deaf"], false));
    assert_eq!(stopped.stuck.len(), 0);
    assert_eq!(
        stage.steps()[6..],
        ["http stopping", "http stopped", "deaf stopping", "deaf aborted", "store stopping", "store stopped"]
    );
    assert_eq!(stage.event("deaf", Step::Aborted).took, 10 * S);
    // The one below was asked when the one above was gone.
    assert_eq!((began.elapsed(), stage.living()), (17 * S, 0));
}

#[tokio::test(start_paused = true)]
async fn each_part_has_its_own_time_to_stop() {
    let stage = Stage::default();
    let (none, long) =
        (Limits { stop: Duration::ZERO, ..Limits::default() }, Limits { stop: 60 * S, ..Limits::default() });
    let lifecycle = stage.lifecycle().part_within("slow", long, stage.part(S, 59 * S));
    let stopped = lifecycle.part_within("quick", none, stage.part(S, S)).run(sleep(5 * S)).await.unwrap();
    assert_eq!(names(&stopped.aborted), ["quick"]);
    assert_eq!(stage.event("quick", Step::Aborted).took, Duration::ZERO);
    assert_eq!(stage.event("slow", Step::Stopped).took, 59 * S);
}

#[tokio::test(start_paused = true)]
async fn everything_goes_on_for_the_notice_while_readiness_is_refused() {
    let (stage, health, began) = (Stage::default(), Health::new(), Instant::now());
    let lifecycle = stage.lifecycle().health(&health).part("http", stage.part(S, S)).notice(5 * S);
    let probe = async {
        sleep(3 * S).await;
        (health.report(Probe::Readiness).await.is_healthy(), stage.steps().len())
    };
    let (stopped, (ready, steps)) = tokio::join!(lifecycle.run(sleep(2 * S)), probe);
    assert!(stopped.unwrap().is_clean());
    assert_eq!((ready, steps), (false, 2), "started, ready, and not asked to stop yet");
    assert_eq!(began.elapsed(), 8 * S);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_ends_because_another_was_stopped_has_not_failed() {
    let (stage, (send, mut receive)) = (Stage::default(), tokio::sync::mpsc::channel::<()>(1));
    let worker = stage.doing(async move {
        while receive.recv().await.is_some() {}
        Ok(())
    });
    let http = async move |part: Part| {
        part.ready();
        part.stopping().await;
        drop(send);
        sleep(S).await;
        Ok(())
    };
    assert!(stage.lifecycle().part("worker", worker).part("http", http).run(sleep(S)).await.unwrap().is_clean());
    assert_eq!(stage.steps()[4..], ["http stopping", "worker stopped", "http stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_while_it_stops_is_the_answer_and_the_others_stop_all_the_same() {
    let stage = Stage::default();
    let flush = async |part: Part| {
        part.ready();
        part.stopping().await;
        Err(Error::data_loss("the disk is full"))
    };
    let lifecycle = stage.lifecycle().part("store", stage.part(S, S)).part("log", flush).part("http", stage.part(S, S));
    let error = lifecycle.run(sleep(5 * S)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::DataLoss, "part log failed: the disk is full"));
    assert_eq!(
        stage.steps()[6..],
        ["http stopping", "http stopped", "log stopping", "log failed", "store stopping", "store stopped"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_may_hand_its_stop_to_a_task_or_ask_for_it() {
    let stage = Stage::default();
    let part = async |part: Part| {
        let watch = tokio::spawn(part.stopping());
        part.ready();
        assert!(!part.is_stopping());
        watch.await.expect("told");
        assert!(part.is_stopping());
        assert_eq!(part.name(), "http");
        Ok(())
    };
    assert!(stage.lifecycle().part("http", part).run(sleep(S)).await.unwrap().is_clean());
}

/// Nothing here depends on how fast the real clock goes, but that the lifecycle waits a second of it for the part: that blocks
/// until it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_blocks_its_thread_is_left_behind_by_name() {
    let (release, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let stage = Stage::default();
    let part = stage.doing(async move {
        let _ = blocked.recv();
        Ok(())
    });
    let now = Limits { stop: Duration::ZERO, ..Limits::default() };
    let stopped = stage.lifecycle().part_within("blocks", now, part).run(async {}).await.unwrap();
    assert_eq!((stopped.aborted.len(), names(&stopped.stuck), stopped.is_clean()), (0, vec!["blocks"], false));
    assert_eq!(stage.steps().last().unwrap(), "blocks stuck");
    drop(release);
}
