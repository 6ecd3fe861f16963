//! Connections that were closed while nobody used them: what of a request left decides whether it is sent again.

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use kit_core::{Code, Context, Endpoint as _, Error, Method, Retry};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, Raw};
use kit_transport::http::{Body, Request, Response};

use crate::support::*;

static APPEND: Method = Method::new("stringsvc", "append").path("/append");

const MAY_HAVE_RUN: (Code, Option<&str>, Retry) = (Code::Unavailable, Some("connection_lost"), Retry::MayHaveRun);

/// Endpoints that share a client: one that may run twice, one that may not.
fn both(peer: &Peer) -> [Count; 2] {
    let client = Client::new(Config::default()).expect("defaults");
    [&COUNT, &APPEND].map(|method| client.post(method, &peer.target(), Json).endpoint().expect("a path"))
}

/// An endpoint whose connection has answered once and is unused now, and the server's end of it.
async fn used(peer: &Peer, endpoint: &Count) -> Line {
    let (mut cx, five) = (Context::new(), five());
    let (value, (_, line)) = tokio::join!(endpoint.call(&mut cx, HELLO), peer.serve(&five));
    value.unwrap();
    settled().await;
    line
}

#[tokio::test(start_paused = true)]
async fn a_close_that_nobody_has_noticed_yet_costs_no_call() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for by_reset in [false, true] {
        for endpoint in both(&peer) {
            let line = used(&peer, &endpoint).await;
            if by_reset {
                line.reset()
            } else {
                drop(line)
            }
            // Not a turn of the runtime in between: what the socket knows, the client's tasks do not.
            let (mut cx, five) = (Context::new(), five());
            let (value, (received, line)) = tokio::join!(endpoint.call(&mut cx, HELLO), peer.serve(&five));
            assert_eq!(value.unwrap(), Value { v: 5 }, "reset: {by_reset}");
            assert_eq!(received.body, br#"{"s":"hello"}"#);
            // Sent again it stands where it stood, once.
            assert_eq!(received.header("host"), Some(&*peer.address().to_string()));
            drop((endpoint, line));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_says_unasked_before_it_closes_is_no_answer() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for endpoint in both(&peer) {
        let mut line = used(&peer, &endpoint).await;
        line.send(answer("408 Request Timeout", "text/plain", "too slow")).await;
        drop(line);
        let (mut cx, five) = (Context::new(), five());
        let (value, _) = tokio::join!(endpoint.call(&mut cx, HELLO), peer.serve(&five));
        assert_eq!(value.unwrap(), Value { v: 5 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_left_is_sent_again_only_if_it_may_run_twice() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for by_reset in [false, true] {
        let [count, append] = both(&peer);
        let gone = async |mut line: Line| {
            line.request().await;
            if by_reset { line.reset() } else { drop(line) }
        };
        let (line, five) = (used(&peer, &count).await, five());
        let mut cx = Context::new();
        let (value, _) = tokio::join!(count.call(&mut cx, HELLO), async {
            gone(line).await;
            peer.serve(&five).await
        });
        assert_eq!(value.unwrap(), Value { v: 5 });

        let line = used(&peer, &append).await;
        let mut cx = Context::new();
        let (result, ()) = tokio::join!(append.call(&mut cx, HELLO), gone(line));
        assert_eq!(told(&result.unwrap_err()), MAY_HAVE_RUN, "reset: {by_reset}");
        assert!(peer.accept().now_or_never().is_none(), "it was not sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_says_the_time_that_is_left_then_and_the_rest_as_it_was() {
    let clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).expect("defaults");
    let count = client.post(&COUNT, &peer.target(), Json).binding::<Value>().expect("a path");
    let (mut warm, five) = (Context::new(), five());
    let (value, (_, mut line)) = tokio::join!(count.call(&mut warm, HELLO), peer.serve(&five));
    value.unwrap();
    let second = std::time::Duration::from_secs(1);
    let mut cx = cx_with(9 * second);
    cx.outbound_mut().append("x-twice", "a").unwrap();
    cx.outbound_mut().append("x-twice", "b").unwrap();
    let (value, (first, again)) = tokio::join!(count.call(&mut cx, HELLO), async {
        let first = line.request().await;
        clock.advance(second).await;
        drop(line);
        (first, peer.serve(&five).await.0)
    });
    value.unwrap();
    assert_eq!((first.header("grpc-timeout"), again.header("grpc-timeout")), (Some("9000000u"), Some("8000000u")));
    let rest = |request: &Received| {
        let mut lines: Vec<_> = request.head.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("grpc-timeout"));
        lines.sort();
        (lines, request.body.clone())
    };
    assert_eq!(rest(&first), rest(&again));
    assert!(rest(&again).0.contains(&"x-twice: b".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_fresh_connection_that_is_lost_too_is_the_end() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let [count, _] = both(&peer);
    let mut line = used(&peer, &count).await;
    let mut cx = Context::new();
    let (result, ()) = tokio::join!(count.call(&mut cx, HELLO), async {
        line.request().await;
        drop(line);
        peer.accept().await.request().await;
    });
    // A server that dies of a request does not get it for ever: more is for a retry that has a budget.
    assert_eq!(told(&result.unwrap_err()), MAY_HAVE_RUN);
    assert!(peer.accept().now_or_never().is_none());
}

/// A request whose body is made while it is sent.
fn upload() -> Request {
    let mut request = Request::new(Body::stream(stream::iter([Ok(Bytes::from_static(b"abc"))])));
    *request.method_mut() = http::Method::POST;
    request
}

async fn call(raw: &Raw, request: Request) -> Result<Response, Error> {
    raw.call(&mut Context::new(), request).await
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_cannot_be_sent_again_and_its_error_says_that_nothing_left() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (raw, five) = (Client::new(Config::default()).unwrap().raw(&peer.target()), five());
    let (answered, (_, line)) = tokio::join!(call(&raw, Request::new(Body::empty())), peer.serve(&five));
    drop(answered.unwrap().into_body().bytes(100).await.unwrap());
    settled().await;
    drop(line);
    let error = call(&raw, upload()).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unavailable, Some("connection_lost"), Retry::Safe));
    // Its connection is not tried again.
    let (answered, _) = tokio::join!(call(&raw, upload()), peer.serve(&five));
    assert_eq!(answered.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn what_passes_through_may_run_twice_if_its_verb_says_so() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (verb, again) in [(http::Method::PUT, true), (http::Method::PATCH, false)] {
        let (raw, five) = (Client::new(Config::default()).unwrap().raw(&peer.target()), five());
        let (answered, (_, mut line)) = tokio::join!(call(&raw, Request::new(Body::empty())), peer.serve(&five));
        drop(answered.unwrap().into_body().bytes(100).await.unwrap());
        settled().await;
        let mut request = Request::new(Body::from("abc"));
        *request.method_mut() = verb;
        let (result, ()) = tokio::join!(call(&raw, request), async {
            line.request().await;
            drop(line);
            if again {
                let (received, _) = peer.serve(&five).await;
                assert_eq!((received.line(), &*received.body), ("PUT / HTTP/1.1", &b"abc"[..]));
            }
        });
        match result {
            Ok(response) => assert!(again && response.status() == 200),
            Err(error) => assert!(!again && told(&error) == MAY_HAVE_RUN, "{error:?}"),
        }
    }
}
