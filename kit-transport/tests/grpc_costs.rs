//! What a call of gRPC allocates on the client's side: its own thread is counted, the server's is another.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::net::SocketAddr;
use std::sync::Arc;

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, Response};
use kit_core::{Context, Endpoint, Factory as _, Instance, Method, Routed};
use kit_transport::grpc::client;
use kit_transport::http::client::{Channels, Client, Config, Target};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

static DOUBLE: Method = Method::new("numbers.Numbers", "Double");

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(uint64, tag = "1")]
    v: u64,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server that gives one answer to whatever comes, on a thread of its own. It ends with its client.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_request, mut respond))) = connection.accept().await {
                let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
                let mut answer = respond.send_response(head, false).unwrap();
                answer.send_data(Bytes::from_static(b"\0\0\0\0\x02\x08\x05"), false).unwrap();
                answer
                    .send_trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]))
                    .unwrap();
            }
        });
    });
    told.recv().unwrap()
}

/// What one of a hundred calls allocates, after ten that warm it up.
fn allocations<Req>(
    runtime: &Runtime,
    endpoint: impl Endpoint<Req, Response = Number>,
    request: impl Fn() -> Req,
) -> u64 {
    let calls = |count: usize| {
        runtime.block_on(async {
            for _ in 0..count {
                assert_eq!(endpoint.call(&mut Context::new(), request()).await.unwrap().v, 5);
            }
        });
    };
    calls(10);
    measure(|| calls(100)).count_total.div_ceil(100)
}

#[test]
fn a_unary_call_allocates_no_more_than_it_must_wherever_it_goes() {
    let (runtime, config) = (runtime(), Config { http2_only: true, ..Config::default() });
    let target: Target = format!("http://{}", serve()).parse().unwrap();
    let client = Client::new(config.clone()).unwrap();
    let fixed = client::unary::<Number>(&DOUBLE).at(&client, &target).unwrap();
    let fixed = allocations(&runtime, fixed, || Number { v: 7 });
    let instance = Arc::new(Instance::new(serve().to_string()));
    let channel = Arc::new(runtime.block_on(Channels::new(config).unwrap().make(&instance)).unwrap());
    let routed = || Routed { instance: Arc::clone(&instance), channel: Arc::clone(&channel), request: Number { v: 7 } };
    let picked = allocations(&runtime, client::unary::<Number>(&DOUBLE), routed);
    // Most of these are hyper's connection's and the task's that waits for the head.
    assert!(fixed <= 20 && picked <= fixed, "{fixed} to a target, {picked} to who was picked");
}
