//! Requests that a server refuses, and clients that it waits for no longer.

use std::net::SocketAddr;
use std::time::Duration;

use kit::http::server::{Config, Router, Server, json};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::observe;
use kit::server::Stack;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{ECHO, PATIENCE};

pub(crate) async fn server(metrics: &Registry) {
    let soon = Duration::from_millis(50);
    let mut config = Config::default();
    (config.header_timeout, config.body_timeout, config.idle_timeout) = (soon, soon, soon);
    config.max_in_flight = 1;
    let http = Server::new(config).unwrap();
    observe::server(metrics, &http.stats()).unwrap();
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let echo = kit::endpoint_with(entered, async |entered, _cx, text: String| {
        if text == "wait" {
            let _ = entered.send(()).await;
            std::future::pending::<()>().await;
        }
        Ok(text)
    });
    let stack = Stack::new(&Logger::discard(), metrics).unwrap();
    let service = Router::with(stack).post(&ECHO, json(echo)).build().unwrap();
    let bound = http.bind("127.0.0.1:0").await.unwrap();
    let addr = bound.local_addr();
    let serving = tokio::spawn(bound.serve(service, std::future::pending()));

    let get = |headers: &str| format!("GET /echo HTTP/1.1\r\n{headers}\r\n");
    for request in [
        get(&format!("host: a\r\nx: {}\r\n", "x".repeat(40_000))),
        get(&format!("host: a\r\n{}", "x: y\r\n".repeat(200))),
        format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(10_000)),
        "GET a HTTP/1.1\r\nhost: a\r\n\r\n".into(),
        "GET /echo HTTP/1.1\nhost: a\r\n\r\n".into(),
        get(""),
        get("host: a\r\nhost: a\r\n"),
        get("host: a b\r\n"),
        "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n".into(),
        get("host: a\r\ncontent-length: 5\r\ncontent-length: 5\r\n"),
        get("host: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n"),
        get("host: a\r\ntransfer-encoding: gzip\r\n"),
        get("host: a\r\nauthorization: a\r\nauthorization: b\r\n"),
        // No HTTP; a head and a body that do not come; one good call, after which nothing comes.
        "\u{1}\u{2}\u{3}\r\n\r\n".into(),
        "GET /echo HTT".into(),
        post("\"a").replace("content-length: 2", "content-length: 9"),
        post("\"a\""),
    ] {
        ended(addr, &request).await;
    }
    // One call is in flight, and another comes.
    let mut first = TcpStream::connect(addr).await.unwrap();
    first.write_all(post("\"wait\"").as_bytes()).await.unwrap();
    timeout(PATIENCE, inside.recv()).await.expect("it is in flight").unwrap();
    ended(addr, &post("\"a\"")).await;
    drop(first);
    serving.abort();
}

fn post(body: &str) -> String {
    let len = body.len();
    format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}")
}

/// Sends this, and waits until the server closes the connection.
async fn ended(addr: SocketAddr, request: &str) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    // What is refused may not be read to its end.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "it stays open after {:?}", &request[..request.len().min(60)]);
}
