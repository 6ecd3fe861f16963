use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use futures_util::stream;
use kit_core::{Code, Context, Endpoint, Error, Layer, Metadata, endpoint_fn};
use proptest::prelude::*;

use super::*;
use crate::http::problem;
use crate::http::server::extract::{BodyLimit, uncoded};
use crate::http::{Body, BodyTooLarge, Request, Response};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn context(coding: &str) -> Context {
    let mut cx = Context::new();
    let mut inbound = Metadata::default();
    inbound.insert("content-encoding", coding).unwrap();
    inbound.insert("content-length", "1").unwrap();
    cx.set_inbound(inbound);
    cx
}

/// Answers with the body, read to the limit of the call.
fn echo() -> impl Endpoint<Request, Response = Response> {
    endpoint_fn(async |cx, request: Request| {
        uncoded(cx.inbound().headers())?;
        assert!(cx.inbound().get("content-length").is_none(), "the length is not the body's any more");
        Ok(Response::new(Body::from(request.into_body().bytes(BodyLimit::of(cx).0).await?)))
    })
}

async fn call(cx: &mut Context, body: Body) -> Result<Bytes, Error> {
    let layer = DecompressLayer::new(DecompressConfig::default()).unwrap();
    layer.layer(echo()).call(cx, Request::new(body)).await?.into_body().bytes(usize::MAX).await
}

fn pieces(bytes: Vec<u8>, size: usize) -> Body {
    let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Body::stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_compressed_body_is_read_as_it_was() {
    for (coding, body) in [("gzip", gzip(b"hello")), ("x-gzip", gzip(b"hello")), ("deflate", deflate(b"hello"))] {
        assert_eq!(call(&mut context(coding), Body::full(body)).await.unwrap(), "hello", "{coding}");
    }
    let plain = DecompressLayer::new(DecompressConfig::default()).unwrap().layer(echo());
    let answer = plain.call(&mut Context::new(), Request::new(Body::from("hello"))).await.unwrap();
    assert_eq!(answer.into_body().bytes(10).await.unwrap(), "hello");
    assert_eq!(call(&mut context("gzip"), Body::empty()).await.unwrap(), "", "no body is none in any coding");
}

#[tokio::test]
async fn an_unknown_coding_is_415_and_says_which_are_known() {
    for coding in ["br", "gzip, gzip", "gzip, deflate", "zstd"] {
        let mut cx = context(coding);
        let error = call(&mut cx, Body::from("x")).await.unwrap_err();
        assert_eq!(problem::status(&error).as_u16(), 415, "{coding}");
        assert_eq!(cx.outbound().and_then(|outbound| outbound.get("accept-encoding")), Some("gzip, deflate"));
    }
}

#[tokio::test]
async fn a_body_that_grows_above_a_hundred_times_is_413_and_hardly_any_of_it_was_made() {
    let bomb = gzip(&vec![0; 16 << 20]);
    assert!(bomb.len() * 1000 < 17 << 20, "{}", bomb.len());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let chunks: Vec<_> = bomb.chunks(1024).map(Bytes::copy_from_slice).collect();
    let body = Body::stream(stream::iter(chunks.into_iter().map(move |chunk| {
        counted.fetch_add(chunk.len(), Ordering::Relaxed);
        Ok(chunk)
    })));
    let mut cx = context("gzip");
    cx.extensions_mut().insert(BodyLimit(usize::MAX));
    let error = call(&mut cx, body).await.unwrap_err();
    assert_eq!((problem::status(&error).as_u16(), error.code()), (413, Code::ResourceExhausted));
    assert_eq!(error.cause::<TooCompressed>().map(TooCompressed::max_ratio), Some(100));
    assert!(sent.load(Ordering::Relaxed) <= 2048, "the rest is not read");
}

#[tokio::test]
async fn the_limit_on_bodies_holds_for_what_comes_of_them() {
    // Not compressible, so that no ratio speaks first.
    let noise: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut stored = GzEncoder::new(Vec::new(), Compression::none());
    stored.write_all(&noise).unwrap();
    let error = call(&mut context("gzip"), pieces(stored.finish().unwrap(), 8192)).await.unwrap_err();
    assert_eq!(problem::status(&error).as_u16(), 413);
    assert_eq!(error.cause::<BodyTooLarge>().map(BodyTooLarge::limit), Some(2 * 1024 * 1024));
    // Also when the endpoint counts nothing itself.
    let endless = endpoint_fn(async |_cx, request: Request| {
        Ok(Response::new(Body::from(request.into_body().bytes(usize::MAX).await?)))
    });
    let layer = DecompressLayer::new(DecompressConfig::default()).unwrap();
    let mut cx = context("gzip");
    cx.extensions_mut().insert(BodyLimit(1000));
    let error = layer.layer(endless).call(&mut cx, Request::new(Body::full(gzip(&noise[..1001])))).await.unwrap_err();
    assert_eq!(error.cause::<BodyTooLarge>().map(BodyTooLarge::limit), Some(1000));
}

#[tokio::test]
async fn small_bodies_may_be_of_any_ratio() {
    let zeros = vec![0; 60 * 1024];
    let small = gzip(&zeros);
    assert!(small.len() * 100 < zeros.len());
    assert_eq!(call(&mut context("gzip"), Body::full(small)).await.unwrap(), zeros);
}

#[tokio::test]
async fn what_is_not_in_its_coding_is_400() {
    let good = gzip(b"hello");
    let (mut short, mut behind, mut checksum) = (good.clone(), good.clone(), good.clone());
    short.truncate(good.len() - 1);
    behind.extend_from_slice(b"more");
    checksum[good.len() - 6] ^= 1;
    let twice = [good.clone(), good.clone()].concat();
    let cases = [
        ("gzip", b"hello".to_vec()),
        ("deflate", good.clone()),
        ("gzip", deflate(b"hello")),
        ("gzip", short),
        ("gzip", behind),
        ("gzip", twice),
        ("gzip", checksum),
        ("gzip", good[..5].to_vec()),
    ];
    for (coding, body) in cases {
        for size in [1, 3, 1000] {
            let error = call(&mut context(coding), pieces(body.clone(), size)).await.unwrap_err();
            assert_eq!(
                (error.code(), error.reason()),
                (Code::InvalidArgument, Some("body_malformed")),
                "{coding} {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_here_is_handed_on_while_more_is_awaited() {
    use http_body::Body as _;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"first").unwrap();
    encoder.flush().unwrap();
    let first = Bytes::from(encoder.get_ref().clone());
    let chunks = futures_util::StreamExt::chain(stream::iter([Ok(first)]), stream::pending());
    let coding = crate::http::server::compression::coding::Coding::Gzip;
    let mut body = super::body::Inflating::new(coding, Body::stream(chunks), 1000, 100);
    let frame = std::future::poll_fn(|task| std::pin::Pin::new(&mut body).poll_frame(task)).await;
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "first");
}

#[test]
fn a_setting_out_of_range_is_refused_by_name_and_range() {
    for max_ratio in [0, 1101] {
        let error = DecompressLayer::new(DecompressConfig { max_ratio }).unwrap_err();
        assert_eq!(error.message(), format!("max_ratio is {max_ratio}, outside [1, 1100]"));
    }
    assert_eq!(serde_json::from_str::<DecompressConfig>("{}").unwrap(), DecompressConfig::default());
}

proptest! {
    // flate2 is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_come_back_in_any_pieces(bytes in prop::collection::vec(any::<u8>(), 0..5000), size in 1usize..3000) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(call(&mut context("gzip"), pieces(gzip(&bytes), size))).unwrap();
        prop_assert_eq!(&read[..], &bytes[..]);
        let read = runtime.block_on(call(&mut context("deflate"), pieces(deflate(&bytes), size))).unwrap();
        prop_assert_eq!(&read[..], &bytes[..]);
    }

    #[test]
    fn anything_a_stranger_sends_is_read_or_the_callers_mistake(bytes in prop::collection::vec(any::<u8>(), 0..300), damage in 0usize..300) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut damaged = gzip(&bytes);
        let at = damage % damaged.len();
        damaged[at] ^= 0x55;
        for (coding, body) in [("gzip", bytes.clone()), ("deflate", bytes), ("gzip", damaged)] {
            if let Err(error) = runtime.block_on(call(&mut context(coding), Body::from(Bytes::from(body)))) {
                prop_assert!(problem::status(&error).is_client_error(), "{}", error);
            }
        }
    }
}
