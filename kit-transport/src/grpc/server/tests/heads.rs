//! What the head of a call may say, and what of it is read.

use kit_core::Code;

use super::*;
use crate::codec::Protobuf;
use crate::grpc::Config;
use crate::grpc::frame::{Coding, Form};

#[tokio::test(start_paused = true)]
async fn a_content_type_is_grpcs_with_parameters_and_not_with_another_ending() {
    let service = numbers().build().unwrap();
    let with = async |content_type| {
        call(&service, "/pb.Numbers/Double", &[("content-type", content_type)], framed([number(1)])).await
    };
    for fine in
        ["application/grpc;foo", "application/grpc; charset=utf-8", "APPLICATION/GRPC", "application/grpc+PROTO"]
    {
        let answer = with(fine).await;
        assert_eq!((answer.code(), answer.numbers()), (0, vec![2]), "{fine}");
    }
    for none in ["application/grpcx", "application/grpc+", "application/grpc-web", "application/grpc/proto", "grpc", ""]
    {
        let answer = with(none).await;
        assert_eq!(answer.status, 415, "{none:?}");
        assert!(!answer.headers.contains_key("grpc-status"), "{none:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_read_however_it_is_cut() {
    let service = numbers().build().unwrap();
    let whole = framed([number(1 << 40)]);
    for path in ["/pb.Numbers/Double", "/pb.Numbers/Sum"] {
        for cut in 0..=whole.len() {
            let pieces = [whole.slice(..cut), Bytes::new(), whole.slice(cut..)].map(Ok);
            let answer = call(&service, path, &[], Body::stream(stream::iter(pieces))).await;
            let n = if path.ends_with("Sum") { 1 << 40 } else { 2 << 40 };
            assert_eq!((answer.code(), answer.numbers()), (0, vec![n]), "{path} at {cut}");
        }
        let bytes: Vec<_> = whole.iter().map(|&byte| Ok(Bytes::copy_from_slice(&[byte]))).collect();
        assert_eq!(call(&service, path, &[], Body::stream(stream::iter(bytes))).await.code(), 0, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_coding_is_named_before_a_message_says_that_it_is_compressed() {
    let echo = || endpoint_fn(async |_cx: &mut Context, number: Number| Ok(number));
    let gzip = Config { gzip: true, ..Config::default() };
    static PLAIN: Method = Method::new("pb.Numbers", "Plain");
    let service = Router::new().grpc(&DOUBLE, unary(echo()).config(gzip)).grpc(&PLAIN, unary(echo())).build().unwrap();
    let form = Form { codec: Protobuf, coding: Coding::Identity, limit: u32::MAX };
    let flagged = {
        let mut bytes = form.message(&number(1)).unwrap().to_vec();
        bytes[0] = 1;
        Bytes::from(bytes)
    };
    for path in ["/pb.Numbers/Double", "/pb.Numbers/Plain"] {
        for head in [&[][..], &[("grpc-encoding", "identity")]] {
            let answer = call(&service, path, head, flagged.clone()).await;
            assert_eq!((answer.code(), answer.error().reason()), (13, Some("message_no_coding")), "{path} {head:?}");
        }
    }
    // What is read is said where it was chosen, and where another was asked for.
    let answer = call(&service, "/pb.Numbers/Double", &[("grpc-encoding", "snappy")], framed([number(1)])).await;
    assert_eq!(
        (answer.code(), &answer.headers["grpc-accept-encoding"]),
        (12, &HeaderValue::from_static("identity,gzip"))
    );
    let answer = call(&service, "/pb.Numbers/Double", &[("grpc-encoding", "gzip")], framed([number(1)])).await;
    assert_eq!(
        (answer.code(), &answer.headers["grpc-accept-encoding"]),
        (0, &HeaderValue::from_static("identity,gzip"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_has_all_its_values_and_bytes_in_any_of_their_forms() {
    static KEYS: Method = Method::new("pb.Numbers", "Keys");
    let keys = endpoint_fn(async |cx: &mut Context, number: Number| {
        let texts: Vec<_> = cx.inbound().get_all("x-text").collect();
        assert_eq!(texts, ["a", "b, c", "a"]);
        let bytes: Vec<_> = cx.inbound().get_all_bin("x-raw-bin").collect();
        assert_eq!(bytes, [vec![0, 255], vec![0, 255], vec![1], vec![]]);
        Ok(number)
    });
    let service = Router::new().grpc(&KEYS, unary(keys)).build().unwrap();
    let mut asked = request("/pb.Numbers/Keys", &[], framed([number(1)]));
    for (name, value) in [
        ("x-text", "a"),
        ("x-raw-bin", "AP8,AP8="),
        ("x-text", "b, c"),
        ("x-raw-bin", "no base64!"),
        ("x-raw-bin", "AQ=="),
        ("x-text", "a"),
        ("x-raw-bin", ""),
    ] {
        asked.headers_mut().append(name, HeaderValue::from_static(value));
    }
    assert_eq!(Answer::of(send(&service, asked).await).await.code(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_names_no_method_is_unimplemented() {
    let heard = Heard::default();
    let service = numbers().finalize(heard.finalizer()).build().unwrap();
    for path in ["/Double", "//Double", "/pb.Numbers", "/pb.Numbers/", "/pb.Numbers/Double/", "/pb.numbers/double"] {
        let answer = call(&service, path, &[], framed([number(1)])).await;
        assert_eq!((answer.code(), answer.trailers_only), (12, true), "{path}");
        assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::Unimplemented))]);
    }
}
