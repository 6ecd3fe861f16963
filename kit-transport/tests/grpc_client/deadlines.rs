use std::time::Duration;

use futures_util::StreamExt as _;
use h2::Reason;
use kit_core::{Code, Endpoint as _, Outcome, Retry};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn at_the_deadline_the_call_is_over_and_its_stream_is_reset() {
    let clock = Clock::hold();
    let limit = Duration::from_secs(1);
    for begun in [false, true] {
        let (tell, told_reset) = tokio::sync::oneshot::channel();
        let tell = std::sync::Arc::new(std::sync::Mutex::new(Some(tell)));
        let peer = Peer::start(move |mut exchange: Exchange| {
            let tell = std::sync::Arc::clone(&tell);
            async move {
                if begun {
                    exchange.begin();
                }
                let reason = exchange.is_reset().await;
                let tell = tell.lock().unwrap().take().unwrap();
                tell.send(reason).unwrap();
            }
        })
        .await;
        let (length, mut cx) = (peer.length(), cx_with(limit));
        let (answer, ()) = tokio::join!(length.call(&mut cx, text("hello")), async {
            settled().await;
            clock.advance(limit).await;
        });
        assert_eq!(told(&answer.unwrap_err()), (Code::DeadlineExceeded, None, Retry::MayHaveRun));
        assert_eq!(in_time(told_reset).await.unwrap(), Reason::CANCEL);
    }
}

#[tokio::test(start_paused = true)]
async fn who_keeps_the_deadline_on_the_other_side_is_believed() {
    let clock = Clock::hold();
    let limit = Duration::from_secs(1);
    let cases: [fn(&mut Exchange); 3] =
        [|x| x.reset(Reason::CANCEL), |x| x.trailers(&[("grpc-status", "1")]), |x| x.trailers(&[("grpc-status", "4")])];
    for end in cases {
        let go = std::sync::Arc::new(tokio::sync::Notify::new());
        let waits = std::sync::Arc::clone(&go);
        let peer = Peer::start(move |mut exchange: Exchange| {
            let waits = std::sync::Arc::clone(&waits);
            async move {
                exchange.begin();
                waits.notified().await;
                end(&mut exchange);
                settled().await;
            }
        })
        .await;
        // A stream is read by nobody here until its time is up.
        let mut stream = peer.words().call(&mut cx_with(limit), text("hello")).await.unwrap();
        go.notify_one();
        settled().await;
        clock.advance(limit).await;
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.outcome()), (Code::DeadlineExceeded, Outcome::TimedOut));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_deadline_of_its_call() {
    let clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move {
            assert_eq!(exchange.header("grpc-timeout"), Some("5000000u"));
            exchange.begin();
            exchange.message(&FIVE);
            tell(exchange.is_reset().await);
        }
    })
    .await;
    let limit = Duration::from_secs(5);
    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut cx_with(limit), messages).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    let (late, ()) = tokio::join!(stream.next(), clock.advance(limit));
    assert_eq!(late.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(stream.end().ended().unwrap().outcome(), Outcome::TimedOut);
    assert!(send.is_closed());
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));
}
