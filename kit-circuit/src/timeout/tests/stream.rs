//! An answer of many messages takes the call's deadline with it.

use futures_util::{StreamExt as _, stream};
use kit_core::{Streaming, endpoint_fn};
use tokio::sync::mpsc;

use super::*;

/// Answers with what comes out of the channel it is called with; its context is over by then.
fn relay() -> impl Endpoint<mpsc::Receiver<u32>, Response = (Streaming<u32>, Cancel)> {
    endpoint_fn(async |cx, mut from: mpsc::Receiver<u32>| {
        let token = cx.cancel_token();
        let source = stream::poll_fn(move |task| from.poll_recv(task)).map(Ok);
        Ok((Streaming::new(cx, source), token))
    })
}

/// A stream that is still running, and the call that answered with it: over, and not told.
async fn begun() -> (Streaming<u32>, Cancel, mpsc::Sender<u32>) {
    let (send, receive) = mpsc::channel(1);
    let mut cx = Context::new();
    let (answer, token) = relay().layer(timeout(LIMIT)).call(&mut cx, receive).await.unwrap();
    assert_eq!(cx.deadline(), None, "the call is over, and its scope with it");
    assert!(cx.stream().is_some(), "the mark is there for the layers outside");
    cx.finish();
    assert!(!token.is_cancelled());
    (answer, token, send)
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_the_rest_of_the_limit() {
    let began = Instant::now();
    let (mut answer, token, send) = begun().await;
    advance(LIMIT / 2).await;
    send.send(1).await.unwrap();
    assert_eq!(answer.next().await.expect("a number").unwrap(), 1);
    let error = answer.next().await.expect("the error").unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Code::DeadlineExceeded, Outcome::TimedOut));
    assert_eq!(began.elapsed(), LIMIT);
    assert!(answer.next().await.is_none());
    assert!(token.is_cancelled() && send.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_in_time_tells_nobody() {
    let (mut answer, token, send) = begun().await;
    send.send(1).await.unwrap();
    drop(send);
    assert_eq!(answer.next().await.expect("a number").unwrap(), 1);
    assert!(answer.next().await.is_none());
    advance(2 * LIMIT).await;
    assert!(!token.is_cancelled());
    assert_eq!(answer.end().ended().expect("ended").outcome(), Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_early_tells_its_call() {
    let (answer, token, send) = begun().await;
    drop(answer);
    assert!(token.is_cancelled() && send.is_closed());
}
