//! What an attempt finds in its context, what it leaves there, and who is told when it is over.

use futures_util::{StreamExt as _, stream};
use kit_core::{Attempts, Cancel, Streaming, endpoint_fn};

use super::*;

/// An attempt's number, and who was tried before it.
type Seen = (u32, Vec<Arc<str>>);

/// Fails until it is attempt `last`; plays a balancer that goes round three instances.
#[derive(Clone, Default)]
struct Balanced {
    seen: Arc<Mutex<Vec<Seen>>>,
    last: u32,
}

impl Balanced {
    fn endpoint(&self) -> impl Endpoint<u32, Response = u32> + use<> {
        endpoint_with(self.clone(), async |this, cx, request| {
            let attempts = cx.attempts().clone();
            let pick = ["a:1", "b:1", "c:1"].into_iter().find(|one| !attempts.has_tried(one)).unwrap();
            this.seen.lock().unwrap().push((attempts.number(), attempts.tried()));
            cx.attempts_mut().record(&pick.into());
            cx.outbound_mut().append("traceparent", pick).unwrap();
            cx.extensions_mut().insert(attempts.number());
            if attempts.number() < this.last {
                cx.set_outcome(Outcome::BackendError);
                return Err(down());
            }
            Ok(request)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_knows_its_number_and_who_was_tried() {
    let balanced = Balanced { last: 2, ..Default::default() };
    let mut cx = read();
    balanced.endpoint().layer(retry(3)).call(&mut cx, 7).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| Arc::from(name)).collect::<Vec<Arc<str>>>();
    assert_eq!(*balanced.seen.lock().unwrap(), [(0, names(&[])), (1, names(&["a:1"])), (2, names(&["a:1", "b:1"])),]);
    assert_eq!((cx.attempts().number(), cx.attempts().tried()), (2, names(&["a:1", "b:1", "c:1"])));
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_is_merged_and_the_others_leave_nothing() {
    let balanced = Balanced { last: 1, ..Default::default() };
    let mut cx = read();
    cx.outbound_mut().insert("tenant", "acme").unwrap();
    let result = balanced.endpoint().layer(retry(3)).call(&mut cx, 7).await;
    assert_eq!(cx.outcome_of(&result), Outcome::Success, "what the first one said is gone");
    assert_eq!(cx.extensions().get::<u32>(), Some(&1));
    let outbound = cx.outbound().expect("kept");
    assert_eq!(outbound.get_all("traceparent").collect::<Vec<_>>(), ["b:1"]);
    assert_eq!((outbound.get("tenant"), outbound.get(Attempts::PREVIOUS)), (Some("acme"), None));
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_that_timed_out_left_running_is_told_and_the_last_ones_is_not() {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let hangs_twice = endpoint_with(Arc::clone(&tokens), async |tokens, cx, request: u32| {
        tokens.lock().unwrap().push(cx.cancel_token());
        if cx.attempts().number() < 2 {
            std::future::pending::<()>().await;
        }
        Ok(request)
    });
    let layer = RetryLayer::new(Config { per_try: Some(100 * MS), ..Config::default() }).unwrap();
    let mut cx = read();
    hangs_twice.layer(layer).call(&mut cx, 7).await.unwrap();
    let told = || tokens.lock().unwrap().iter().map(Cancel::is_cancelled).collect::<Vec<_>>();
    assert_eq!(told(), [true, true, false]);
    drop(cx);
    assert_eq!(told(), [true, true, false], "it came to its own end");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_a_pause_makes_no_other_attempt() {
    let script = Script::failing([down().with_retry(Retry::After(5_000 * MS))]);
    let layer = retry(3);
    let endpoint = script.endpoint().layer(layer.clone());
    tokio::time::timeout(2_000 * MS, endpoint.call(&mut read(), 7)).await.unwrap_err();
    sleep(60_000 * MS).await;
    assert_eq!(script.made(), 1);
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.cancelled, stats.calls.running()), (1, 0));
    assert_eq!(stats.repeats, 0, "none was made");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_is_given_up_leaves_its_caller_no_mark_of_it() {
    let script = Script::new([Answer::Fail(down()), Answer::Hang]);
    let endpoint = script.endpoint().layer(retry(3));
    let mut cx = read();
    tokio::time::timeout(2_000 * MS, endpoint.call(&mut cx, 7)).await.unwrap_err();
    assert_eq!(script.made(), 2);
    assert!(!cx.is_repeat() && cx.outbound().is_none(), "what is called instead is no repeat");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_an_answer_and_the_call_runs_to_its_end() {
    let numbers = endpoint_fn(async |cx, _: u32| {
        let source = stream::iter([Ok(1), Err(down())]);
        Ok(Streaming::new(cx, source))
    });
    let layer = retry(3);
    let mut cx = read();
    let mut answer = numbers.layer(layer.clone()).call(&mut cx, 7).await.unwrap();
    assert!(cx.stream().is_some(), "the mark is there for the layers outside");
    assert_eq!(layer.handle().stats().calls.running(), 1);
    assert_eq!(answer.next().await.unwrap().unwrap(), 1);
    answer.next().await.unwrap().unwrap_err();
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.failed, stats.calls.running(), stats.repeats), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_attempt_is_the_callers() {
    use futures_util::FutureExt as _;
    let panics = endpoint_fn(async |_cx, _: u32| -> Result<u32, Error> { panic!("on purpose") });
    let layer = retry(3);
    let endpoint = panics.layer(layer.clone());
    let mut cx = read();
    std::panic::AssertUnwindSafe(endpoint.call(&mut cx, 7)).catch_unwind().await.unwrap_err();
    let stats = layer.handle().stats();
    assert_eq!((stats.calls.failed, stats.calls.running(), stats.repeats), (1, 0, 0));
}

#[test]
fn its_future_is_no_more_than_three_times_its_inner_calls() {
    let inner = endpoint_fn(async |_cx, request: [u8; 1_000]| Ok(request.len()));
    let mut cx = read();
    let alone = size_of_val(&inner.call(&mut cx, [0; 1_000]));
    let mut cx = read();
    let within = size_of_val(&inner.layer(retry(3)).call(&mut cx, [0; 1_000]));
    // The request, what an attempt would undo, and what a limit on the inner call holds.
    assert!(within <= 3 * alone, "{within} bytes round {alone}");
}
