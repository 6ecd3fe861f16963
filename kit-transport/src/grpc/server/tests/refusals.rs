//! What goes wrong, and how it is told.

use http::Version;
use kit_core::{Code, Endpoint, Layer, Outcome, Retry};

use super::*;
use crate::grpc::{Config, FrameError};
use crate::http::Request;

#[tokio::test(start_paused = true)]
async fn an_error_is_a_status_and_the_head_is_all_of_the_answer() {
    let service = numbers().build().unwrap();
    let answer = call(&service, "/pb.Numbers/Double", &[], framed([number(-1)])).await;
    let error = answer.error();
    assert!(answer.trailers_only && answer.messages.is_empty());
    assert_eq!((answer.code(), error.message(), error.reason()), (11, "below zero", Some("negative")));
    assert_eq!(answer.headers["content-type"], "application/grpc");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_is_unimplemented_and_speaks_against_nobody() {
    let heard = Heard::default();
    let get = endpoint_fn(async |_cx: &mut Context, _: Request| Ok(Response::new(Body::empty())));
    let service = numbers().get("/pages/one", get).finalize(heard.finalizer()).build().unwrap();
    for path in ["/pb.Numbers/Halve", "/pb.Letters/Double", "/", "/pages/one", "/double"] {
        let answer = call(&service, path, &[], framed([number(1)])).await;
        assert_eq!((answer.code(), answer.error().reason()), (12, Some("unknown_method")), "{path}");
    }
    assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::Unimplemented)); 5]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_grpc_is_answered_by_http() {
    let service = numbers().build().unwrap();
    for content_type in ["application/json", "application/grpc-web+proto", "text/plain"] {
        let answer = call(&service, "/pb.Numbers/Double", &[("content-type", content_type)], framed([number(1)])).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["accept"]),
            (415, &HeaderValue::from_static("application/grpc+proto"))
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let mut without = request("/pb.Numbers/Double", &[], framed([number(1)]));
    without.headers_mut().clear();
    assert_eq!(send(&service, without).await.status(), 415);
    let mut get = request("/pb.Numbers/Double", &[], Body::empty());
    *get.method_mut() = http::Method::GET;
    assert_eq!(send(&service, get).await.status(), 405);
    let mut old = request("/pb.Numbers/Double", &[], framed([number(1)]));
    *old.version_mut() = Version::HTTP_11;
    assert_eq!(send(&service, old).await.status(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_format_that_is_not_read_is_unimplemented() {
    let heard = Heard::default();
    let service = numbers().finalize(heard.finalizer()).build().unwrap();
    let answer =
        call(&service, "/pb.Numbers/Double", &[("content-type", "application/grpc+json")], framed([number(1)])).await;
    assert_eq!((answer.code(), answer.error().reason()), (12, Some("unsupported_media_type")));
    for coding in ["gzip", "snappy"] {
        let answer = call(&service, "/pb.Numbers/Double", &[("grpc-encoding", coding)], framed([number(1)])).await;
        assert_eq!((answer.code(), answer.error().reason()), (12, Some("unsupported_compression")));
        assert_eq!(answer.headers["grpc-accept-encoding"], "identity");
    }
    assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::Unimplemented)); 3]);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_framing_has_its_code_and_is_the_callers_doing() {
    let heard = Heard::default();
    let service = numbers().finalize(heard.finalizer()).build().unwrap();
    let cases: [(&str, &'static [u8], u8); 7] = [
        ("/pb.Numbers/Double", b"", 12),
        ("/pb.Numbers/Double", b"\0\0\0\0\0\0\0\0\0\0", 12),
        ("/pb.Numbers/Double", b"\0\0\0\0\x02\x08", 13),
        ("/pb.Numbers/Double", b"\0\0\0\0\x01\x08", 13),
        ("/pb.Numbers/Double", b"\x01\0\0\0\x02\x08\x01", 13),
        ("/pb.Numbers/Double", b"\0\x00\x40\x00\x01", 8),
        ("/pb.Numbers/Sum", b"\0\0\0\0\x02\x08\x01\x07", 13),
    ];
    for (path, body, code) in cases {
        let answer = call(&service, path, &[], Bytes::from_static(body)).await;
        assert_eq!(answer.code(), code, "{}", body.escape_ascii());
        assert_eq!(heard.take()[0].0, Outcome::BusinessError);
    }
    // In a stream of answers, after those that were made.
    let body = [&framed([1, 2].map(number))[..], b"\x09\0\0\0\0"].concat();
    let answer = call(&service, "/pb.Numbers/Totals", &[], Bytes::from(body)).await;
    assert_eq!((answer.code(), answer.numbers()), (13, vec![1, 3]));
    assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::Internal))]);
}

#[tokio::test(start_paused = true)]
async fn limits_hold_for_each_message_and_not_for_the_stream() {
    static PAD: Method = Method::new("pb.Numbers", "Pad");
    #[derive(Clone, PartialEq, prost::Message)]
    struct Raw {
        #[prost(bytes = "vec", tag = "1")]
        raw: Vec<u8>,
    }
    let pad = endpoint_fn(async |_cx: &mut Context, mut numbers: Messages<Raw>| {
        let mut size = 0;
        while let Some(raw) = numbers.next().await {
            size += raw?.raw.len();
        }
        Ok(Raw { raw: vec![0; size / 2] })
    });
    let config = Config { max_read_bytes: 104, max_write_bytes: 1_000, ..Config::default() };
    let service = Router::new().grpc(&PAD, client_stream(pad).config(config)).build().unwrap();
    let raws = |count, size| framed((0..count).map(|_| Raw { raw: vec![0; size] }));
    let answer = call(&service, "/pb.Numbers/Pad", &[], raws(15, 100)).await;
    assert_eq!((answer.code(), answer.messages[0].len()), (0, 753));
    let answer = call(&service, "/pb.Numbers/Pad", &[], raws(1, 103)).await;
    assert_eq!((answer.code(), answer.error().reason()), (8, Some("message_too_large")));
    let answer = call(&service, "/pb.Numbers/Pad", &[], raws(20, 100)).await;
    assert_eq!((answer.code(), answer.error().message()), (8, "the message is larger than 1000 bytes"));
    assert!(matches!(FrameError::TooLarge { limit: 8 }.error().retry(), Retry::Never));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_internal_and_tells_nothing() {
    let heard = Heard::default();
    let service = numbers().finalize(heard.finalizer()).build().unwrap();
    let answer = call(&service, "/pb.Numbers/Double", &[], framed([number(13)])).await;
    assert_eq!((answer.code(), answer.error().message()), (13, Code::Internal.line()));
    assert_eq!(heard.take(), [(Outcome::BackendError, Some(Code::Internal))]);
}

/// Refuses every call, as a limit does.
struct Refusing;

struct Refused<E>(E);

impl<E> Layer<E> for Refusing {
    type Service = Refused<E>;

    fn layer(&self, inner: E) -> Refused<E> {
        Refused(inner)
    }
}

impl<E: Endpoint<Request, Response = Response>> Endpoint<Request> for Refused<E> {
    type Response = Response;

    async fn call(&self, _cx: &mut Context, _request: Request) -> Result<Response, Error> {
        let pause = std::time::Duration::from_millis(250);
        Err(Error::resource_exhausted("too many calls").with_outcome(Outcome::Rejected).with_retry(Retry::After(pause)))
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_layer_is_a_status_with_its_pause() {
    let double = endpoint_fn(async |_cx: &mut Context, number: Number| Ok(number));
    let service = Router::with(Refusing).grpc(&DOUBLE, unary(double)).build().unwrap();
    for path in ["/pb.Numbers/Double", "/pb.Numbers/Halve"] {
        let answer = call(&service, path, &[], framed([number(1)])).await;
        assert_eq!((answer.code(), &answer.headers["grpc-retry-pushback-ms"]), (8, &HeaderValue::from_static("250")));
        assert_eq!(answer.error().retry(), Retry::After(std::time::Duration::from_millis(250)));
    }
}
