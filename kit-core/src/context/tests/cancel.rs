//! Who is told to stop, and who is not.

use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn, spawn_blocking};
use tokio::time::{advance, sleep};

use super::*;
use crate::{Code, Streaming};

/// How soon work must stop, and how often the loop here looks.
const BOUND: Duration = Duration::from_millis(10);
const STEP: Duration = Duration::from_millis(1);

/// Work that looks at its token between two steps; answers when it stopped, and why.
fn looping(token: Cancel) -> JoinHandle<(Instant, Code)> {
    spawn(async move {
        loop {
            if let Err(error) = token.checkpoint() {
                return (Instant::now(), error.code());
            }
            sleep(STEP).await;
        }
    })
}

fn numbers(cx: &mut Context) -> Streaming<u32> {
    Streaming::new(cx, stream::iter([Ok(1), Ok(2)]))
}

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_the_calls_token() {
    let (mut cx, seen) = (Context::new(), Seen::default());
    cx.set_method(&OUTER);
    layer(&mut cx, Ending::Hang, &seen).await.unwrap_err();
    assert_eq!(seen.token().checkpoint().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_abort_of_the_task_that_runs_a_call_tells_its_token() {
    let (send, receive) = oneshot::channel();
    let call = spawn(async move {
        let mut cx = Context::new();
        let mut scope = cx.scope(None);
        send.send(scope.cancel_token()).expect("the test waits");
        std::future::pending::<()>().await;
    });
    let work = looping(receive.await.unwrap());
    tokio::task::yield_now().await;
    let aborted = Instant::now();
    call.abort();
    call.await.unwrap_err();
    let (stopped, why) = work.await.unwrap();
    assert_eq!(why, Code::Cancelled);
    assert!(stopped - aborted <= BOUND);
}

#[tokio::test(start_paused = true)]
async fn a_panic_tells_the_calls_token() {
    let call = spawn(async {
        let (mut cx, seen) = (Context::new(), Seen::default());
        cx.set_method(&OUTER);
        let call = std::panic::AssertUnwindSafe(layer(&mut cx, Ending::Panic, &seen));
        call.catch_unwind().await.unwrap_err();
        seen
    });
    assert!(call.await.unwrap().token().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn of_two_attempts_the_losers_token_is_told_and_the_winners_is_not() {
    let mut cx = Context::new();
    let attempt = |mut cx: Context, takes: Duration| {
        let token = cx.cancel_token();
        let work = looping(token.clone());
        let call = async move {
            sleep(takes).await;
            cx
        };
        (call, token, work)
    };
    let (slow, slow_token, slow_work) = attempt(cx.fork(), 100 * BOUND);
    let (fast, fast_token, fast_work) = attempt(cx.fork(), 5 * BOUND);
    {
        let winner = match select(pin!(slow), pin!(fast)).await {
            Either::Left((winner, _)) | Either::Right((winner, _)) => winner,
        };
        cx.merge(winner);
    }
    let decided = Instant::now();
    let (stopped, why) = slow_work.await.unwrap();
    assert_eq!(why, Code::Cancelled);
    assert!(stopped - decided <= BOUND);
    assert!(slow_token.is_cancelled());
    advance(10 * BOUND).await;
    drop(cx);
    assert!(!fast_token.is_cancelled() && !fast_work.is_finished(), "merged, it came to its own end");
    fast_work.abort();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_body_tells_the_token_of_the_context_it_holds() {
    struct Body(#[expect(dead_code, reason = "held until the body goes")] Context);
    let mut cx = Context::new();
    let token = cx.cancel_token();
    let body = Body(cx);
    assert!(!token.is_cancelled());
    drop(body);
    assert!(token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_stream_takes_the_token_along_and_tells_it_when_it_is_cut_short() {
    let mut cx = Context::new();
    let mut scope = cx.scope(None);
    let (inner, mut answer) = (scope.cancel_token(), numbers(&mut scope));
    scope.finish();
    let outer = cx.cancel_token();
    cx.finish();
    answer.next().await.expect("a number").unwrap();
    assert!(!inner.is_cancelled() && !outer.is_cancelled(), "the calls are over, the stream is not");
    drop(answer);
    assert!(inner.is_cancelled() && outer.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_stream_read_to_its_end_tells_nobody() {
    let mut cx = Context::new();
    let (token, answer) = (cx.cancel_token(), numbers(&mut cx));
    cx.finish();
    assert_eq!(answer.count().await, 2);
    assert!(!token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_with_a_winner_and_tells_its_token() {
    let mut cx = Context::new();
    let mut winner = cx.fork();
    let (token, answer) = (winner.cancel_token(), numbers(&mut winner));
    cx.merge(winner);
    assert!(cx.stream().is_some());
    cx.finish();
    assert!(!token.is_cancelled());
    drop(answer);
    assert!(token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn after_its_own_end_nothing_tells_a_calls_token_not_even_its_deadline() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let scoped = scope.cancel_token();
    scope.finish();

    let mut owned = cx.fork();
    owned.deadline = Some(owned.now() + LIMIT);
    let finished = owned.cancel_token();
    owned.finish();

    let mut fork = cx.fork();
    fork.deadline = Some(fork.now() + LIMIT);
    let merged = fork.cancel_token();
    cx.merge(fork);
    drop(cx);

    let waits: Vec<_> = [&scoped, &finished, &merged].map(|token| Box::pin(token.cancelled())).into();
    advance(2 * LIMIT).await;
    for (mut wait, token) in waits.into_iter().zip([&scoped, &finished, &merged]) {
        assert!(!token.is_cancelled());
        token.checkpoint().unwrap();
        assert!(wait.as_mut().now_or_never().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_call_lets_whoever_waits_already_wait_on() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let token = scope.cancel_token();
    let waits = spawn(async move { token.cancelled().await });
    tokio::task::yield_now().await;
    scope.finish();
    advance(2 * LIMIT).await;
    tokio::task::yield_now().await;
    assert!(!waits.is_finished());
    waits.abort();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_stops_work_whose_call_still_runs() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let (token, deadline) = (scope.cancel_token(), scope.deadline().expect("a limit"));
    assert_eq!(token.deadline(), Some(deadline));
    let work = looping(token.clone());
    token.cancelled().await;
    assert_eq!(Instant::now(), deadline);
    let (stopped, why) = work.await.unwrap();
    assert_eq!(why, Code::DeadlineExceeded);
    assert!(stopped - deadline <= BOUND);
}

#[tokio::test(start_paused = true)]
async fn a_token_told_by_the_deadline_stays_told_when_the_call_ends_late() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let token = scope.cancel_token();
    advance(LIMIT).await;
    scope.finish();
    assert!(token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn everybody_who_waits_is_told_at_once() {
    let mut cx = Context::new();
    let began = Instant::now();
    let waits: Vec<_> = (0..3)
        .map(|_| {
            let token = cx.cancel_token();
            spawn(async move { token.cancelled().await })
        })
        .collect();
    tokio::task::yield_now().await;
    let late = cx.cancel_token();
    drop(cx);
    for wait in waits {
        wait.await.unwrap();
    }
    late.cancelled().await;
    assert_eq!(Instant::now(), began);
}

/// Blocking work: it has begun when the first value is ready, and ends with what its checkpoint said.
async fn blocking(token: Cancel) -> JoinHandle<Result<(), Error>> {
    let (begun, wait) = oneshot::channel();
    let work = spawn_blocking(move || {
        let mut begun = Some(begun);
        loop {
            token.checkpoint()?;
            if let Some(begun) = begun.take() {
                begun.send(()).expect("the test waits");
            }
            std::hint::spin_loop();
        }
    });
    wait.await.expect("one step at least");
    work
}

#[tokio::test]
async fn blocking_work_stops_at_its_next_checkpoint_once_the_call_is_abandoned() {
    let mut cx = Context::new();
    let work = blocking(cx.cancel_token()).await;
    drop(cx);
    assert_eq!(work.await.unwrap().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn blocking_work_stops_at_its_next_checkpoint_once_the_time_is_up() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let work = blocking(scope.cancel_token()).await;
    advance(LIMIT).await;
    assert_eq!(work.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    scope.finish();
}
