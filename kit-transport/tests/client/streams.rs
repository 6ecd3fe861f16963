use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::BodyExt as _;
use kit_core::{Child, ChildLayer, Code, Context, Endpoint as _, Method, Outcome, Streaming, endpoint_with};
use kit_transport::codec::Json;
use kit_transport::http::Body;
use kit_transport::http::client::{Binding, Client, Config};

use crate::support::*;

static EXPORT: Method = Method::new("stringsvc", "export").path("/export");

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";

fn export(peer: &Peer) -> Child<Binding<Text, Body, Json>> {
    let client = Client::new(Config::default()).expect("defaults");
    let export = client.post(&EXPORT, &peer.target(), Json);
    export.endpoint_with(|_cx, response| Ok(response.into_body())).expect("a path")
}

async fn next(body: &mut Body) -> Option<Result<Bytes, kit_core::Error>> {
    Some(body.frame().await?.map(|frame| frame.into_data().expect("data")))
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_after_the_call_has_returned() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (export, mut cx) = (export(&peer), Context::new());
    let (body, (_, mut line)) = tokio::join!(export.call(&mut cx, HELLO), peer.serve(CHUNKED));
    let mut body = body.unwrap();
    assert!(cx.stream().is_none(), "the stream is the child's");
    drop(cx);
    assert!(next(&mut body).now_or_never().is_none(), "nothing came yet");
    line.send("2\r\nab\r\n").await;
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "ab");
    line.send("1\r\nc\r\n0\r\n\r\n").await;
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "c");
    assert!(next(&mut body).await.is_none());
    // Read to its end, the connection is as good as new.
    let mut cx = Context::new();
    let (again, _) = tokio::join!(export.call(&mut cx, HELLO), line.serve(CHUNKED));
    again.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_the_stack_learns_how_the_stream_ended() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (rest, outcome) in [(Some("0\r\n\r\n"), Outcome::Success), (None, Outcome::Cancelled)] {
        let client = Client::new(Config::default()).unwrap();
        let binding = client.post(&EXPORT, &peer.target(), Json).binding_with(|_cx, response| Ok(response.into_body()));
        let heard = Arc::new(Mutex::new(None));
        let stack = endpoint_with((binding.unwrap(), Arc::clone(&heard)), async |state, cx, text: Text| {
            let body = state.0.call(cx, text).await?;
            let heard = Arc::clone(&state.1);
            let end = cx.stream().expect("an announced stream");
            end.attach(move |ended| *heard.lock().expect("nobody panics with it") = Some(ended.outcome()));
            Ok(body)
        })
        .layer(ChildLayer::new(&EXPORT));
        let mut cx = Context::new();
        let (body, (_, mut line)) = tokio::join!(stack.call(&mut cx, HELLO), peer.serve(CHUNKED));
        let mut body: Body = body.unwrap();
        assert_eq!(*heard.lock().unwrap(), None);
        if let Some(rest) = rest {
            line.send(rest).await;
            assert!(next(&mut body).await.is_none());
        }
        drop(body);
        assert_eq!(*heard.lock().unwrap(), Some(outcome));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_dropped_closes_the_connection() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (export, mut cx) = (export(&peer), Context::new());
    let (body, (_, mut line)) = tokio::join!(export.call(&mut cx, HELLO), peer.serve(CHUNKED));
    let mut body = body.unwrap();
    line.send("2\r\nab\r\n").await;
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "ab");
    drop(body);
    line.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_ends_in_an_error() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for by_reset in [false, true] {
        let (export, mut cx) = (export(&peer), Context::new());
        let (body, (_, mut line)) = tokio::join!(export.call(&mut cx, HELLO), peer.serve(CHUNKED));
        let mut body = body.unwrap();
        line.send("2\r\nab\r\n").await;
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "ab");
        if by_reset {
            line.reset()
        } else {
            drop(line)
        }
        let error = next(&mut body).await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Unavailable, Some("connection_lost")));
        assert!(next(&mut body).await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_decode_of_its_own_makes_messages_of_a_body() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let lengths = client
        .post(&EXPORT, &peer.target(), Json)
        .endpoint_with(|cx, response| {
            let chunks = response.into_body().into_data_stream();
            Ok(Streaming::new(cx, chunks.map(|chunk| chunk.map(|chunk| chunk.len()))))
        })
        .unwrap();
    let (mut cx, answer) = (Context::new(), format!("{CHUNKED}2\r\nab\r\n"));
    let (stream, (_, line)) = tokio::join!(lengths.call(&mut cx, HELLO), peer.serve(&answer));
    let mut stream = stream.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), 2);
    drop(line);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some("connection_lost"));
    assert_eq!(stream.end().ended().expect("ended").outcome(), Outcome::BackendError);
}

#[tokio::test(start_paused = true)]
async fn a_body_carries_the_deadline_to_its_end() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let limit = Duration::from_secs(5);
    let (export, mut cx) = (export(&peer), cx_with(limit));
    let (body, (_, line)) = tokio::join!(export.call(&mut cx, HELLO), peer.serve(CHUNKED));
    let mut body = body.unwrap();
    let (chunk, ()) = tokio::join!(next(&mut body), clock.advance(limit));
    assert_eq!(chunk.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    line.closed().await;
}
