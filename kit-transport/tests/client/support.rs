//! A server played by hand, byte by byte, and a clock that moves only when it is told to.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use kit_core::{Child, Context, Error, Method};
use kit_transport::codec::Json;
use kit_transport::http::client::{Binding, Client, Config, Target};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[path = "../support/clock.rs"]
mod clock;

pub(crate) use clock::{Clock, in_time, settled};

pub(crate) static COUNT: Method = Method::new("stringsvc", "count").path("/count").idempotent();

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Text {
    pub(crate) s: &'static str,
}

#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Value {
    pub(crate) v: usize,
}

pub(crate) const HELLO: Text = Text { s: "hello" };

pub(crate) type Count = Child<Binding<Text, Value, Json>>;

/// A client of these settings and its endpoint at `peer`.
pub(crate) fn count_with(peer: &Peer, config: Config) -> Count {
    let client = Client::new(config).expect("settings in range");
    client.post(&COUNT, &peer.target(), Json).endpoint().expect("a path")
}

pub(crate) fn count(peer: &Peer) -> Count {
    count_with(peer, Config::default())
}

/// A context whose deadline is this far away.
pub(crate) fn cx_with(limit: Duration) -> Context {
    let cx = Context::new();
    let deadline = cx.now() + limit;
    cx.with_deadline(Some(deadline))
}

/// The other end of every connection.
pub(crate) struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        Self { listener, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn target(&self) -> Target {
        Target::parse(&format!("http://{}", self.address)).expect("an address is a target")
    }

    /// Another server on the same port.
    pub(crate) async fn restart(self) -> Self {
        drop(self.listener);
        let listener = TcpListener::bind(self.address).await.expect("the port is free again");
        Self { listener, address: self.address }
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Line {
        let (stream, _) = in_time(self.listener.accept()).await.expect("a connection");
        Line { stream, unread: Vec::new() }
    }

    /// The next connection, one request on it, and this answer to it.
    pub(crate) async fn serve(&self, answer: &str) -> (Received, Line) {
        let mut line = self.accept().await;
        let request = line.serve(answer).await;
        (request, line)
    }
}

/// One connection.
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let value = values.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        assert!(!values.any(|(given, _)| given.eq_ignore_ascii_case(name)), "{name} came twice");
        value
    }
}

impl Line {
    /// The next request, read whole, unless the client closes its end or drops it before.
    pub(crate) async fn next_request(&mut self) -> Option<Received> {
        if self.unread.is_empty() && !matches!(self.read_some().await, Ok(1..)) {
            return None;
        }
        Some(self.request().await)
    }

    /// The next request, read whole.
    pub(crate) async fn request(&mut self) -> Received {
        let head = self.read_until(b"\r\n\r\n").await;
        let mut request = Received { head: String::from_utf8(head).expect("text"), body: Vec::new() };
        if let Some(length) = request.header("content-length") {
            let length: usize = length.parse().expect("a number");
            while self.unread.len() < length {
                assert_ne!(self.read_some().await.expect("the body"), 0, "the body ends early");
            }
            request.body = self.unread.drain(..length).collect();
        } else if request.header("transfer-encoding").is_some() {
            request.body = self.read_until(b"0\r\n\r\n").await;
        }
        request
    }

    pub(crate) async fn serve(&mut self, answer: &str) -> Received {
        let request = self.request().await;
        self.send(answer).await;
        request
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("sent");
    }

    /// Waits until the client has closed its end. Bytes before that are a failure.
    pub(crate) async fn closed(mut self) {
        match self.read_some().await {
            Ok(0) => {}
            Ok(_) => panic!("more bytes: {:?}", String::from_utf8_lossy(&self.unread)),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
    }

    /// Ends the connection with a RST.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("an option of every socket");
    }

    async fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.unread.windows(end.len()).position(|window| window == end) {
                return self.unread.drain(..at + end.len()).collect();
            }
            assert_ne!(self.read_some().await.expect("a request"), 0, "the request ends early");
        }
    }

    async fn read_some(&mut self) -> io::Result<usize> {
        in_time(self.stream.read_buf(&mut self.unread)).await
    }
}

/// An answer of this status line's rest, these headers and this body, with its length.
pub(crate) fn answer(status: &str, content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn json(body: &str) -> String {
    answer("200 OK", "application/json", body)
}

pub(crate) fn five() -> String {
    json(r#"{"v":5}"#)
}

/// Code, reason and whether it may be made again: what a program reads of an error.
#[track_caller]
pub(crate) fn told(error: &Error) -> (kit_core::Code, Option<&str>, kit_core::Retry) {
    for secret in ["127.0.0.1", "hyper", "os error", ".rs"] {
        assert!(!error.message().contains(secret), "{}", error.message());
    }
    (error.code(), error.reason(), error.retry())
}
