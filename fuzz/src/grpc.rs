//! gRPC: what a server makes of a call's body and headers, and a client of an answer's.

use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use kit::grpc::{self, Config, Messages, server};
use kit::http::client;
use kit::http::server::{Router, RouterService};
use kit::http::{Body, Request, Response};
use kit::{BoxEndpoint, Context, Endpoint as _, Kind, Method, Streaming, endpoint_fn, request_fn};
use tower_service::Service as _;

use crate::Target;
use crate::run::{block_on, may_be_shown, served};

pub(crate) const SERVER: Target = Target {
    name: "grpc-server",
    run: |bytes| {
        thread_local!(static SERVICE: RouterService = service());
        // The first bytes say which method and which headers; the rest is the body, in as many frames as it has thirds.
        let (Some(&method), Some(&headers), Some(body)) = (bytes.first(), bytes.get(1), bytes.get(2..)) else { return };
        let mut service = SERVICE.with(Clone::clone);
        block_on(async {
            let Ok(response) = service.call(request(method, headers, body)).await;
            if response
                .headers()
                .get("content-type")
                .is_none_or(|value| !value.as_bytes().starts_with(b"application/grpc"))
            {
                assert!(response.status().is_client_error(), "{}", response.status());
                return;
            }
            assert_eq!(response.status(), 200);
            let at_once = response.headers().get("grpc-status").cloned();
            let rest = response.into_body().collect().await.expect("a body ends with trailers");
            let status = at_once.or_else(|| rest.trailers().and_then(|trailers| trailers.get("grpc-status").cloned()));
            let status = status.and_then(|status| status.to_str().ok()?.parse::<u8>().ok());
            assert!(status.is_some_and(|status| status <= 16), "the status {status:?}");
        });
    },
    seeds: &[
        b"\0\0\0\0\0\0\x07\x0a\x05hello",
        b"\x01\x01\0\0\0\0\x03\x0a\x01a\0\0\0\0\0\0\0\0\0\x03\x0a\x01b",
        b"\x02\x02\x01\0\0\0\x1b\x1f\x8b\x08\0\0\0\0\0\0\xff\xe3b\xccH\xcd\xc9\xc9\x07\0\xd6\xb5\x9f\x1e\x07\0\0\0",
        b"\0\x03\0\xff\xff\xff\xff",
        b"\x03\x04\x02\0\0\0\0",
    ],
    connects: false,
};

pub(crate) const CLIENT: Target = Target {
    name: "grpc-client",
    run: |bytes| {
        thread_local!(static CALL: Call = call());
        *ANSWER.lock().unwrap_or_else(PoisonError::into_inner) = bytes.to_vec();
        block_on(CALL.with(|(one, many)| {
            let (one, many) = (one.clone(), many.clone());
            async move {
                if let Err(error) = one.call(&mut Context::new(), Text::default()).await {
                    may_be_shown(&error);
                }
                match many.call(&mut Context::new(), Text::default()).await {
                    Err(error) => may_be_shown(&error),
                    Ok(mut texts) => {
                        while let Some(text) = texts.next().await {
                            if let Err(error) = text {
                                may_be_shown(&error);
                                assert!(texts.next().await.is_none(), "after an error nothing follows");
                                break;
                            }
                        }
                    }
                }
            }
        }));
    },
    seeds: &[
        b"\0\0\x010\0\0\0\0\x07\x0a\x05hello",
        b"\0\0\x0214\0\0\0\0\x07\x0a\x05hello\0\0\0\0\0",
        b"\x01\x01\0\0\0\0\0\x01",
        b"\x02\x02\x0399999\x01\xff\xff\xff\xff",
        b"\0\x03\x26CAMSAWEaEgoDS2l0EgN4eXo=\0\0\0\0\0",
        b"\0\x04\x08a%20%zz%\0\0\0\0\x02\x0a\x01",
    ],
    connects: true,
};

#[derive(Clone, PartialEq, prost::Message)]
struct Text {
    #[prost(string, tag = "1")]
    s: String,
}

static ONE: Method = Method::new("pb.Texts", "One");
static MANY: Method = Method::new("pb.Texts", "Many").kind(Kind::Bidi);

fn service() -> RouterService {
    let mut config = Config::default();
    (config.max_read_bytes, config.gzip) = (1024, true);
    let one = request_fn(async |text: Text| Ok(text));
    let many = endpoint_fn(async |cx, texts: Messages<Text>| Ok(Streaming::new(cx, texts.map(|text| text))));
    Router::new()
        .grpc(&ONE, server::unary(one).config(config))
        .grpc(&MANY, server::bidi_stream(many).config(config))
        .build()
        .expect("good routes")
}

fn request(method: u8, headers: u8, body: &[u8]) -> Request {
    let path = ["/pb.Texts/One", "/pb.Texts/Many", "/pb.Texts/None", "/pb.Texts"][usize::from(method % 4)];
    let (name, value) = [
        ("te", "trailers"),
        ("grpc-encoding", "identity"),
        ("grpc-encoding", "gzip"),
        ("grpc-timeout", "99999999H"),
        ("grpc-encoding", "br"),
        ("grpc-accept-encoding", "gzip,,deflate"),
        ("x-bin", "!"),
        ("content-type", "text/plain"),
    ][usize::from(headers % 8)];
    let chunks: Vec<_> = body.chunks(body.len() / 3 + 1).map(|chunk| Ok(chunk.to_vec().into())).collect();
    let mut request = http::Request::post(path)
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .body(Body::stream(futures_util::stream::iter(chunks)))
        .expect("a good request");
    request.headers_mut().insert(name, http::HeaderValue::from_static(value));
    request
}

/// What the server answers next. One input is run at a time.
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

type Call = (BoxEndpoint<Text, Text>, BoxEndpoint<Text, Streaming<Text>>);

fn call() -> Call {
    let routes = || {
        let answer = || endpoint_fn(async |_cx, _request: Request| Ok(answer()));
        Router::new().post("/pb.Texts/One", answer()).post("/pb.Texts/Many", answer()).build().expect("good routes")
    };
    let target = format!("http://{}", served(routes)).parse().expect("a good target");
    let config = client::Config { http2_only: true, ..client::Config::default() };
    let http2 = client::Client::new(config).expect("good settings");
    let one = grpc::client::unary::<Text>(&ONE).endpoint(&http2, &target).expect("HTTP/2");
    let many = grpc::client::server_stream::<Text>(&MANY).endpoint(&http2, &target).expect("HTTP/2");
    (one.boxed(), many.boxed())
}

/// The first bytes say its status, its type, which trailer it has and how long that is; the rest is the body.
fn answer() -> Response {
    let bytes = ANSWER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let at = |at: usize| bytes.get(at).map_or(0, |&byte| usize::from(byte));
    let (value, body) = bytes.get(3..).unwrap_or_default().split_at(at(2).min(bytes.len().saturating_sub(3)));
    let name = ["grpc-status", "grpc-retry-pushback-ms", "x", "grpc-status-details-bin", "grpc-message"][at(1) % 5];
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static(if at(1) % 2 == 0 { "0" } else { "3" }));
    if let Ok(value) = http::HeaderValue::from_bytes(value) {
        trailers.insert(name, value);
    }
    let body = Full::from(body.to_vec());
    let body = match at(1) {
        5..10 => Body::new(body),
        _ => Body::new(body.with_trailers(async { Some(Ok(trailers)) })),
    };
    let media = ["application/grpc", "application/grpc+proto", "application/grpc+json", "text/html"][at(0) / 4 % 4];
    http::Response::builder()
        .status([200, 200, 204, 503][at(0) % 4])
        .header("content-type", media)
        .body(body)
        .expect("a good response")
}
