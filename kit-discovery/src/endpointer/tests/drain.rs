//! How channels end.

use futures_util::{StreamExt as _, stream};
use kit_core::Streaming;

use super::*;

/// Calls of these lengths, by turns.
fn slow<const N: usize>(stage: &Stage, lasting: [Duration; N]) -> [tokio::task::JoinHandle<Result<String, Error>>; N] {
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    lasting.map(|lasting| {
        let call = call.clone();
        tokio::spawn(async move { call.call(&mut Context::new(), lasting).await })
    })
}

#[tokio::test(start_paused = true)]
async fn who_leaves_gets_no_call_from_then_on_and_its_calls_end_before_its_channel() {
    let stage = Stage::of("ab").await;
    let [one, other] = slow(&stage, [3 * SECOND, 5 * SECOND]);
    settle().await;
    let begun = Instant::now();
    stage.set(named("b")).await;
    assert_eq!((stage.roster(), begun.elapsed()), ("b".into(), Duration::ZERO));
    assert_eq!(stage.lines.closed(), "");
    assert_eq!(one.await.unwrap().unwrap(), "a");
    settle().await;
    assert_eq!((stage.lines.closed(), begun.elapsed()), ("a".into(), 3 * SECOND));
    assert_eq!(other.await.unwrap().unwrap(), "b");
    assert_eq!(stage.heard(), ["a made, 1", "b made, 1", "a left, 1", "a closed, 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_answer_is_in_flight_to_its_end() {
    let stage = Stage::of("a").await;
    let numbers = endpoint_fn(async |cx, call: Routed<Arc<Line>, ()>| {
        sleep(20 * MS).await;
        let line = Arc::clone(&call.channel);
        let numbers = stream::iter(0..4).then(move |n| {
            let line = Arc::clone(&line);
            async move {
                sleep(SECOND).await;
                line.used();
                Ok(n)
            }
        });
        Ok(Streaming::new(cx, numbers))
    });
    let numbers = numbers.layer(stage.endpointer.layer(RoundRobin::new()));
    let mut cx = Context::new();
    let mut answer = numbers.call(&mut cx, ()).await.unwrap();
    cx.finish();
    let a = stage.endpointer.roster().candidates().remove(0);
    assert_eq!((a.in_flight(), a.latency(Instant::now())), (1, None));
    stage.set(named("b")).await;
    let begun = Instant::now();
    let mut sum = 0;
    while let Some(number) = answer.next().await {
        sum += number.unwrap();
        assert_eq!(stage.lines.closed(), "");
    }
    settle().await;
    assert_eq!((sum, begun.elapsed(), stage.lines.closed()), (6, 4 * SECOND, "a".into()));
    assert_eq!((a.in_flight(), a.latency(Instant::now())), (0, Some(20 * MS)), "the time to the answer");
}

#[tokio::test(start_paused = true)]
async fn what_has_not_ended_when_the_drain_is_over_is_cut() {
    let stage = Stage::of("a").await;
    let pick = stage.endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap();
    stage.set(named("b")).await;
    sleep(9_999 * MS).await;
    assert_eq!(stage.lines.closed(), "");
    sleep(2 * MS).await;
    assert_eq!(stage.lines.closed(), "a");
    assert_eq!(stage.heard(), ["a made, 1", "a left, 1", "b made, 1", "a closed, 1"]);
    drop(pick);
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_zero_cuts_at_once() {
    let config = Config { drain: Duration::ZERO, ..Config::default() };
    let stage = Stage::with("a", Lines::default(), |builder| builder.config(config)).await;
    let _pick = stage.endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap();
    stage.set(named("b")).await;
    assert_eq!(stage.lines.closed(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_never_ends_closing_is_dropped() {
    let lines = Lines::default();
    lines.order("a", Order::NeverClose);
    let stage = Stage::with("a", lines, |builder| builder).await;
    stage.set(named("b")).await;
    let page = stage.lines.pages().remove(0);
    sleep(3 * SECOND).await;
    settle().await;
    assert_eq!(stage.heard().last().unwrap(), "a closed, 0, not within 3s");
    assert_eq!((page.closed(), stage.lines.made()), (1, "ab".into()));
}

#[tokio::test(start_paused = true)]
async fn close_drains_and_closes_all_and_what_comes_later_is_told() {
    let stage = Stage::of("abc").await;
    let [call] = slow(&stage, [4 * SECOND]);
    settle().await;
    let begun = Instant::now();
    let (endpointer, other) = (stage.endpointer.clone(), stage.endpointer.clone());
    let closing = tokio::spawn(async move { endpointer.close().await });
    settle().await;
    assert_eq!(stage.lines.closed(), "bc");
    assert!(matches!(stage.why(), NoInstances::Closed));
    let error = stage.endpointer.ready().await.unwrap_err();
    assert!(matches!(error.cause(), Some(NoInstances::Closed)), "{error:?}");
    closing.await.unwrap();
    assert_eq!((begun.elapsed(), stage.lines.closed()), (4 * SECOND, "abc".into()));
    assert_eq!(call.await.unwrap().unwrap(), "a");
    other.close().await;
    // Nothing follows discovery any more.
    stage.set(named("d")).await;
    assert_eq!(stage.lines.made(), "abc");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_made_as_the_endpointer_closes_is_closed_too() {
    let stage = Stage::of("").await;
    // Made in the same moment: its task has ended, and nobody has heard of it.
    stage.registry.set("strings", named("a"));
    while stage.lines.made().is_empty() {
        yield_now().await;
    }
    stage.endpointer.close().await;
    assert_eq!((stage.lines.made(), stage.lines.closed()), ("a".into(), "a".into()));
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_it_and_what_it_wrapped_is_one() {
    let stage = Stage::of("ab").await;
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    let Stage { endpointer, lines, discovery, .. } = stage;
    drop(endpointer);
    settle().await;
    assert_eq!(lines.closed(), "");
    assert_eq!(call.call(&mut Context::new(), MS).await.unwrap(), "a");
    drop(call);
    settle().await;
    assert_eq!(lines.closed(), "ab");
    assert!(!discovery.subscribe().is_stopped());
}

#[tokio::test(start_paused = true)]
async fn an_instancer_that_it_owns_ends_with_it() {
    let registry = Registry::new();
    registry.set("strings", named("a"));
    let discovery = registry.instancer("strings").start().unwrap();
    let subscription = discovery.subscribe();
    let endpointer = Endpointer::of(discovery.subscribe(), Lines::default()).owning(discovery).start().unwrap();
    endpointer.ready().await.unwrap();
    assert!(!subscription.is_stopped());
    drop(endpointer);
    settle().await;
    assert!(subscription.is_stopped());
}
