use bytes::Bytes;
use futures_util::stream;
use kit_core::{Code, Context, Endpoint as _, Error, Outcome};
use kit_transport::http::client::{Client, Config, Raw, Target};
use kit_transport::http::{Body, Request};

use crate::support::*;

fn raw(peer: &Peer) -> Raw {
    let target = Target::parse(&format!("{}/below", peer.target())).expect("a target with a path");
    Client::new(Config::default()).expect("defaults").raw(&target)
}

fn request(path: &str, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::PUT;
    *request.uri_mut() = path.parse().expect("a URI");
    request
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_on_as_it_is_without_what_belongs_to_a_connection() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (raw, mut cx) = (raw(&peer), Context::new());
    cx.outbound_mut().insert("traceparent", "of this hop").unwrap();
    let mut passed = request("http://elsewhere/a%2Fb?c=d", Body::from("body"));
    for (name, value) in [
        ("host", "elsewhere"),
        ("content-length", "999"),
        ("connection", "x-mine"),
        ("x-mine", "1"),
        ("te", "trailers"),
        ("x-yours", "1"),
        ("traceparent", "of the caller"),
    ] {
        passed.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer =
        "HTTP/1.1 200 OK\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\nx-end: 1\r\ncontent-length: 2\r\n\r\nok";
    let (response, (request, _line)) = tokio::join!(raw.call(&mut cx, passed), peer.serve(answer));
    assert_eq!(request.line(), "PUT /below/a%2Fb?c=d HTTP/1.1");
    assert_eq!(request.body, b"body");
    assert_eq!(request.header("host"), Some(&*peer.address().to_string()));
    assert_eq!((request.header("x-yours"), request.header("traceparent")), (Some("1"), Some("of this hop")));
    assert_eq!((request.header("x-mine"), request.header("te"), request.header("connection")), (None, None, None));
    assert!(request.header("grpc-timeout").is_some());
    let response = response.unwrap();
    assert!(response.headers().contains_key("x-end") && cx.inbound().get("x-end").is_some());
    assert!(!response.headers().contains_key("x-hop") && !response.headers().contains_key("connection"));
    assert!(cx.stream().is_some(), "its body is still on its way");
    assert_eq!(response.into_body().bytes(10).await.unwrap(), "ok");
    assert_eq!(cx.stream().unwrap().ended().expect("read to its end").outcome(), Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn a_response_of_any_status_is_an_answer_that_says_how_the_call_ended() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    for (status, outcome) in [
        ("204 No Content", Outcome::Success),
        ("302 Found", Outcome::Success),
        ("404 Not Found", Outcome::BusinessError),
        ("429 Too Many Requests", Outcome::BackendError),
        ("500 Internal Server Error", Outcome::BackendError),
        ("504 Gateway Timeout", Outcome::TimedOut),
    ] {
        let (raw, mut cx) = (raw(&peer), Context::new());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let (response, _) = tokio::join!(raw.call(&mut cx, request("/", Body::empty())), peer.serve(&answer));
        assert_eq!(response.unwrap().status().to_string(), status);
        assert_eq!(cx.outcome_of(&Ok(())), outcome);
        assert!(cx.stream().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_failed_responses_body_is_the_failure() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (raw, mut cx) = (raw(&peer), Context::new());
    let answer = answer("503 Service Unavailable", "text/plain", "busy");
    let (response, _line) = tokio::join!(raw.call(&mut cx, request("/", Body::empty())), peer.serve(&answer));
    assert_eq!(response.unwrap().into_body().bytes(10).await.unwrap(), "busy");
    assert_eq!(cx.stream().unwrap().ended().expect("ended").outcome(), Outcome::BackendError);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_streamed_on_and_its_failure_is_not_the_callees() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let (raw, mut cx) = (raw(&peer), Context::new());
    let chunks = stream::iter([Ok(Bytes::from_static(b"ab")), Ok(Bytes::from_static(b"c"))]);
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    let (response, (received, _line)) =
        tokio::join!(raw.call(&mut cx, request("/", Body::stream(chunks))), peer.serve(answer));
    response.unwrap();
    assert_eq!(received.body, b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    // The uploading client went away: the producer's own error comes back.
    let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(Error::unavailable("the upload broke off"))]);
    let error = raw.call(&mut cx, request("/", Body::stream(broken))).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "the upload broke off"));
    assert_eq!(error.outcome(), Outcome::Cancelled);
}
