//! Over real sockets. Nothing here waits for a time: each test waits for the event itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kit_core::{Code, Error, endpoint_with};
use kit_transport::http::server::{Bound, Config, Drained, Router, RouterService, Server};
use kit_transport::http::{Body, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::guard::Guard;
use crate::support::{Ears, uppercase};

struct Running {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Drained>,
    _guard: Guard,
}

async fn bound(config: Config) -> Bound {
    Server::new(config).unwrap().bind("127.0.0.1:0").await.unwrap()
}

async fn start(service: RouterService, config: Config) -> Running {
    let bound = bound(config).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let addr = bound.local_addr();
    let serving = tokio::spawn(bound.serve(service, async { drop(stopped.await) }));
    Running { addr, stop: Some(stop), serving, _guard: Guard::new() }
}

impl Running {
    fn stop(&mut self) {
        drop(self.stop.take());
    }
}

async fn raw(addr: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

async fn to_end(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn http_1_and_http_2_are_served_on_one_port() {
    let running = start(uppercase(Router::new()).build().unwrap(), Config::default()).await;
    for (http2, version) in [(false, Version::HTTP_11), (true, Version::HTTP_2)] {
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http::<Full<Bytes>>();
        let request = http::Request::post(format!("http://{}/uppercase", running.addr))
            .header("content-type", "application/json")
            .body(Full::from(r#"{"s":"hello"}"#))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, version));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), r#"{"s":"HELLO"}"#);
    }
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight_and_closes_its_connection() {
    let gates = Arc::new((Notify::new(), Notify::new()));
    let slow = endpoint_with(Arc::clone(&gates), async |gates, _cx, _: Request| {
        gates.0.notify_one();
        gates.1.notified().await;
        Ok(Response::new(Body::from("done")))
    });
    let mut running = start(Router::new().get("/", slow).build().unwrap(), Config::default()).await;
    let stream = raw(running.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    gates.0.notified().await;
    running.stop();
    // The port is free as soon as the drain begins.
    while TcpStream::connect(running.addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gates.1.notify_one();
    let answer = to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("done"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    assert_eq!(running.serving.await.unwrap().aborted, 0);
}

#[tokio::test]
async fn a_drain_is_bounded_whatever_a_handler_does() {
    let begun = Arc::new(Notify::new());
    let never = endpoint_with(Arc::clone(&begun), async |begun, _cx, _: Request| {
        begun.notify_one();
        std::future::pending::<Result<Response, Error>>().await
    });
    let mut config = Config::default();
    config.drain_timeout = Duration::from_millis(20);
    let ears = Ears::default();
    let service = Router::new().get("/", never).finalize(ears.listen()).build().unwrap();
    let mut running = start(service, config).await;
    let stream = raw(running.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    running.stop();
    assert_eq!(running.serving.await.unwrap().aborted, 1);
    assert_eq!(to_end(stream).await, "", "cut off without an answer");
    assert_eq!(ears.one().outcome, kit_core::Outcome::Cancelled);
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_call() {
    let begun = Arc::new(Notify::new());
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(std::sync::Mutex::new(Some(tell)));
    let hang = endpoint_with((Arc::clone(&begun), tell), async |(begun, tell), cx, _: Request| {
        let (cancel, tell) = (cx.cancel_token(), tell.lock().unwrap().take());
        tokio::spawn(async move {
            cancel.cancelled().await;
            let _ = tell.map(|tell| tell.send(()));
        });
        begun.notify_one();
        std::future::pending::<Result<Response, Error>>().await
    });
    let running = start(Router::new().get("/", hang).build().unwrap(), Config::default()).await;
    let stream = raw(running.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    drop(stream);
    told.await.expect("what the call spawned was told");
}

#[tokio::test]
async fn the_peer_is_known_to_the_call() {
    let peer = kit_core::endpoint_fn(async |cx, _: Request| {
        Ok(Response::new(Body::from(cx.peer().map(|peer| peer.to_string()).unwrap_or_default())))
    });
    let running = start(Router::new().get("/", peer).build().unwrap(), Config::default()).await;
    let stream = raw(running.addr, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let own = stream.local_addr().unwrap().to_string();
    assert!(to_end(stream).await.ends_with(&own));
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let first = bound(Config::default()).await;
    let error = Server::new(Config::default()).unwrap().bind(first.local_addr()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().starts_with(&format!("cannot listen on {}: ", first.local_addr())), "{error}");
    assert_eq!(error.message().lines().count(), 1);
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let refused = |change: fn(&mut Config), field: &str| {
        let mut config = Config::default();
        change(&mut config);
        let error = Server::new(config).unwrap_err();
        assert!(error.message().contains(field), "{error}");
    };
    refused(|config| config.header_timeout = Duration::ZERO, "header_timeout");
    refused(|config| config.ping_interval = Duration::ZERO, "ping_interval");
    refused(|config| config.max_header_bytes = 100, "max_header_bytes");
    refused(|config| config.max_headers = 0, "max_headers");
}

#[tokio::test]
async fn a_port_for_http_2_alone_closes_what_does_not_begin_as_that() {
    let mut config = Config::default();
    config.http2_only = true;
    let running = start(uppercase(Router::new()).build().unwrap(), config).await;
    let mut refused = raw(running.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // An end, or a reset because of what was not read.
    assert!(matches!(refused.read(&mut [0; 16]).await, Ok(0) | Err(_)));
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let request = http::Request::get(format!("http://{}/nowhere", running.addr)).body(Full::default()).unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), 404);
}
