//! Over pipes in memory and on a paused clock: what waits for a time costs none.

mod accept;
mod answers;
mod bodies;
mod costs;
mod ends;
mod frames;
#[cfg(feature = "grpc")]
mod grpc;
mod heads;
mod http2;
mod slow;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kit_core::{Connection, Endpoint, Error, Streaming, endpoint_fn, endpoint_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::connection::serve_io;
use super::watch::{End, Signal, Stage};
use super::{Config, Host, Stats};
use crate::http::server::{Router, RouterService};
use crate::http::{Body, Request, Response};

struct Peer {
    io: DuplexStream,
    serving: JoinHandle<End>,
    signal: Arc<Signal>,
    stats: Stats,
}

fn connect(service: &RouterService, config: Config) -> Peer {
    connect_sized(service, config, 1024 * 1024)
}

/// A pipe that holds so many bytes each way.
fn connect_sized(service: &RouterService, config: Config, size: usize) -> Peer {
    config.check().expect("a config in range");
    let (io, theirs) = duplex(size);
    let (host, signal) = (Arc::new(Host::new(config)), Arc::new(Signal::default()));
    let stats = host.stats.clone();
    let serving = serve_io(theirs, Connection::default(), service.clone(), host, Arc::clone(&signal));
    Peer { io, serving: tokio::spawn(serving), signal, stats }
}

impl Peer {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.expect("an open connection");
    }

    /// The next answer with a body that is measured.
    async fn answer(&mut self) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            text.push(self.io.read_u8().await.expect("a whole head"));
        }
        let head = String::from_utf8(text).expect("text").to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
        self.io.read_exact(&mut body).await.expect("a whole body");
        head + std::str::from_utf8(&body).expect("text")
    }

    /// What else comes, to the end of the connection.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.io.read_to_end(&mut bytes).await.expect("an end");
        String::from_utf8(bytes).expect("text")
    }

    async fn ended(self) -> End {
        drop(self.io);
        self.serving.await.expect("no panic")
    }

    fn count(&self, name: &str) -> u64 {
        let reading = self.stats.pairs().find(|reading| reading.name() == format!("http_server_{name}"));
        reading.expect("a number of this name").value()
    }

    fn drain(&self) {
        self.signal.set(Stage::Draining);
    }

    fn cut(&self) {
        self.signal.set(Stage::Cut);
    }
}

/// All that a connection answers to these bytes, to its end.
async fn all(service: &RouterService, config: Config, bytes: impl AsRef<[u8]>) -> String {
    let mut peer = connect(service, config);
    peer.send(bytes).await;
    peer.rest().await
}

fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

/// `/` answers "ok" and reads nothing; `/echo` answers with the body; `/hang` never answers; `/stream` answers with a chunk and
/// then never ends.
fn service() -> RouterService {
    router().build().expect("a router")
}

fn router() -> Router {
    Router::new()
        .get("/", ok())
        .post("/", ok())
        .route(http::Method::OPTIONS, "/", ok())
        .post("/echo", echo())
        .get("/hang", endpoint_fn(async |_cx, _: Request| std::future::pending::<Result<Response, Error>>().await))
        .get("/stream", stream())
        .max_time(None)
}

fn ok() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |_cx, _: Request| Ok(Response::new(Body::from("ok"))))
}

fn echo() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |_cx, request: Request| {
        let bytes = request.into_body().bytes(1 << 20).await?;
        Ok(Response::new(Body::from(bytes)))
    })
}

fn stream() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |cx, _: Request| {
        let first = futures_util::stream::iter([Ok::<_, Error>(Bytes::from_static(b"chunk"))]);
        let chunks = futures_util::StreamExt::chain(first, futures_util::stream::pending());
        Ok(Response::new(Body::stream(Streaming::new(cx, chunks))))
    })
}

/// `/` says that it has begun, and answers "done" when it is told to.
fn gated() -> (RouterService, Arc<(Notify, Notify)>) {
    let gates = Arc::new((Notify::new(), Notify::new()));
    let endpoint = endpoint_with(Arc::clone(&gates), async |gates, _cx, _: Request| {
        gates.0.notify_one();
        gates.1.notified().await;
        Ok(Response::new(Body::from("done")))
    });
    (Router::new().get("/", endpoint).build().expect("a router"), gates)
}

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// How long something took on the paused clock.
async fn timed<T>(what: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let value = what.await;
    (start.elapsed(), value)
}
