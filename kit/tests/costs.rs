//! What a request costs over raw hyper: counted, not timed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use kit::client::Client;
use kit::http::server::{Router, RouterService, json};
use kit::http::{Body, Request, Response};
use kit::{Channel, Context, Endpoint, Error, Factory, Instance, Layer as _, Method, Routed, endpoint_fn, request_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

#[derive(Deserialize)]
struct Text {
    s: String,
}

#[derive(Serialize)]
struct Value {
    v: String,
}

static UPPERCASE: Method = Method::new("stringsvc", "uppercase").path("/uppercase").idempotent();

const REQUEST: &[u8] =
    b"POST /uppercase HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"s\":\"hello\"}";

fn stack() -> kit::server::Stack {
    let log = kit::log::Logger::new(kit::log::logfmt(std::io::sink()));
    kit::server::Stack::new(&log, &kit::metrics::Registry::new()).unwrap()
}

fn uppercase() -> impl kit::Endpoint<Text, Response = Value> + 'static {
    request_fn(async |text: Text| Ok(Value { v: text.s.to_uppercase() }))
}

fn bare() -> RouterService {
    Router::new().post(&UPPERCASE, json(uppercase())).build().unwrap()
}

fn full() -> RouterService {
    Router::with(stack()).post(&UPPERCASE, json(uppercase())).build().unwrap()
}

/// The same work by hand.
async fn raw(request: http::Request<hyper::body::Incoming>) -> Result<http::Response<Full<bytes::Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let text: Text = serde_json::from_slice(&body).unwrap();
    let value = serde_json::to_vec(&Value { v: text.s.to_uppercase() }).unwrap();
    let mut response = http::Response::new(Full::from(value));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Allocations of one request on a connection that has served a few.
fn allocations<S, B>(service: S) -> u64
where
    S: hyper::service::Service<http::Request<hyper::body::Incoming>, Response = http::Response<B>, Error = Infallible>
        + 'static,
    S::Future: Send + 'static,
    S: Send,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    const WARM: usize = 20;
    const MEASURED: usize = 100;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    builder.http2().timer(TokioTimer::new());
    runtime.spawn(async move { drop(builder.serve_connection(TokioIo::new(server), service).await) });
    let mut answer = [0; 4096];
    runtime.block_on(calls(&mut client, &mut answer, WARM));
    let info = allocation_counter::measure(|| runtime.block_on(calls(&mut client, &mut answer, MEASURED)));
    info.count_total / MEASURED as u64
}

async fn calls(client: &mut DuplexStream, answer: &mut [u8], times: usize) {
    for _ in 0..times {
        client.write_all(REQUEST).await.unwrap();
        let mut have = 0;
        while !answer[..have].ends_with(b"\"HELLO\"}") {
            have += client.read(&mut answer[have..]).await.unwrap();
        }
    }
}

#[test]
fn the_full_stack_adds_at_most_two_allocations_to_raw_hyper() {
    let raw = allocations(hyper::service::service_fn(raw));
    let (bare, full) = (allocations(bare()), allocations(full()));
    println!("allocations a request: raw {raw}, bare {bare}, full {full}");
    assert!(bare <= raw + 2, "raw {raw}, bare {bare}");
    assert!(full <= raw + 2, "raw {raw}, full {full}");
}

#[test]
fn the_stack_itself_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = stack().layer(request_fn(async |n: u32| Ok(n)));
    let call = || {
        runtime.block_on(async {
            let mut cx = Context::new();
            cx.set_method(&UPPERCASE);
            endpoint.call(&mut cx, 1).await.unwrap();
            cx.finish();
        });
    };
    call();
    assert_eq!(allocation_counter::measure(call).count_total, 0);
}

#[tokio::test]
async fn the_future_of_the_default_stack_is_small() {
    let endpoint = stack().layer(json(uppercase()));
    let mut cx = Context::new();
    let request: Request = http::Request::new(Body::empty());
    let call = endpoint.call(&mut cx, request);
    let size = size_of_val(&call);
    println!("the default stack's future round a binding: {size} bytes");
    assert!(size <= 4096, "{size}");
    let _: Result<Response, kit::Error> = call.await;
}

fn client_stack() -> kit::client::Stack {
    let log = kit::log::Logger::new(kit::log::logfmt(std::io::sink()));
    kit::client::Stack::new(&UPPERCASE, &log, &kit::metrics::Registry::new()).unwrap()
}

#[test]
fn the_client_stack_itself_allocates_nothing_on_success() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = request_fn(async |n: u32| Ok(n)).layer(client_stack());
    let call = || {
        // Pinned here: in a debug build tokio moves a future of 2 KiB and more to the heap.
        runtime.block_on(std::pin::pin!(async {
            let mut cx = Context::new();
            assert_eq!(endpoint.call(&mut cx, 1).await.unwrap(), 1);
            cx.finish();
        }));
    };
    call();
    assert_eq!(allocation_counter::measure(call).count_total, 0);
}

#[tokio::test]
async fn the_future_of_the_default_client_stack_is_small() {
    let endpoint = request_fn(async |n: u32| Ok(n)).layer(client_stack());
    let mut cx = Context::new();
    let call = endpoint.call(&mut cx, 1);
    let size = size_of_val(&call);
    println!("the default client stack's future: {size} bytes");
    assert!(size <= 4096, "{size}");
    assert_eq!(call.await.unwrap(), 1);
}

/// A channel without anything behind it.
struct Line;

impl Channel for Line {
    async fn close(&self) {}
}

struct Lines;

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, _instance: &Instance) -> Result<Line, Error> {
        Ok(Line)
    }
}

/// The default client over three instances that answer at once.
async fn balanced() -> impl Endpoint<u32, Response = u32> {
    let log = kit::log::Logger::new(kit::log::logfmt(std::io::sink()));
    let strings = kit::discovery::Fixed::parse("strings", "a:1, b:1, c:1").unwrap();
    let client = Client::over(strings, Lines).start(&log, &kit::metrics::Registry::new()).unwrap();
    client.ready().await.unwrap();
    client.endpoint(&UPPERCASE, endpoint_fn(async |_cx, routed: Routed<Arc<Line>, u32>| Ok(routed.request)))
}

#[test]
fn a_balanced_repeating_breaking_counted_call_allocates_nothing_on_success() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = runtime.block_on(balanced());
    let call = || {
        // Pinned here: in a debug build tokio moves a future of 2 KiB and more to the heap.
        runtime.block_on(std::pin::pin!(async {
            let mut cx = Context::new();
            assert_eq!(endpoint.call(&mut cx, 1).await.unwrap(), 1);
            cx.finish();
        }));
    };
    // Each instance has its breaker, once it was called.
    (0..50).for_each(|_| call());
    assert_eq!(allocation_counter::measure(call).count_total, 0);
}

#[tokio::test]
async fn the_future_of_a_balanced_call_is_small() {
    let endpoint = balanced().await;
    let mut cx = Context::new();
    let call = endpoint.call(&mut cx, 1);
    let size = size_of_val(&call);
    println!("the future of a balanced call: {size} bytes");
    assert!(size <= 4096, "{size}");
    assert_eq!(call.await.unwrap(), 1);
}
