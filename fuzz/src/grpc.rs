//! gRPC: what a server makes of a call's body and headers.

use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use kit::grpc::{Config, Messages, server};
use kit::http::server::{Router, RouterService};
use kit::http::{Body, Request};
use kit::{Kind, Method, Streaming, endpoint_fn, request_fn};
use tower_service::Service as _;

use crate::Target;
use crate::run::block_on;

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
