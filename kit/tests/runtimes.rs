//! The server on both runtimes, over real sockets: what is per core, what is shared, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit::http::server::{Config, Drained, Router, RouterService};
use kit::http::{Body, Request, Response};
use kit::server::{Listen, Runtime, Stack, operator};
use kit::{Error, Method, endpoint_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const CORES: usize = 3;

static SLOW: Method = Method::new("svc", "slow").path("/slow");

async fn listen(runtime: Runtime, config: Config) -> Listen {
    match runtime {
        Runtime::Stealing => Listen::bind(config, "127.0.0.1:0", runtime).await.unwrap(),
        Runtime::PerCore => Listen::cores(config, "127.0.0.1:0", CORES).await.unwrap(),
    }
}

struct Running {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<Drained, Error>>,
}

async fn start(listen: Listen, routes: impl Fn() -> Result<RouterService, Error> + Send + Sync + 'static) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let (ready, is_ready) = oneshot::channel();
    let addr = listen.local_addr();
    let is_serving = move || ready.send(()).expect("the test waits");
    let serving = tokio::spawn(listen.serve(routes, is_serving, async { drop(stopped.await) }));
    is_ready.await.unwrap();
    Running { addr, stop, serving }
}

async fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.unwrap().path().join("comm"));
    tasks.filter_map(|task| name(task).ok()).filter(|name| name.starts_with("kit-core-")).count()
}

/// One test in a file of its own, since it counts the threads of its process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_are_built_per_core_metrics_and_limits_are_shared_and_a_drain_ends_every_thread() {
    timeout(Duration::from_secs(60), both_runtimes()).await.expect("an end");
}

async fn both_runtimes() {
    for (runtime, cores) in [(Runtime::Stealing, 1), (Runtime::PerCore, CORES)] {
        let (built, metrics) = (Arc::new(AtomicUsize::new(0)), kit::metrics::Registry::new());
        let stack = Stack::new(&kit::log::Logger::discard(), &metrics).unwrap();
        let gates = Arc::new((Notify::new(), Notify::new()));
        let listen = listen(runtime, Config::default()).await;
        let stats = listen.stats();
        let routes = {
            let (built, gates) = (Arc::clone(&built), Arc::clone(&gates));
            move || {
                built.fetch_add(1, Ordering::Relaxed);
                let slow = endpoint_with(Arc::clone(&gates), async |gates, _cx, _: Request| {
                    gates.0.notify_one();
                    gates.1.notified().await;
                    Ok(Response::new(Body::from("done")))
                });
                Router::with(stack.clone()).get(&SLOW, slow).merge(operator(&kit::Health::new())).build()
            }
        };
        let running = start(listen, routes).await;
        assert_eq!(built.load(Ordering::Relaxed), cores, "{runtime:?}");
        assert_eq!(threads(), if runtime == Runtime::PerCore { CORES } else { 0 });

        for _ in 0..20 {
            assert!(get(running.addr, "/healthz").await.starts_with("HTTP/1.1 200"), "{runtime:?}");
            assert!(get(running.addr, "/nowhere").await.starts_with("HTTP/1.1 404"), "{runtime:?}");
        }
        let labels = [("service", "http"), ("method", "no_route"), ("outcome", "business_error"), ("code", "NotFound")];
        assert_eq!(
            metrics.snapshot().value("kit_server_requests_total", &labels),
            Some(20.0),
            "all cores count as one"
        );
        let accepted = stats.pairs().find(|reading| reading.name().contains("accepted")).unwrap().value();
        assert_eq!(accepted, 40, "{runtime:?}");

        // What is in flight ends well, whatever core it is on.
        let slow = tokio::spawn(get(running.addr, "/slow"));
        gates.0.notified().await;
        drop(running.stop);
        gates.1.notify_one();
        assert!(slow.await.unwrap().ends_with("done"));
        assert_eq!(running.serving.await.unwrap().unwrap().aborted, 0);
        assert!(TcpStream::connect(running.addr).await.is_err(), "the port is free");
        assert_eq!(threads(), 0);
    }

    // One connection limit for all cores: the fourth waits until one of three is gone.
    let mut config = Config::default();
    config.max_connections = CORES;
    let running =
        start(listen(Runtime::PerCore, config).await, || Router::new().merge(operator(&kit::Health::new())).build())
            .await;
    let mut held = Vec::new();
    for _ in 0..CORES {
        let mut stream = TcpStream::connect(running.addr).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        held.push(stream);
    }
    let fourth = tokio::spawn(get(running.addr, "/healthz"));
    held.pop();
    assert!(fourth.await.unwrap().starts_with("HTTP/1.1 200"));

    // Dropping the future cuts off and leaves nothing.
    running.serving.abort();
    assert!(running.serving.await.unwrap_err().is_cancelled());
    drop(held);
    while threads() > 0 {
        tokio::task::yield_now().await;
    }
}
