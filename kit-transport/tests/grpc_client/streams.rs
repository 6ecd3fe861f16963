use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use kit_core::{ChildLayer, Code, Context, Endpoint as _, Outcome, Retry, endpoint_with};
use kit_transport::grpc::{Messages, client};
use kit_transport::http::client::Client;
use tokio::sync::Notify;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn messages_come_as_they_are_sent_and_trailers_with_the_end() {
    let _clock = Clock::hold();
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let waits = Arc::clone(&waits);
        async move {
            assert_eq!(exchange.read::<Text>().await, Some(text("hello")));
            exchange.head(200, &[("content-type", "application/grpc"), ("x-head", "1")], false);
            for v in [1, 2] {
                waits.notified().await;
                exchange.message(&Length { v });
            }
            // Several in one frame, and one in several.
            let rest: Vec<u8> = [3, 4, 5].into_iter().flat_map(|v| framed(&Length { v })).collect();
            exchange.data(rest[..10].to_vec(), false);
            exchange.data(rest[10..].to_vec(), false);
            exchange.trailers(&[("grpc-status", "0"), ("x-took", "3ms"), ("sum-bin", "Dw")]);
        }
    })
    .await;
    let heard = Arc::new(Mutex::new(None));
    let http = Client::new(config()).unwrap();
    let words = client::server_stream::<Length>(&WORDS).at(&http, &peer.target()).unwrap();
    let stack = endpoint_with((words, Arc::clone(&heard)), async |state, cx, request: Text| {
        let stream = state.0.call(cx, request).await?;
        assert_eq!(cx.inbound().get("x-head"), Some("1"), "the head is here at once");
        let heard = Arc::clone(&state.1);
        cx.stream().expect("a stream").attach(move |ended| *heard.lock().unwrap() = Some(ended.outcome()));
        Ok(stream)
    });
    let stack = kit_core::Layer::layer(&ChildLayer::new(&WORDS), stack);
    let mut stream = stack.call(&mut Context::new(), text("hello")).await.unwrap();
    for v in [1, 2] {
        settled().await;
        assert!(stream.next().now_or_never().is_none(), "nothing came yet");
        go.notify_one();
        assert_eq!(stream.next().await.unwrap().unwrap(), Length { v });
    }
    assert_eq!(*heard.lock().unwrap(), None);
    let rest: Vec<u64> = (&mut stream).map(|length| length.unwrap().v).collect().await;
    assert_eq!((rest, *heard.lock().unwrap()), (vec![3, 4, 5], Some(Outcome::Success)));
    let trailers = stream.end().take_trailers();
    assert_eq!((trailers.get("x-took"), trailers.get_bin("sum-bin")), (Some("3ms"), Some(vec![15])));
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_a_stream_and_its_trailers_are_there_too() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        exchange.message(&FIVE);
        exchange.trailers(&[("grpc-status", "9"), ("grpc-message", "no more"), ("x-left", "2")]);
    })
    .await;
    let words = peer.words();
    let mut stream = words.call(&mut Context::new(), text("")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!((told(&error), error.message()), ((Code::FailedPrecondition, None, Retry::Never), "no more"));
    assert!(stream.next().await.is_none());
    let ended = stream.end().ended().unwrap();
    assert_eq!((ended.outcome(), ended.trailers().get("x-left")), (Outcome::BusinessError, Some("2")));
}

#[tokio::test(start_paused = true)]
async fn both_sides_speak_in_turn() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        while let Some(request) = exchange.read::<Text>().await {
            exchange.message(&Length { v: request.s.len() as u64 });
        }
        exchange.trailers(OK);
    })
    .await;
    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut Context::new(), messages).await.unwrap();
    for s in ["a", "bb", "", "dddd"] {
        send.send(Ok(text(s))).await.unwrap();
        assert_eq!(in_time(stream.next()).await.unwrap().unwrap().v, s.len() as u64);
    }
    drop(send);
    assert!(in_time(stream.next()).await.is_none());
    assert_eq!(stream.end().ended().unwrap().outcome(), Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn many_messages_have_one_answer() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        let mut v = 0;
        while let Some(request) = exchange.read::<Text>().await {
            v += request.s.len() as u64;
        }
        exchange.begin();
        exchange.message(&Length { v });
        exchange.trailers(OK);
    })
    .await;
    for count in [0, 1, 5_000] {
        let messages = Messages::new(stream::iter((0..count).map(|_| Ok(text("ab")))));
        assert_eq!(peer.total().call(&mut Context::new(), messages).await.unwrap().v, 2 * count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_stops_the_callee() {
    let _clock = Clock::hold();
    const SIZE: usize = 64 * 1024;
    let sent = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&sent);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let counts = Arc::clone(&counts);
        async move {
            exchange.begin();
            let message = framed(&text(&"x".repeat(SIZE)));
            for _ in 0..200 {
                exchange.send_all(&message).await;
                counts.fetch_add(1, Ordering::SeqCst);
            }
            exchange.trailers(OK);
        }
    })
    .await;
    let http = Client::new(config()).unwrap();
    let words = client::server_stream::<Text>(&WORDS).endpoint(&http, &peer.target()).unwrap();
    let mut stream = words.call(&mut Context::new(), text("")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().s.len(), SIZE);
    settled().await;
    let ahead = sent.load(Ordering::SeqCst);
    assert!(ahead < 100, "{ahead} of 200 messages were taken from a callee whose reader reads nothing");
    settled().await;
    assert_eq!(sent.load(Ordering::SeqCst), ahead);
    assert_eq!(in_time((&mut stream).count()).await, 199);
}

#[tokio::test(start_paused = true)]
async fn a_callee_that_waits_stops_the_source() {
    let _clock = Clock::hold();
    const SIZE: usize = 64 * 1024;
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let waits = Arc::clone(&waits);
        async move {
            waits.notified().await;
            let mut v = 0;
            while exchange.read::<Text>().await.is_some() {
                v += 1;
            }
            exchange.begin();
            exchange.message(&Length { v });
            exchange.trailers(OK);
        }
    })
    .await;
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let source = stream::iter(0..100).map(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        Ok(text(&"x".repeat(SIZE)))
    });
    let (total, mut cx) = (peer.total(), Context::new());
    let mut call = Box::pin(total.call(&mut cx, Messages::new(source)));
    for _ in 0..1_000 {
        assert!((&mut call).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let ahead = asked.load(Ordering::SeqCst);
    assert!((1..10).contains(&ahead), "{ahead} of 100 messages were made for a callee that reads nothing");
    go.notify_one();
    assert_eq!(in_time(call).await.unwrap().v, 100);
}
