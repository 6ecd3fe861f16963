//! What a call allocates on the client's side: its own thread is counted, the server's is another.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use allocation_counter::measure;
use kit_core::{Context, Endpoint, Factory as _, Instance, Method, Routed};
use kit_transport::codec::Json;
use kit_transport::http::client::{self, Channel, Channels, Client, Config, Target};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

static COUNT: Method = Method::new("stringsvc", "count").path("/count");

#[derive(Clone, Serialize)]
struct Text {
    s: &'static str,
}

#[derive(Deserialize)]
struct Value {
    v: usize,
}

/// A server that reads what comes and gives one answer to it, on a thread of its own. It ends with its client.
fn serve() -> SocketAddr {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"v\":5}";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut room = [0; 4096];
        while stream.read(&mut room).is_ok_and(|read| read > 0) {
            stream.write_all(ANSWER).unwrap();
        }
    });
    address
}

/// What one of a hundred calls allocates, after ten that warm it up.
fn allocations<Req>(
    runtime: &Runtime,
    endpoint: impl Endpoint<Req, Response = Value>,
    request: impl Fn() -> Req,
) -> u64 {
    let calls = |count: usize| {
        runtime.block_on(async {
            for _ in 0..count {
                let mut cx = Context::new();
                assert_eq!(endpoint.call(&mut cx, request()).await.unwrap().v, 5);
            }
        });
    };
    calls(10);
    measure(|| calls(100)).count_total.div_ceil(100)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn channel(runtime: &Runtime) -> Arc<Channel> {
    let channels = Channels::new(Config::default()).unwrap();
    Arc::new(runtime.block_on(channels.make(&Instance::new(serve().to_string()))).unwrap())
}

const HELLO: Text = Text { s: "hello" };

#[test]
fn a_call_allocates_no_more_than_it_must_wherever_it_goes() {
    let runtime = runtime();
    let target: Target = format!("http://{}", serve()).parse().unwrap();
    let client = Client::new(Config::default()).unwrap();
    let fixed = client.post(&COUNT, &target, Json).binding::<Value>().unwrap();
    let fixed = allocations(&runtime, fixed, || HELLO);
    let view = client::post(&COUNT, Json).binding::<Value>().unwrap();
    let (instance, channel) = (Arc::new(Instance::new("i")), channel(&runtime));
    let routed = || Routed { instance: Arc::clone(&instance), channel: Arc::clone(&channel), request: HELLO };
    let view = allocations(&runtime, view, routed);
    // Of these hyper's connection makes 12 (performance.md, row 13).
    assert!(fixed <= 14 && view <= fixed, "{fixed} to a target, {view} to who was picked");
}
