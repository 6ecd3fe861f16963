//! A real SIGTERM, in a process of its own: not ready, deregistered, drained, closed, in this order.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit::discovery::testing::memory::Registry;
use kit::http::server::{Config, Router};
use kit::http::{Body, Request, Response};
use kit::log::{Logger, logfmt};
use kit::server::{Listen, Runtime, Stack, operator};
use kit::{App, Instance, Method, endpoint_with, observe};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

static SLOW: Method = Method::new("svc", "slow").path("/slow");

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn get(addr: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The program's life, by what is logged of it and what a caller and the registry see.
async fn life() -> String {
    let (lines, registry) = (Lines::default(), Registry::new());
    let log = Logger::new(logfmt(lines.clone()));
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let app = App::new(&log);
    let health = app.health().clone();
    let listen = Listen::bind(Config::default(), "127.0.0.1:0", Runtime::Stealing).await.unwrap();
    let addr = listen.local_addr().to_string();
    let stack = Stack::new(&log, &kit::metrics::Registry::new()).unwrap();
    let gates = (Arc::clone(&begun), Arc::clone(&go_on));
    let routes = move || {
        let slow = endpoint_with(gates.clone(), async |gates, _cx, _: Request| {
            gates.0.notify_one();
            gates.1.notified().await;
            Ok(Response::new(Body::from("done")))
        });
        Router::with(stack.clone()).get(&SLOW, slow).merge(operator(&health)).build()
    };
    let store = async |part: kit::lifecycle::Part| {
        part.ready();
        part.stopping().await;
        Ok(())
    };
    let registrar = registry.registrar("strings").observer(observe::registration_log(&log));
    // Added first, and the last to start all the same.
    let app = app.register("registration", registrar, Instance::new(addr.as_str()));
    let running = tokio::spawn(app.part("store", store).http("http", listen, routes).run());

    until(|| !registry.registered("strings").is_empty()).await;
    assert!(
        read(get(&addr, "/readyz").await).await.starts_with("HTTP/1.1 200"),
        "it was ready before it was registered"
    );
    let slow = get(&addr, "/slow").await;
    begun.notified().await;
    let sent = Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().expect("kill");
    assert!(sent.success());
    until(|| registry.registered("strings").is_empty()).await;
    // Deregistered, and what is in flight goes on.
    assert!(!running.is_finished());
    go_on.notify_one();
    assert!(read(slow).await.ends_with("done"));
    running.await.unwrap().unwrap();
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_sigterm_it_is_not_ready_then_deregistered_then_drained_then_closed() {
    let text = timeout(Duration::from_secs(30), life()).await.expect("an end");
    let place = |parts: &[&str]| {
        let line = text.lines().position(|line| parts.iter().all(|part| line.contains(part)));
        line.unwrap_or_else(|| panic!("{parts:?} in {text}"))
    };
    let order = [
        &["part=store", "step=ready"][..],
        &["part=http", "step=ready"],
        &["msg=registered"],
        &["check=ready", "status=unhealthy"],
        &["msg=withdrawn"],
        &["part=registration", "step=stopped"],
        &["part=http", "step=stopping"],
        &["msg=drained"],
        &["part=http", "step=stopped"],
        &["part=store", "step=stopped"],
    ];
    assert!(order.map(place).is_sorted(), "{text}");
}
