//! Limits and the bound of a drain, over real sockets, on both runtimes: what holds on one holds on the other, for all cores together.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kit::http::server::{Config, Drained, Router, Stats, json};
use kit::http::{Body, Request, Response};
use kit::server::{Listen, Runtime};
use kit::{Error, endpoint_fn, endpoint_with, request_fn};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const CORES: usize = 3;
const RUNTIMES: [Runtime; 2] = [Runtime::Stealing, Runtime::PerCore];

const POST: &str = "POST /read HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n";

struct Running {
    addr: SocketAddr,
    stats: Stats,
    /// A permit for each call of `/hang` that has begun.
    begun: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<Drained, Error>>,
}

/// `/` answers, `/read` reads what it is sent, `/hang` never ends.
async fn start(runtime: Runtime, change: fn(&mut Config)) -> Running {
    let mut config = Config::default();
    change(&mut config);
    let listen = match runtime {
        Runtime::Stealing => Listen::bind(config, "127.0.0.1:0", runtime).await.unwrap(),
        Runtime::PerCore => Listen::cores(config, "127.0.0.1:0", CORES).await.unwrap(),
    };
    let (addr, stats, begun) = (listen.local_addr(), listen.stats(), Arc::new(Semaphore::new(0)));
    let hung = Arc::clone(&begun);
    let routes = move || {
        let answer = endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::from("ok"))));
        let read = json(request_fn(async |text: String| Ok(text)));
        let hang = endpoint_with(Arc::clone(&hung), async |begun, _cx, _: Request| {
            begun.add_permits(1);
            std::future::pending::<Result<Response, Error>>().await
        });
        Router::new().get("/", answer).post("/read", read).get("/hang", hang).build()
    };
    let ((stop, stopped), (ready, is_ready)) = (oneshot::channel::<()>(), oneshot::channel());
    let is_serving = move || ready.send(()).expect("the test waits");
    let serving = tokio::spawn(listen.serve(routes, is_serving, async { drop(stopped.await) }));
    is_ready.await.unwrap();
    Running { addr, stats, begun, stop, serving }
}

async fn send(addr: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// The status of the answer, and whether the server closed the connection after it.
async fn status(addr: SocketAddr, text: &str) -> String {
    let mut answer = Vec::new();
    send(addr, text).await.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

async fn in_time(test: impl Future<Output = ()>) {
    timeout(Duration::from_secs(30), test).await.expect("an end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_on_heads_and_bodies_hold_on_every_core() {
    in_time(async {
        for runtime in RUNTIMES {
            let running = start(runtime, |_| ()).await;
            let long = "x".repeat(33 * 1024);
            let many = "a: b\r\n".repeat(101);
            // Connections go to any core: each rule is asked for often enough to meet all of them.
            for _ in 0..4 * CORES {
                for (request, expected) in [
                    (format!("GET / HTTP/1.1\r\nhost: a\r\nlong: {long}\r\n\r\n"), "431"),
                    (format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"), "431"),
                    (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", &long[..9 * 1024]), "414"),
                    (format!("{POST}content-length: 2097153\r\n\r\n"), "413"),
                    ("GET /nowhere HTTP/1.1\r\n\r\n".into(), "400"),
                    ("GET / HTTP/1.1\r\nhost: a\n\r\n".into(), "400"),
                    ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".into(), "200"),
                ] {
                    let line = request.chars().take(60).collect::<String>();
                    assert_eq!(status(running.addr, &request).await, expected, "{runtime:?}: {line}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_flight_are_capped_for_all_cores_together() {
    in_time(async {
        for runtime in RUNTIMES {
            let running = start(runtime, |config| config.max_in_flight = 4).await;
            let mut hanging = Vec::new();
            for _ in 0..4 {
                hanging.push(send(running.addr, "GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await);
            }
            drop(running.begun.acquire_many(4).await.unwrap());
            let close = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            for _ in 0..4 * CORES {
                assert_eq!(status(running.addr, close).await, "503", "{runtime:?}");
            }
            // A caller that leaves makes room, whatever core it was on.
            drop(hanging);
            while running.stats.in_flight() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(status(running.addr, close).await, "200", "{runtime:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_is_bounded_on_every_core_and_counts_what_it_cut_off() {
    in_time(async {
        for runtime in RUNTIMES {
            let running = start(runtime, |config| config.drain_timeout = Duration::from_millis(50)).await;
            let mut hanging = Vec::new();
            for _ in 0..9 {
                hanging.push(send(running.addr, "GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await);
            }
            drop(running.begun.acquire_many(9).await.unwrap());
            drop(running.stop);
            assert_eq!(running.serving.await.unwrap().unwrap().aborted, 9, "{runtime:?}");
            for mut stream in hanging {
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                assert_eq!(answer, b"", "cut off without an answer");
            }
            assert!(TcpStream::connect(running.addr).await.is_err());
        }
    })
    .await;
}
