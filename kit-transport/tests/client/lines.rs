//! HTTP/2 channels: several connections, each with the streams that its peer allows.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use h2::Reason;
use h2::server::SendResponse;
use http::Response;
use kit_core::{Channel as _, Code, Context, Endpoint as _, Method, Outcome, Retry};
use kit_transport::codec::Json;
use kit_transport::http::client::{self, Config, NoConnection};
use tokio::task::JoinSet;

use crate::channel::{channel, routed, view};
use crate::frames::Frames;
use crate::support::*;

static APPEND: Method = Method::new("stringsvc", "append").path("/append");

fn config(http2_connections: usize) -> Config {
    Config { http2_only: true, http2_connections, ..Config::default() }
}

fn reply(mut respond: SendResponse<Bytes>) {
    let response = Response::builder().header("content-type", "application/json").body(()).expect("a response");
    // A call that has left needs no answer.
    if let Ok(mut body) = respond.send_response(response, false) {
        let _ = body.send_data(Bytes::from_static(b"{\"v\":5}"), true);
    }
}

/// The streams that are open, by connection.
type Open = Arc<Mutex<Vec<Vec<SendResponse<Bytes>>>>>;

/// Answers all of them, and says how many there were.
fn answer(open: &Open) -> usize {
    let streams: Vec<_> = open.lock().unwrap().iter_mut().flat_map(std::mem::take).collect();
    let count = streams.len();
    streams.into_iter().for_each(reply);
    count
}

/// Accepts all connections and all streams on them, and answers when it is told to.
async fn accept_all(peer: &Peer, open: &Open, streams: u32) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let stream = peer.accept().await.stream;
        open.lock().unwrap().push(Vec::new());
        let open = Arc::clone(open);
        connections.spawn(async move {
            let mut connection = h2::server::Builder::new()
                .max_concurrent_streams(streams)
                .handshake::<_, Bytes>(stream)
                .await
                .expect("a preface");
            while let Some(Ok((_, respond))) = connection.accept().await {
                open.lock().unwrap()[number].push(respond);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn calls_spread_over_the_connections_that_there_may_be() {
    let _clock = Clock::hold();
    let (peer, open) = (Peer::bind().await, Open::default());
    let (channel, view) = (channel(&peer, config(2)).await, view());
    let call = async |cx: &mut Context| view.call(cx, routed(&channel, HELLO)).await;
    let mut cx: Vec<_> = (0..8).map(|_| Context::new()).collect();
    let calls = async {
        let mut calls = Vec::new();
        for cx in &mut cx {
            let mut one = Box::pin(call(cx));
            assert!((&mut one).now_or_never().is_none());
            calls.push(one);
            let mut all = join_all(calls.iter_mut());
            tokio::select! {
                biased;
                _ = &mut all => panic!("nobody answered"),
                () = settled() => {}
            }
        }
        let streams: Vec<_> = open.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(streams.len(), 2, "{streams:?}");
        assert!(streams.iter().all(|streams| (3..=5).contains(streams)), "{streams:?}");
        let all = std::mem::take(&mut *open.lock().unwrap());
        all.into_iter().flatten().for_each(reply);
        join_all(calls).await
    };
    let values = tokio::select! {
        values = in_time(calls) => values,
        () = accept_all(&peer, &open, 100) => unreachable!("it accepts for ever"),
    };
    for value in values {
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
    assert_eq!(channel.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_allows_one_stream_gets_one_after_the_other_and_answers_all() {
    let _clock = Clock::hold();
    let (peer, open) = (Peer::bind().await, Open::default());
    let (channel, view) = (channel(&peer, config(1)).await, view());
    let mut cx: Vec<_> = (0..10).map(|_| Context::new()).collect();
    let calls = async { join_all(cx.iter_mut().map(|cx| view.call(cx, routed(&channel, HELLO)))).await };
    let answering = async {
        loop {
            settled().await;
            let at_once = answer(&open);
            assert!(at_once <= 1, "{at_once} at once");
        }
    };
    let values = tokio::select! {
        values = in_time(calls) => values,
        () = accept_all(&peer, &open, 1) => unreachable!("it accepts for ever"),
        () = answering => unreachable!("it answers for ever"),
    };
    for value in values {
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
    assert_eq!((channel.connections(), channel.waiting()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_streams_that_are_allowed_wait_here_and_are_refused_beyond_the_queue() {
    let _clock = Clock::hold();
    let (peer, open) = (Peer::bind().await, Open::default());
    let (channel, view) = (channel(&peer, Config { max_waiting: 2, ..config(1) }).await, view());
    let mut warm = Context::new();
    let mut cx: Vec<_> = (0..6).map(|_| Context::new()).collect();
    let calls = async {
        // The first tells what is allowed.
        let (value, ()) = tokio::join!(view.call(&mut warm, routed(&channel, HELLO)), async {
            settled().await;
            answer(&open);
        });
        value.unwrap();
        let mut calls: Vec<_> = cx.iter_mut().map(|cx| Box::pin(view.call(cx, routed(&channel, HELLO)))).collect();
        let mut refused = Vec::new();
        for call in &mut calls {
            refused.extend(call.now_or_never());
        }
        // Two run, or one and one that its connection holds back; two wait.
        assert_eq!(channel.waiting(), 2);
        assert!((2..=3).contains(&refused.len()), "{}", refused.len());
        for result in refused {
            let error = result.unwrap_err();
            assert_eq!(told(&error), (Code::Unavailable, Some("connections_busy"), Retry::Safe));
            assert_eq!(error.outcome(), Outcome::Rejected);
            assert_eq!(error.cause(), Some(&NoConnection::Full { connections: 1, waiting: 2 }));
        }
    };
    tokio::select! {
        () = in_time(calls) => {}
        () = accept_all(&peer, &open, 2) => unreachable!("it accepts for ever"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_sends_its_connections_away_again_and_again_loses_no_call() {
    const CALLS: usize = 40;
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for connections in [1, 2] {
        let channel = channel(&peer, config(connections)).await;
        let append = client::post(&APPEND, Json).binding::<Value>().unwrap();
        let mut cx: Vec<_> = (0..CALLS).map(|_| Context::new()).collect();
        // Calls that may not run twice, eight at a time.
        let calls = async {
            let mut values = Vec::new();
            for some in cx.chunks_mut(8) {
                values.extend(join_all(some.iter_mut().map(|cx| append.call(cx, routed(&channel, HELLO)))).await);
            }
            values
        };
        let serving = async {
            let mut all = JoinSet::new();
            loop {
                let stream = peer.accept().await.stream;
                all.spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.expect("a preface");
                    let mut answered = 0;
                    while let Some(Ok((_, respond))) = connection.accept().await {
                        reply(respond);
                        answered += 1;
                        if answered == 3 {
                            connection.graceful_shutdown();
                        }
                    }
                });
            }
        };
        let values = tokio::select! {
            values = in_time(calls) => values,
            () = serving => unreachable!("it serves for ever"),
        };
        for value in values {
            assert_eq!(value.unwrap(), Value { v: 5 });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_once_is_sent_again() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let channel = channel(&peer, config(1)).await;
    let append = client::post(&APPEND, Json).binding::<Value>().unwrap();
    let mut cx = Context::new();
    let serving = async {
        let mut connection = h2::server::handshake(peer.accept().await.stream).await.expect("a preface");
        let (_, mut refused) = connection.accept().await.expect("a call").expect("a request");
        refused.send_reset(Reason::REFUSED_STREAM);
        let (_, respond) = connection.accept().await.expect("the same call").expect("a request");
        reply(respond);
        poll_fn(|task| connection.poll_closed(task)).await
    };
    let value = tokio::select! {
        value = in_time(append.call(&mut cx, routed(&channel, HELLO))) => value,
        _ = serving => panic!("the client left without an answer"),
    };
    assert_eq!(value.unwrap(), Value { v: 5 });
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_stream_is_told_at_once_when_the_channel_is_closed() {
    let _clock = Clock::hold();
    let (peer, open) = (Peer::bind().await, Open::default());
    let (channel, view) = (channel(&peer, config(1)).await, view());
    let (mut warm, mut cx): (_, Vec<_>) = (Context::new(), (0..6).map(|_| Context::new()).collect());
    let calls = async {
        let (value, ()) = tokio::join!(view.call(&mut warm, routed(&channel, HELLO)), async {
            settled().await;
            answer(&open);
        });
        value.unwrap();
        let calls = join_all(cx.iter_mut().map(|cx| view.call(cx, routed(&channel, HELLO))));
        let (results, waiting) = tokio::join!(calls, async {
            settled().await;
            let waiting = channel.waiting();
            channel.close().await;
            waiting
        });
        assert!((4..=5).contains(&waiting), "{waiting}");
        results
    };
    let results = tokio::select! {
        results = in_time(calls) => results,
        () = accept_all(&peer, &open, 1) => unreachable!("it accepts for ever"),
    };
    for result in results {
        // Who was on it may be called again too: the method says so, and the channel is closed by then.
        assert_eq!(told(&result.unwrap_err()), (Code::Unavailable, Some("channel_closed"), Retry::Safe));
    }
    assert_eq!((channel.connections(), channel.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_closed_channel_cuts_its_streams_and_the_answers_that_are_being_read() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (channel, view) = (channel(&peer, config(1)).await, view());
    let (mut one, mut two, mut streamed) = (Context::new(), Context::new(), Context::new());
    let calls = async {
        // Its answer is here, its body is not.
        let export = client::post(&COUNT, Json).binding_with(|_cx, response| Ok(response.into_body())).unwrap();
        let (body, mut frames) = tokio::join!(export.call(&mut streamed, routed(&channel, HELLO)), async {
            let mut frames = Frames::accept(&peer).await;
            let stream = frames.request().await;
            frames.begin(stream).await;
            frames
        });
        let append = client::post(&APPEND, Json).binding::<Value>().unwrap();
        let (first, second, ()) = tokio::join!(
            append.call(&mut one, routed(&channel, HELLO)),
            append.call(&mut two, routed(&channel, HELLO)),
            async {
                for _ in 0..2 {
                    frames.request().await;
                }
                settled().await;
                channel.close().await;
                assert_eq!((channel.connections(), channel.waiting()), (0, 0));
                frames.closed().await;
            }
        );
        let error = body.unwrap().bytes(100).await.unwrap_err();
        [first.unwrap_err(), second.unwrap_err(), error]
    };
    for error in in_time(calls).await {
        assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun));
    }
    let error = view.call(&mut Context::new(), routed(&channel, HELLO)).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("channel_closed"), Retry::Safe));
    channel.close().await;
    // Nothing comes anew.
    assert!(peer.accept().now_or_never().is_none());
}
