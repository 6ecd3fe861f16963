use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use kit_core::{Endpoint, endpoint_fn};
use kit_transport::http::server::{Bound, Config, Drained, Router, RouterService, Server, Stats};
use kit_transport::http::{Body, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::guard::Guard;

/// Runs a test again in a process of its own, with at most so many descriptors; `true` in that process.
pub(crate) fn alone(test: &str, descriptors: u32) -> bool {
    const CHILD: &str = "KIT_TEST_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("this test's program");
    let script = format!("ulimit -n {descriptors}; exec '{}' --exact {test} --nocapture", program.display());
    let child = Command::new("sh").args(["-c", &script]).env(CHILD, "1").output().expect("a shell");
    let text = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
    false
}

/// How many descriptors a process may have at most.
pub(crate) fn allowed() -> u32 {
    let limit = Command::new("sh").args(["-c", "ulimit -Hn"]).output().expect("a shell");
    // "unlimited" is what the system has.
    String::from_utf8_lossy(&limit.stdout).trim().parse().unwrap_or(u32::MAX)
}

/// What an `async` test does, in a test that is not one.
pub(crate) fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await.expect("an end") });
}

/// A server that runs until it is told to stop.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) stats: Stats,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
    _guard: Guard,
}

impl Running {
    pub(crate) fn start(bound: Bound, service: RouterService) -> Running {
        let (stop, stopped) = oneshot::channel::<()>();
        let (addr, stats) = (bound.local_addr(), bound.stats());
        let serving = tokio::spawn(bound.serve(service, async { drop(stopped.await) }));
        Running { addr, stats, stop, serving, _guard: Guard::new() }
    }

    pub(crate) async fn stop(self) -> Drained {
        drop(self.stop);
        self.serving.await.expect("no panic")
    }
}

pub(crate) fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

pub(crate) async fn bound(config: Config) -> Bound {
    Server::new(config).expect("a config in range").bind("127.0.0.1:0").await.expect("a port")
}

pub(crate) async fn start(service: RouterService, config: Config) -> Running {
    Running::start(bound(config).await, service)
}

pub(crate) fn ok() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::from("ok"))))
}

pub(crate) fn service() -> RouterService {
    Router::new().get("/", ok()).build().expect("a router")
}

pub(crate) async fn raw(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    stream.write_all(bytes.as_ref()).await.expect("an open connection");
    stream
}

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
pub(crate) const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// All that is answered to these bytes, to the end.
pub(crate) async fn all(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut text = Vec::new();
    raw(addr, bytes).await.read_to_end(&mut text).await.expect("an end");
    String::from_utf8(text).expect("text")
}

/// Whether one call on a connection of its own is answered.
pub(crate) async fn is_served(addr: SocketAddr) -> bool {
    all(addr, GET_AND_CLOSE).await.starts_with("HTTP/1.1 200 OK")
}
