use super::*;
use crate::recover::Panicked;

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_stops_all_and_its_name_and_error_are_the_answer() {
    let stage = Stage::default();
    let consumer = stage.doing(async {
        sleep(7 * S).await;
        Err(Error::unavailable("the broker is gone"))
    });
    let error = stage
        .lifecycle()
        .part("store", stage.part(S, S))
        .part("consumer", consumer)
        .part("http", stage.part(S, S))
        .run(pending())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "part consumer failed: the broker is gone"));
    let failed = error.cause::<PartFailed>().unwrap();
    assert_eq!((failed.name(), failed.error().message()), ("consumer", "the broker is gone"));
    assert_eq!(error.id(), failed.error().id(), "the log knows it by one id");
    assert_eq!(
        stage.steps()[6..],
        ["consumer failed", "http stopping", "http stopped", "store stopping", "store stopped"]
    );
    let event = stage.event("consumer", Step::Failed);
    assert_eq!((event.took, event.error.unwrap().id()), (7 * S, error.id()));
    assert_eq!(stage.living(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_to_start_stops_what_was_started() {
    let stage = Stage::default();
    let http = async |_part| {
        sleep(S).await;
        Err(Error::unavailable("cannot listen on 127.0.0.1:80: in use"))
    };
    let lifecycle = stage.lifecycle().part("store", stage.part(S, S)).part("http", http);
    let error = lifecycle.part("late", stage.part(S, S)).run(pending()).await.unwrap_err();
    assert_eq!(error.message(), "part http failed: cannot listen on 127.0.0.1:80: in use");
    assert_eq!(stage.steps()[2..], ["http starting", "http failed", "store stopping", "store stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_while_another_starts_ends_the_start() {
    let (stage, began) = (Stage::default(), Instant::now());
    let store = stage.doing(async {
        sleep(2 * S).await;
        Err(Error::data_loss("torn page"))
    });
    let error = stage.lifecycle().part("store", store).part("slow", stage.part(20 * S, S)).run(pending()).await;
    assert_eq!(error.unwrap_err().code(), Code::DataLoss);
    assert_eq!(stage.steps()[2..], ["slow starting", "store failed", "slow stopping", "slow aborted"]);
    assert_eq!((began.elapsed(), stage.living()), (12 * S, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_like_any_other_also_before_the_first_await() {
    let (stage, later) = (Stage::default(), Stage::default());
    let lifecycle = stage.lifecycle().part("store", stage.part(S, S));
    let error = lifecycle.part("http", stage.doing(async { panic!("oh") })).run(pending()).await.unwrap_err();
    assert!(error.cause::<Error>().unwrap().is_bug());
    assert_eq!((error.code(), error.cause::<Panicked>().unwrap().message()), (Code::Internal, "oh"));
    assert_eq!(error.cause::<PartFailed>().unwrap().name(), "http");
    assert_eq!(stage.living(), 0);

    let made = |_part: Part| -> Told { panic!("while it is made") };
    let error = later.lifecycle().part("http", made).run(pending()).await.unwrap_err();
    assert_eq!(error.cause::<Panicked>().unwrap().message(), "while it is made");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_ends_unasked_has_failed() {
    let stage = Stage::default();
    let done = stage.doing(async {
        sleep(3 * S).await;
        Ok(())
    });
    let error = stage.lifecycle().part("store", stage.part(S, S)).part("consumer", done).run(pending()).await;
    let error = error.unwrap_err();
    assert_eq!(error.message(), "part consumer failed: it ended without being asked to");
    assert!(matches!(error.cause(), Some(Misstep::EndedUnasked)));
    assert_eq!(stage.steps()[4..], ["consumer failed", "store stopping", "store stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_stops_all() {
    let stage = Stage::default();
    let migrate = async |_part| Err(Error::failed_precondition("schema 7 is newer than this build"));
    let error = stage.lifecycle().job("migrate", migrate).part("http", stage.part(S, S)).run(pending()).await;
    assert_eq!(error.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(stage.steps(), ["migrate starting", "migrate failed"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_is_the_answer_and_the_others_are_told() {
    let stage = Stage::default();
    let first = stage.doing(async {
        sleep(S).await;
        Err(Error::unavailable("first"))
    });
    let second = async |part: Part| {
        part.ready();
        part.stopping().await;
        Err(Error::aborted("second"))
    };
    let error = stage.lifecycle().part("one", first).part("two", second).run(pending()).await.unwrap_err();
    assert_eq!(error.message(), "part one failed: first");
    assert_eq!(stage.event("two", Step::Failed).error.unwrap().message(), "second");
}
