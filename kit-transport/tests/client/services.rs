//! Against the server of this crate: what one end writes the other reads.

use kit_core::request_id::RequestIdLayer;
use kit_core::{ChildLayer, Code, Context, Endpoint as _, Error, Method, RequestId, endpoint_fn, endpoint_with};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, Raw, Target};
use kit_transport::http::server::{Router, RouterService, Server, json};
use kit_transport::http::{Body, Request};
use tokio::task::JoinHandle;

use crate::support::*;

/// A service on a port of its own; it ends with the test's runtime.
pub(crate) async fn start(service: RouterService) -> (Target, JoinHandle<()>) {
    let bound = Server::new(Default::default()).expect("defaults").bind("127.0.0.1:0").await.expect("a free port");
    let target = Target::parse(&format!("http://{}", bound.local_addr())).expect("an address is a target");
    let serving = tokio::spawn(async {
        bound.serve(service, std::future::pending()).await;
    });
    (target, serving)
}

#[tokio::test(start_paused = true)]
async fn an_error_crosses_two_services_with_its_code_reason_and_id() {
    let _clock = Clock::hold();
    let made = Error::not_found("no such text").with_reason("missing");
    let id = made.id();
    let failing = endpoint_with(made, async |made, _cx, _text: serde_json::Value| Err::<(), _>(made.clone()));
    let (back, _serving) = start(Router::new().post(&COUNT, json(failing)).build().unwrap()).await;
    let client = Client::new(Config::default()).unwrap();
    let inner = client.post::<serde_json::Value, _>(&COUNT, &back, Json).endpoint::<serde_json::Value>().unwrap();
    let (front, _fronting) = start(Router::new().post(&COUNT, json(inner)).build().unwrap()).await;
    let count = client.post(&COUNT, &front, Json).endpoint::<Value>().unwrap();
    let error = count.call(&mut Context::new(), HELLO).await.unwrap_err();
    assert_eq!((error.code(), error.reason(), error.id()), (Code::NotFound, Some("missing"), id));
}

#[tokio::test(start_paused = true)]
async fn one_request_has_one_name_and_less_and_less_time_on_every_hop() {
    let _clock = Clock::hold();
    let seen = endpoint_fn(async |cx, ()| {
        let left = cx.deadline().expect("a deadline").duration_since(cx.arrived());
        Ok((cx.request_id().map(ToString::to_string), left.as_micros()))
    });
    static SEEN: Method = Method::new("tests", "seen").path("/seen");
    let layer = || Router::with(RequestIdLayer::default());
    let (back, _serving) = start(layer().post(&SEEN, json(seen)).build().unwrap()).await;
    let client = Client::new(Config::default()).unwrap();
    let inner = client.post::<(), _>(&SEEN, &back, Json).endpoint::<(Option<String>, u128)>().unwrap();
    let (front, _fronting) = start(layer().post(&SEEN, json(inner)).build().unwrap()).await;
    let seen = client.post(&SEEN, &front, Json).endpoint::<(Option<String>, u128)>().unwrap();
    let mut cx = cx_with(std::time::Duration::from_secs(7));
    cx.set_request_id(RequestId::parse("abc-1").unwrap());
    let (name, left) = seen.call(&mut cx, ()).await.unwrap();
    assert_eq!((name.as_deref(), left), (Some("abc-1"), 7_000_000), "the clock stands still");
}

static ANY: Method = Method::new("tests", "any");

/// A proxy, as the documentation of [`Raw`] has it.
fn proxy(backend: Raw) -> RouterService {
    let backend = backend.layer(ChildLayer::new(&ANY));
    let proxy = endpoint_with(backend, async |backend, cx, mut request: Request| {
        *request.headers_mut() = cx.inbound().headers().clone();
        backend.call(cx, request).await
    });
    Router::new().put("/{*path}", proxy).build().expect("one route")
}

fn put(path: &'static str, body: &'static str) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = http::Method::PUT;
    *request.uri_mut() = path.parse().expect("a path");
    request
}

#[tokio::test(start_paused = true)]
async fn a_proxy_passes_both_messages_on() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let (front, _fronting) = start(proxy(client.raw(&peer.target()))).await;
    let mut request = put("/a%2Fb?c=d", "body");
    request.headers_mut().insert("x-yours", "1".parse().unwrap());
    let answer = "HTTP/1.1 207 Multi-Status\r\nx-end: 1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let (raw, mut cx) = (client.raw(&front), Context::new());
    let (response, (received, _line)) = tokio::join!(raw.call(&mut cx, request), peer.serve(answer));
    assert_eq!((received.line(), &*received.body), ("PUT /a%2Fb?c=d HTTP/1.1", &b"body"[..]));
    assert_eq!(received.header("x-yours"), Some("1"));
    assert_eq!(received.header("host"), Some(&*peer.address().to_string()));
    let response = response.unwrap();
    assert_eq!(response.status(), http::StatusCode::MULTI_STATUS);
    assert_eq!(response.headers()["x-end"], "1");
    assert_eq!(response.into_body().bytes(10).await.unwrap(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_ends_the_whole_chain() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let (front, _fronting) = start(proxy(client.raw(&peer.target()))).await;
    let (raw, mut cx) = (client.raw(&front), Context::new());
    let begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    let (response, (_, line)) = tokio::join!(raw.call(&mut cx, put("/a", "")), peer.serve(begun));
    drop(response.unwrap());
    line.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_ends_the_whole_chain() {
    let _clock = Clock::hold();
    let peer = Peer::bind().await;
    let client = Client::new(Config::default()).unwrap();
    let (front, _fronting) = start(proxy(client.raw(&peer.target()))).await;
    let (raw, mut cx) = (client.raw(&front), Context::new());
    let line = tokio::select! {
        _ = raw.call(&mut cx, put("/a", "")) => panic!("nobody answered"),
        line = async {
            let mut line = peer.accept().await;
            line.request().await;
            line
        } => line,
    };
    line.closed().await;
}
