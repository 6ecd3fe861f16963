//! HTTP: what a server makes of a request, of the bytes of a connection, and a client of those of an answer.

use std::net::SocketAddr;
use std::sync::OnceLock;

use futures_util::FutureExt as _;
use http::Method as Verb;
use http_body_util::BodyExt as _;
use kit::codec::{Cbor, Form, Json, MsgPack};
use kit::http::client::{Client, Config};
use kit::http::server::extract::{FromHeader, Header, Path, Query, extract};
use kit::http::server::{Answers, Binding, Router, RouterService, offer};
use kit::http::{Body, Request};
use kit::{BoxError, Context, Endpoint as _, Method, request_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;

use crate::Target;
use crate::run::{block_on, may_be_shown, served};

pub(crate) const REQUESTS: Target = Target {
    name: "http-requests",
    run: |bytes| {
        thread_local!(static SERVICE: RouterService = routes());
        let Some(request) = request(bytes) else { return };
        let mut service = SERVICE.with(Clone::clone);
        block_on(async {
            let Ok(response) = service.call(request).await;
            assert!(!response.status().is_server_error(), "{}", response.status());
            response.into_body().collect().await.expect("the body is here");
        });
    },
    seeds: &[
        b"POST /echo\ncontent-type: application/json\naccept: application/cbor;q=0.5, */*;q=0.1\n\n{\"id\":1,\"name\":\"a\"}",
        b"POST /echo\ncontent-type: application/msgpack\n\n\x82\xa2id\x01\xa4name\xa1a",
        b"POST /form\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\nid=1&name=a",
        b"GET /people/7?name=%C3%A9&tag=a&tag=b\nx-trace: 12\ngrpc-timeout: 5S\nx-request-timeout: 3\n\n",
        b"GET /people/%ff?a=%\nx-trace: -\naccept: text/html;level=1;q=1.5,,\n\n",
    ],
    connects: false,
};

pub(crate) const SERVER: Target = Target {
    name: "http-server",
    run: |bytes| {
        block_on(async {
            let mut socket = TcpStream::connect(addr()).await.expect("the server accepts");
            // It may close before it has read all of it.
            let _ = socket.write_all(bytes).await;
            let _ = socket.shutdown().await;
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer).await;
            let known = [&b"HTTP/1.1 "[..], b"\0\0", b"HTTP/1.0 "];
            assert!(answer.is_empty() || known.iter().any(|head| answer.starts_with(head)), "{answer:?}");
        });
    },
    seeds: &[
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{\"id\":1,\"name\":\"a\"}GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nt: v\r\n\r\n",
        b"GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\nhost: b\r\nexpect: 100-continue\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x0c\x01\x05\0\0\0\x01\x82\x84\x86\x41\x01a\0\x01x\x01y",
    ],
    connects: true,
};

pub(crate) const CLIENT: Target = Target {
    name: "http-client",
    run: |bytes| {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            let target = format!("http://{}", listener.local_addr().expect("an address"));
            let answer = bytes.to_vec();
            let answering = async move {
                let (mut socket, _) = listener.accept().await.expect("the client connects");
                let mut buffer = [0; 4096];
                let _ = socket.read(&mut buffer).await;
                let _ = socket.write_all(&answer).await;
            };
            // An endpoint for each input: what is kept of one connection is nothing to the next.
            let client = Client::new(Config::default()).expect("the defaults are good");
            let call = async {
                let target = target.parse().expect("a good target");
                let call = client.post::<Person, _>(&ECHO, &target, Json).endpoint::<Person>().expect("a good path");
                let person = Person { id: 1, name: "a".into() };
                if let Err(error) = call.call(&mut Context::new(), person).await {
                    may_be_shown(&error);
                }
            };
            // The last attempt may find nobody who listens.
            futures_util::future::join(answering, call.boxed_local()).await;
        });
    },
    seeds: &[
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{\"id\":1,\"name\":\"a\"}",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{\"id\":1,\"name\":\"a\"}\r\n0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: 94\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"x\\ny\",\"code\":\"NotFound\",\"id\":\"1\"}",
        b"HTTP/1.1 503 Busy\r\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\ngrpc-retry-pushback-ms: -1\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ],
    connects: true,
};

static ECHO: Method = Method::new("people", "echo").path("/echo");

#[derive(Debug, Serialize, Deserialize)]
struct Person {
    id: u64,
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct Filter {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tag: Vec<String>,
}

fn routes() -> RouterService {
    let echo = || request_fn(async |person: Person| Ok(person));
    let find = request_fn(async |(id, trace, filter): (u64, u32, Filter)| {
        let name = filter.name.unwrap_or_default();
        Ok(Person { id: id.wrapping_add(u64::from(trace)), name: name + &filter.tag.concat() })
    });
    let parts = extract(|Path(id): Path<u64>, trace: Option<Header<Trace>>, Query(filter): Query<Filter>| {
        Ok((id, trace.map_or(0, |Header(trace)| trace.0), filter))
    });
    Router::new()
        .post(&ECHO, offer(echo(), (Json, Cbor, MsgPack)))
        .post("/form", Binding::new(echo(), Form, Json))
        .get("/people/{id}", Answers::new(parts, (Json, Cbor)).bind(find))
        .build()
        .expect("good routes")
}

/// A number in a header.
struct Trace(u32);

impl FromHeader for Trace {
    const NAME: &'static str = "x-trace";

    fn from_header(text: &str) -> Result<Self, BoxError> {
        Ok(Self(text.parse()?))
    }
}

/// A request from lines: verb and path, headers, a blank one, the body. `None` for what no connection would hand over.
fn request(bytes: &[u8]) -> Option<Request> {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, &[][..]),
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut first = lines.next()?.splitn(2, |&byte| byte == b' ');
    let verb = Verb::from_bytes(first.next()?).ok()?;
    let mut request = http::Request::builder().method(verb).uri(first.next()?);
    for line in lines {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        request = request.header(parts.next()?, parts.next()?.trim_ascii());
    }
    request.body(Body::full(body.to_vec())).ok()
}

fn addr() -> SocketAddr {
    static ADDR: OnceLock<SocketAddr> = OnceLock::new();
    *ADDR.get_or_init(|| served(routes))
}
