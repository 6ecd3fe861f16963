//! Which failures are followed by another attempt, and what the last of them says.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_is_made_until_it_succeeds_or_all_attempts_are() {
    for (failing, attempts, ok) in [(1, 2, true), (2, 2, false), (2, 3, true), (3, 3, false)] {
        let script = Script::failing((0..failing).map(|_| down()));
        let result = script.endpoint().layer(retry(attempts)).call(&mut read(), 7).await;
        assert_eq!(result.is_ok(), ok, "{failing} of {attempts}");
        assert_eq!(script.made(), attempts as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_run_is_repeated_only_if_it_may_run_twice() {
    for (method, hint, attempts) in [
        (Some(&READ), Retry::MayHaveRun, 3),
        (Some(&WRITE), Retry::MayHaveRun, 1),
        (None, Retry::MayHaveRun, 1),
        (Some(&WRITE), Retry::Safe, 3),
        (None, Retry::Safe, 3),
        (Some(&WRITE), Retry::After(MS), 3),
        (Some(&READ), Retry::Never, 1),
    ] {
        let script = Script::failing((0..9).map(|_| down().with_retry(hint)));
        let mut cx = Context::new();
        if let Some(method) = method {
            cx.set_method(method);
        }
        script.endpoint().layer(retry(3)).call(&mut cx, 7).await.unwrap_err();
        assert_eq!(script.made(), attempts, "{method:?} {hint:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_mistake_is_answered_at_once_as_it_came() {
    let script = Script::failing([Error::not_found("no such row")]);
    let layer = retry(3);
    let error = script.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((error.code(), script.made()), (Code::NotFound, 1));
    assert!(error.cause::<GaveUp>().is_none(), "it was never to be repeated");
    assert_eq!(Why::ALL.map(|why| layer.handle().stats().gave_up(why)), [0; 6]);
}

#[tokio::test(start_paused = true)]
async fn the_last_error_speaks_and_every_one_is_kept() {
    #[derive(Debug, thiserror::Error)]
    #[error("connection refused")]
    struct Refused;

    let last = Error::boundary(Code::Aborted, Refused).with_reason("conflict").with_message("third");
    let script = Script::failing([Error::unavailable("first"), Error::unavailable("second"), last.clone()]);
    let error = script.endpoint().layer(retry(3)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((error.code(), error.message(), error.reason()), (Code::Aborted, "third", Some("conflict")));
    assert_eq!((error.id(), error.outcome()), (last.id(), Outcome::BusinessError));
    assert_eq!(error.retry(), Retry::Never, "those above would only begin again");
    let cause = error.cause::<GaveUp>().expect("a GaveUp cause");
    assert_eq!(cause.attempts().iter().map(Error::message).collect::<Vec<_>>(), ["first", "second", "third"]);
    let text = "gave up after 3 attempts, which is all there are; previously: first; second";
    assert_eq!(cause.to_string(), text);
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    assert_eq!(chain, [text, "connection refused"], "and behind it what caused the last one, nothing twice");
    assert!(error.cause::<Refused>().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_not_be_repeated_ends_what_was_begun() {
    let script = Script::failing([down(), Error::not_found("gone")]);
    let error = script.endpoint().layer(retry(5)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((error.code(), gave_up(&error)), (Code::NotFound, (Why::Unrepeatable, 2)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_a_failure_is_repeated_and_the_last_is_still_an_answer() {
    let script = Script::new([Answer::Status500, Answer::Fail(down())]);
    assert_eq!(script.endpoint().layer(retry(3)).call(&mut read(), 7).await.unwrap(), 7);
    assert_eq!(script.made(), 3);

    let script = Script::new([Answer::Fail(down()), Answer::Status500]);
    let mut cx = read();
    let result = script.endpoint().layer(retry(2)).call(&mut cx, 7).await;
    assert_eq!(cx.outcome_of(&result), Outcome::BackendError);
    assert_eq!((result.unwrap(), script.made()), (500, 2));

    let script = Script::new([Answer::Status500, Answer::Fail(down())]);
    let error = script.endpoint().layer(retry(2)).call(&mut read(), 7).await.unwrap_err();
    let attempts = error.cause::<GaveUp>().expect("a GaveUp cause").attempts();
    assert_eq!(attempts.iter().map(Error::code).collect::<Vec<_>>(), [Code::Unknown, Code::Unavailable]);
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_ends_the_call_with_the_first_failure() {
    let empty = Budget::new(budget::Config { ratio: 0.0, per_second: 0, ..Default::default() }).unwrap();
    let script = Script::failing([down()]);
    let layer = retry(3).budget(&empty);
    let error = script.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((gave_up(&error), error.retry()), ((Why::Budget, 1), Retry::Never));
    assert_eq!(error.cause::<GaveUp>().unwrap().to_string(), "gave up after 1 attempt, the budget is spent");
    assert_eq!((script.made(), layer.handle().stats().gave_up(Why::Budget)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_repeat_after_a_time_out_costs_two() {
    let budget = Budget::new(budget::Config { ratio: 0.0, per_second: 3, window: Duration::from_secs(1) }).unwrap();
    let script = Script::failing((0..9).map(|_| Error::deadline_exceeded("late")));
    let error = script.endpoint().layer(retry(3).budget(&budget)).call(&mut read(), 7).await.unwrap_err();
    assert_eq!((gave_up(&error), budget.stats(Instant::now()).spent), ((Why::Budget, 2), 2));
}

#[tokio::test(start_paused = true)]
async fn layers_that_share_a_budget_spend_it_together() {
    let budget = Budget::new(budget::Config { ratio: 0.0, per_second: 3, window: Duration::from_secs(1) }).unwrap();
    let scripts = [(); 2].map(|()| Script::failing((0..9).map(|_| down())));
    for script in &scripts {
        let layer = retry(3).budget(&budget);
        assert_eq!(layer.handle().budget().config(), budget.config());
        script.endpoint().layer(layer).call(&mut read(), 7).await.unwrap_err();
    }
    assert_eq!(scripts.map(|script| script.made()), [3, 2]);
    assert_eq!(budget.stats(Instant::now()).calls, 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_may_know_better() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let layer = |verdict: Verdict| {
        let seen = Arc::clone(&seen);
        retry(3).decide(move |failed, error| {
            seen.lock().unwrap().push((failed, error.code()));
            verdict.clone()
        })
    };
    let call = async |verdict| {
        let script = Script::failing([Error::not_found("a"), down()]);
        let mut cx = Context::new();
        cx.set_method(&WRITE);
        (script.endpoint().layer(layer(verdict)).call(&mut cx, 7).await.map_err(|error| error.code()), script.made())
    };
    assert_eq!(call(Verdict::ByRule).await, (Err(Code::NotFound), 1));
    assert_eq!(call(Verdict::Stop).await, (Err(Code::NotFound), 1));
    assert_eq!(call(Verdict::StopWith(Error::aborted("b"))).await, (Err(Code::Aborted), 1));
    seen.lock().unwrap().clear();
    assert_eq!(call(Verdict::Again).await, (Ok(7), 3));
    assert_eq!(*seen.lock().unwrap(), [(1, Code::NotFound), (2, Code::Unavailable)]);
}
