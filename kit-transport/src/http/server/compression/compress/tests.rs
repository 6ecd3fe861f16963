use std::io::Read as _;

use bytes::Bytes;
use futures_util::stream;
use http::header::{HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use kit_core::{Context, Endpoint, Error, Layer, Metadata, endpoint_with};
use proptest::prelude::*;

use super::*;
use crate::http::{Body, Request, Response};

fn caller(accepts: &str) -> Context {
    let mut cx = Context::new();
    let mut inbound = Metadata::default();
    inbound.insert("accept-encoding", accepts).unwrap();
    cx.set_inbound(inbound);
    cx
}

type Headers = &'static [(&'static str, &'static str)];

fn response(headers: Headers, body: Body) -> Response {
    let mut response = Response::new(body);
    for (name, value) in headers {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

async fn answer(cx: &mut Context, made: Response) -> Response {
    let made = std::sync::Mutex::new(Some(made));
    let endpoint =
        endpoint_with(made, async |made, _cx, _: Request| Ok(made.lock().unwrap().take().expect("one call")));
    let layer = CompressLayer::new(CompressConfig::default()).unwrap();
    layer.layer(endpoint).call(cx, Request::new(Body::empty())).await.unwrap()
}

fn text() -> Body {
    Body::from("some text that repeats itself, ".repeat(100))
}

async fn inflated(response: Response) -> Vec<u8> {
    let coding = response.headers().get("content-encoding").map(|coding| coding.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let mut plain = Vec::new();
    match coding.as_deref() {
        Some("gzip") => flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap(),
        Some("deflate") => flate2::read::ZlibDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap(),
        _ => return bytes.to_vec(),
    };
    plain
}

const JSON: Headers = &[("content-type", "application/json")];

#[tokio::test]
async fn an_answer_is_compressed_for_who_accepts_it_and_caches_are_told() {
    for (accepts, coding) in [("gzip", Some("gzip")), ("deflate", Some("deflate")), ("br", None), ("gzip;q=0", None)] {
        let mut cx = caller(accepts);
        let response = answer(&mut cx, response(JSON, text())).await;
        assert_eq!(
            response.headers().get("content-encoding").map(|value| value.to_str().unwrap()),
            coding,
            "{accepts}"
        );
        assert_eq!(response.headers()["vary"], "accept-encoding", "{accepts}");
        assert_eq!(inflated(response).await, text().bytes(10_000).await.unwrap());
    }
}

#[tokio::test]
async fn a_small_answer_of_known_size_keeps_one() {
    let mut cx = caller("gzip");
    let response = answer(&mut cx, response(JSON, text())).await;
    assert!(response.body().is_ready() && cx.stream().is_none());
    assert!(http_body::Body::size_hint(response.body()).exact().unwrap() < 300);
}

#[tokio::test]
async fn what_gains_nothing_or_may_not_be_touched_is_left_alone() {
    let long = "a".repeat(2000);
    let cases: [(Headers, u16, &str); 13] = [
        (&[("content-type", "image/png")], 200, &long),
        (&[("content-type", "application/octet-stream")], 200, &long),
        (&[("content-type", "text/event-stream")], 200, &long),
        (&[("content-type", "application/grpc+json")], 200, &long),
        (&[], 200, &long),
        (JSON, 200, "small"),
        (JSON, 200, ""),
        (&[("content-type", "application/json"), ("content-encoding", "br")], 200, &long),
        (&[("content-type", "application/json"), ("content-encoding", "identity")], 200, &long),
        (&[("content-type", "text/plain"), ("content-range", "bytes 0-1/2")], 206, &long),
        (&[("content-type", "text/plain"), ("cache-control", "private, no-transform")], 200, &long),
        (JSON, 304, ""),
        (JSON, 204, ""),
    ];
    for (headers, status, body) in cases {
        let mut made = response(headers, Body::from(body.to_owned()));
        *made.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let before = made.headers().clone();
        let response = answer(&mut caller("gzip"), made).await;
        assert_eq!(*response.headers(), before, "{headers:?}");
        assert_eq!(response.into_body().bytes(10_000).await.unwrap(), body);
    }
}

#[tokio::test]
async fn types_that_gain_are_compressed_whatever_their_parameters() {
    for headers in [
        &[("content-type", "text/plain; charset=utf-8")] as Headers,
        &[("content-type", "Application/JSON")],
        &[("content-type", "application/problem+json")],
        &[("content-type", "image/svg+xml")],
        &[("content-type", "application/x-ndjson")],
    ] {
        let response = answer(&mut caller("gzip"), response(headers, text())).await;
        assert_eq!(response.headers()["content-encoding"], "gzip", "{headers:?}");
    }
}

#[tokio::test]
async fn headers_of_the_bytes_that_were_are_not_sent() {
    let headers: Headers = &[
        ("content-type", "application/json"),
        ("content-length", "3100"),
        ("accept-ranges", "bytes"),
        ("etag", "\"abc\""),
        ("vary", "origin"),
    ];
    let response = answer(&mut caller("gzip"), response(headers, text())).await;
    let headers = response.headers();
    assert!(!headers.contains_key("content-length") && !headers.contains_key("accept-ranges"));
    assert_eq!(headers["etag"], "W/\"abc\"");
    let vary: Vec<_> = headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["origin", "accept-encoding"]);
}

#[tokio::test]
async fn vary_is_said_once() {
    for value in ["Accept-Encoding", "origin, accept-encoding", "*"] {
        let mut made = response(JSON, text());
        made.headers_mut().insert("vary", value.parse().unwrap());
        let response = answer(&mut caller("gzip"), made).await;
        assert_eq!(response.headers().get_all("vary").iter().count(), 1, "{value}");
    }
}

#[tokio::test]
async fn a_large_answer_and_a_stream_are_compressed_as_they_are_sent() {
    let large = "0123456789".repeat(100_000);
    let mut cx = caller("gzip");
    let answered = answer(&mut cx, response(JSON, Body::from(large.clone()))).await;
    assert!(!answered.body().is_ready() && cx.stream().is_some());
    assert_eq!(inflated(answered).await, large.as_bytes());
    let chunks = (0..100).map(|n| Ok(Bytes::from(n.to_string().repeat(100))));
    let whole: Vec<u8> = (0..100).flat_map(|n| n.to_string().repeat(100).into_bytes()).collect();
    let streamed = answer(&mut caller("deflate"), response(JSON, Body::stream(stream::iter(chunks)))).await;
    assert_eq!(inflated(streamed).await, whole);
}

#[tokio::test]
async fn a_stream_holds_nothing_back_while_it_waits() {
    let chunks = futures_util::StreamExt::chain(stream::iter([Ok(Bytes::from_static(b"first"))]), stream::pending());
    let mut streamed = answer(&mut caller("gzip"), response(JSON, Body::stream(chunks))).await;
    let mut decoder = flate2::write::GzDecoder::new(Vec::new());
    while decoder.get_ref().is_empty() {
        let frame = streamed.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        std::io::Write::write_all(&mut decoder, &frame).unwrap();
        std::io::Write::flush(&mut decoder).unwrap();
    }
    assert_eq!(decoder.get_ref(), b"first");
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_no_end() {
    let chunks = stream::iter([Ok(Bytes::from_static(b"half")), Err(Error::data_loss("lost"))]);
    let streamed = answer(&mut caller("gzip"), response(JSON, Body::stream(chunks))).await;
    assert_eq!(streamed.into_body().bytes(1000).await.unwrap_err().code(), kit_core::Code::DataLoss);
}

#[test]
fn a_setting_out_of_range_is_refused_by_name_and_range() {
    for (config, line) in [
        (CompressConfig { level: 0, ..Default::default() }, "level is 0, outside [1, 9]"),
        (CompressConfig { level: 10, ..Default::default() }, "level is 10, outside [1, 9]"),
        (
            CompressConfig { min_bytes: 1 << 40, ..Default::default() },
            "min_bytes is 1099511627776, outside [0, 1073741824]",
        ),
    ] {
        assert_eq!(CompressLayer::new(config).unwrap_err().message(), line);
    }
    assert_eq!(serde_json::from_str::<CompressConfig>("{}").unwrap(), CompressConfig::default());
}

proptest! {
    // flate2 is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_compressed_is_the_answer_again(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..10),
        level in 1u32..=9,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = chunks.concat();
        let body = super::body::Encoder::new(crate::http::server::compression::coding::Coding::Gzip, level);
        let chunks = Body::stream(stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)))));
        let body = Body::new(super::body::Deflating::new(chunks, body));
        let mut made = response(&[("content-encoding", "gzip")], body);
        made.headers_mut().remove("content-type");
        prop_assert_eq!(runtime.block_on(inflated(made)), whole);
    }
}
