//! When attempts are made, and which of them speaks for the call.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use kit_core::{Streaming, endpoint_fn};

use super::*;

/// What a call of these attempts answers, when each was made, and when it ended.
async fn run(attempts: u32, backend: &Backend) -> (Result<u32, Error>, Vec<u64>, u64) {
    let began = Instant::now();
    let result = backend.endpoint().layer(hedge(attempts)).call(&mut read(), 7).await;
    let millis = |at: Duration| at.as_millis() as u64;
    (result, backend.at(began).into_iter().map(millis).collect(), millis(began.elapsed()))
}

#[tokio::test(start_paused = true)]
async fn the_second_attempt_is_not_made_before_its_time() {
    for (first, second, winner, made, ended) in [
        (Reply(0), Hang, 0, vec![0], 0),
        (Reply(49), Hang, 0, vec![0], 49),
        (Reply(60), Hang, 0, vec![0, 50], 60),
        (Hang, Reply(5), 1, vec![0, 50], 55),
        (Reply(100), Reply(20), 1, vec![0, 50], 70),
    ] {
        let backend = Backend::new([first, second]);
        let (result, at, took) = run(2, &backend).await;
        assert_eq!((result.unwrap(), at, took), (winner, made, ended));
    }
}

#[tokio::test(start_paused = true)]
async fn each_further_attempt_has_its_own_delay() {
    let backend = Backend::new([Hang, Hang, Hang, Reply(10)]);
    let (result, at, took) = run(4, &backend).await;
    assert_eq!((result.unwrap(), at, took), (3, vec![0, 50, 100, 150], 160));
    let backend = Backend::new([Hang, Reply(1_000), Hang]);
    let (result, at, took) = run(3, &backend).await;
    assert_eq!((result.unwrap(), at, took), (1, vec![0, 50, 100], 1_050));
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_win() {
    let down = || Error::unavailable("down");
    let backend = Backend::new([Fail(60, down()), Reply(30)]);
    assert_eq!(run(2, &backend).await.0.unwrap(), 1);
    let backend = Backend::new([Reply(90), Fail(5, down())]);
    assert_eq!(run(2, &backend).await.0.unwrap(), 0);
    let backend = Backend::new([Reply(90), Status500(5)]);
    assert_eq!(run(2, &backend).await.0.unwrap(), 0, "an answer that is a failure is one");
    // One that fails leaves the time of the next as it is.
    let backend = Backend::new([Hang, Fail(5, down()), Reply(5)]);
    let (result, at, took) = run(3, &backend).await;
    assert_eq!((result.unwrap(), at, took), (2, vec![0, 50, 100], 105));
}

#[tokio::test(start_paused = true)]
async fn a_failure_with_nothing_else_running_is_the_result_at_once() {
    let backend = Backend::new([Fail(20, Error::unavailable("down"))]);
    let (result, at, took) = run(2, &backend).await;
    let error = result.unwrap_err();
    assert_eq!((error.code(), at, took), (Code::Unavailable, vec![0], 20));
    assert!(error.cause::<AllFailed>().is_none(), "it ran alone");
}

#[tokio::test(start_paused = true)]
async fn a_business_error_is_an_answer() {
    let backend = Backend::new([Hang, Fail(5, Error::not_found("no such row"))]);
    let (result, _, took) = run(2, &backend).await;
    assert_eq!((result.unwrap_err().code(), took), (Code::NotFound, 55));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_last_error_speaks_and_every_one_is_kept() {
    let [one, two] = [Error::unavailable("one"), Error::new(Code::Internal, "two")];
    let backend = Backend::new([Fail(60, one), Fail(30, two.clone())]);
    let error = run(2, &backend).await.0.unwrap_err();
    assert_eq!((error.message(), error.id()), ("two", two.id()));
    let cause = error.cause::<AllFailed>().expect("an AllFailed cause");
    assert_eq!(cause.attempts().iter().map(Error::message).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(cause.to_string(), "all 2 attempts failed; before the last: one");
}

#[tokio::test(start_paused = true)]
async fn only_what_may_run_twice_and_is_no_repeat_is_hedged() {
    let mut write = Context::new();
    write.set_method(&WRITE);
    let mut repeat = read();
    repeat.attempts_mut().set_number(1);
    for mut cx in [write, Context::new(), repeat] {
        let (backend, layer) = (Backend::new([Reply(500)]), hedge(2));
        backend.endpoint().layer(layer.clone()).call(&mut cx, 7).await.unwrap();
        let stats = layer.handle().stats();
        assert_eq!((stats.calls.ok, stats.sent, backend.seen().len()), (1, 0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_winners_context_is_the_calls() {
    let backend = Backend::new([Hang, Reply(5)]);
    let mut cx = read();
    cx.outbound_mut().insert("tenant", "acme").unwrap();
    backend.endpoint().layer(hedge(2)).call(&mut cx, 7).await.unwrap();
    let seen = backend.seen();
    assert_eq!(seen[1].tried, ["instance 0".into()], "the second knows where the first went while that runs");
    assert_eq!((seen[0].mark.as_deref(), seen[1].mark.as_deref()), (None, Some("1")));
    assert_eq!((cx.attempts().number(), cx.attempts().tried().len()), (1, 2));
    let outbound = cx.outbound().expect("kept");
    assert_eq!((outbound.len(), outbound.get("tenant")), (1, Some("acme")), "the mark was for the callee");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_an_answer_and_the_call_runs_to_its_end() {
    let numbers = endpoint_fn(async |cx, _: u32| {
        sleep((100 - 50 * cx.attempts().number()) * MS).await;
        let number = cx.attempts().number();
        Ok(Streaming::new(cx, stream::iter([Ok(number)])))
    });
    let layer = hedge(2);
    let mut cx = read();
    let mut answer = numbers.layer(layer.clone()).call(&mut cx, 7).await.unwrap();
    assert!(cx.stream().is_some(), "the mark is there for the layers outside");
    assert_eq!(layer.handle().stats().calls.running(), 1);
    answer.next().await.unwrap().unwrap();
    assert!(answer.next().await.is_none());
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.ok, stats.calls.running(), stats.sent), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_attempt_is_the_callers() {
    let panics = endpoint_fn(async |cx, _: u32| -> Result<u32, Error> {
        match cx.attempts().number() {
            0 => std::future::pending().await,
            _ => panic!("on purpose"),
        }
    });
    let layer = hedge(2);
    let endpoint = panics.layer(layer.clone());
    let mut cx = read();
    std::panic::AssertUnwindSafe(endpoint.call(&mut cx, 7)).catch_unwind().await.unwrap_err();
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.failed, stats.calls.running(), stats.won), (1, 0, 0));
}
