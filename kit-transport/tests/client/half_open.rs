//! A peer that has vanished: the socket is open, and nobody is there.

use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint as _};
use kit_transport::http::client::Config;

use crate::frames::Frames;
use crate::support::*;

const LIMIT: Duration = Duration::from_millis(500);

fn config(http2_only: bool) -> Config {
    Config { http2_only, ..Config::default() }
}

/// A call of which the peer says nothing. It ends at its deadline and not a moment later.
async fn unanswered(count: &Count, clock: &Clock) {
    let mut cx = cx_with(LIMIT);
    let deadline = cx.deadline().expect("a limit");
    let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
        settled().await;
        clock.advance(LIMIT).await;
    });
    assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(cx.now(), deadline);
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_peer_that_never_says_a_word_have_a_connection_each_and_close_it() {
    let clock = Clock::hold();
    for http2 in [false, true] {
        let peer = Peer::bind().await;
        let count = count_with(&peer, config(http2));
        for _ in 0..4 {
            unanswered(&count, &clock).await;
            // Read first when the call is over: whatever the client sent, nobody was there.
            let mut line = peer.accept().await;
            let mut rest = Vec::new();
            in_time(tokio::io::AsyncReadExt::read_to_end(&mut line.stream, &mut rest)).await.expect("an end");
            assert!(!rest.is_empty(), "the request was sent");
            assert!(peer.accept().now_or_never().is_none(), "once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_peer_has_vanished_is_not_handed_out_again() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count_with(&peer, config(false));
    let (mut cx, five) = (Context::new(), five());
    let (value, (_, vanished)) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    unanswered(&count, &clock).await;
    let (value, _) = tokio::join!(count.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    drop(vanished);

    let peer = Peer::bind().await;
    let count = count_with(&peer, config(true));
    let serve = async || {
        let mut frames = Frames::accept(&peer).await;
        let stream = frames.request().await;
        frames.answer(stream).await;
        frames
    };
    let (value, vanished) = tokio::join!(count.call(&mut cx, HELLO), serve());
    value.unwrap();
    settled().await;
    // Long before a ping could tell.
    unanswered(&count, &clock).await;
    let (value, _new) = tokio::join!(count.call(&mut cx, HELLO), serve());
    value.unwrap();
    vanished.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_others_meanwhile_keeps_its_connection() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let count = count_with(&peer, config(true));
    let mut cx = Context::new();
    let (mut short, mut long) = (cx_with(LIMIT), cx.fork());
    let calls = async { tokio::join!(count.call(&mut short, HELLO), count.call(&mut long, HELLO)) };
    let ((late, answered), mut frames) = tokio::join!(calls, async {
        let mut frames = Frames::accept(&peer).await;
        let (_slow, quick) = (frames.request().await, frames.request().await);
        frames.answer(quick).await;
        settled().await;
        clock.advance(LIMIT).await;
        frames
    });
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    answered.unwrap();
    let (value, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
        let stream = frames.request().await;
        frames.answer(stream).await;
    });
    value.unwrap();
}
