//! What goes well, and what goes with it.

use std::time::Duration;

use kit_core::StreamEnd;
use tokio::time::Instant;

use super::*;
use crate::codec::{Json, Protobuf};
use crate::grpc::Config;
use crate::grpc::frame::{Coding, Form};

#[tokio::test(start_paused = true)]
async fn every_kind_of_method_answers() {
    let service = numbers().build().unwrap();
    let answer = call(&service, "/pb.Numbers/Double", &[], framed([number(21)])).await;
    assert_eq!((answer.code(), answer.numbers()), (0, vec![42]));
    assert_eq!((answer.headers["content-type"].as_bytes(), answer.trailers.len()), (&b"application/grpc"[..], 1));
    let answer = call(&service, "/pb.Numbers/Count", &[], framed([number(3)])).await;
    assert_eq!((answer.code(), answer.numbers()), (0, vec![0, 1, 2]));
    let answer = call(&service, "/pb.Numbers/Sum", &[], framed([1, 2, 3].map(number))).await;
    assert_eq!((answer.code(), answer.numbers()), (0, vec![6]));
    let answer = call(&service, "/pb.Numbers/Totals", &[], framed([1, 2, 3].map(number))).await;
    assert_eq!((answer.code(), answer.numbers()), (0, vec![1, 3, 6]));
    // No messages at all are a stream, too.
    for (path, numbers) in [("/pb.Numbers/Sum", vec![0]), ("/pb.Numbers/Totals", vec![])] {
        let answer = call(&service, path, &[], Body::empty()).await;
        assert_eq!((answer.code(), answer.numbers()), (0, numbers));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_defaults_is_no_bytes_and_an_answer() {
    let service = numbers().build().unwrap();
    let answer = call(&service, "/pb.Numbers/Double", &[], framed([number(0)])).await;
    assert_eq!((answer.code(), answer.messages.clone()), (0, vec![Bytes::new()]));
}

#[tokio::test(start_paused = true)]
async fn a_content_type_with_the_format_is_answered_with_it() {
    let json = endpoint_fn(async |_cx: &mut Context, Number { n }: Number| Ok(number(n + 1)));
    static NEXT: Method = Method::new("pb.Numbers", "Next");
    let service = numbers().grpc(&NEXT, unary(json).codec(Json)).build().unwrap();
    for content_type in ["application/grpc+proto", "application/grpc+proto; charset=utf-8"] {
        let answer = call(&service, "/pb.Numbers/Double", &[("content-type", content_type)], framed([number(1)])).await;
        assert_eq!(
            (answer.code(), &answer.headers["content-type"]),
            (0, &HeaderValue::from_static("application/grpc+proto"))
        );
    }
    let json = Bytes::from_static(b"\0\0\0\0\x07{\"n\":1}");
    let answer = call(&service, "/pb.Numbers/Next", &[("content-type", "application/grpc+json")], json).await;
    assert_eq!((answer.code(), answer.messages.clone()), (0, vec![Bytes::from_static(b"{\"n\":2}")]));
    assert_eq!(answer.headers["content-type"], "application/grpc+json");
}

#[tokio::test(start_paused = true)]
async fn metadata_travels_both_ways_with_bytes_and_before_and_after_the_messages() {
    static ECHO: Method = Method::new("pb.Numbers", "Echo");
    static ECHOES: Method = Method::new("pb.Numbers", "Echoes");
    /// Answers with what came: ahead, and behind.
    fn echo(cx: &mut Context, end: &StreamEnd) -> Result<(), Error> {
        let (text, bytes) = (cx.inbound().get("x-text").map(str::to_owned), cx.inbound().get_bin("x-raw-bin"));
        cx.outbound_mut().insert("x-text", &text.unwrap_or_default())?;
        end.with_trailers(|trailers| trailers.insert_bin("x-raw-bin", &bytes.unwrap_or_default()))
    }
    let one = endpoint_fn(async |cx: &mut Context, Number { n }: Number| {
        let end = StreamEnd::new();
        echo(cx, &end)?;
        cx.announce(end);
        if n < 0 { Err(Error::not_found("none")) } else { Ok(number(n)) }
    });
    let many = endpoint_fn(async |cx: &mut Context, Number { n }: Number| {
        let numbers = [Ok(number(n)), Err(Error::not_found("none"))].into_iter().take(if n < 0 { 2 } else { 1 });
        let numbers = Streaming::new(cx, stream::iter(numbers));
        echo(cx, numbers.end())?;
        Ok(numbers)
    });
    let service = Router::new().grpc(&ECHO, unary(one)).grpc(&ECHOES, server_stream(many)).build().unwrap();
    for path in ["/pb.Numbers/Echo", "/pb.Numbers/Echoes"] {
        for (n, code) in [(1, 0), (-1, 5)] {
            let headers = [("x-text", "hello"), ("x-raw-bin", "AAEC/w==")];
            let answer = call(&service, path, &headers, framed([number(n)])).await;
            assert_eq!(
                (answer.code(), &answer.headers["x-text"]),
                (code, &HeaderValue::from_static("hello")),
                "{path}"
            );
            assert_eq!(answer.trailers["x-raw-bin"], "AAEC/w", "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_the_protocol_says_is_nobodys_metadata() {
    static SAY: Method = Method::new("pb.Numbers", "Say");
    let say = endpoint_fn(async |cx: &mut Context, Number { n }: Number| {
        for (name, value) in [
            ("grpc-status", "3"),
            ("grpc-message", "no"),
            ("content-type", "text/html"),
            ("grpc-encoding", "br"),
            ("x-own", "1"),
        ] {
            cx.outbound_mut().insert(name, value)?;
        }
        cx.outbound_mut().insert_bin("grpc-status-details-bin", b"none")?;
        if n < 0 { Err(Error::not_found("none")) } else { Ok(number(n)) }
    });
    let service = Router::new().grpc(&SAY, unary(say)).build().unwrap();
    for (n, code) in [(1, 0), (-1, 5)] {
        let answer = call(&service, "/pb.Numbers/Say", &[], framed([number(n)])).await;
        assert_eq!(
            (answer.code(), &answer.headers["content-type"]),
            (code, &HeaderValue::from_static("application/grpc"))
        );
        assert!(!answer.headers.contains_key("grpc-encoding"));
        assert_eq!(answer.headers["x-own"], "1");
        let details = answer.headers.get_all("grpc-status-details-bin").iter();
        assert_eq!(details.filter(|&details| details == "bm9uZQ").count(), 0);
        assert_eq!(answer.headers.get_all("grpc-status").iter().count(), usize::from(code != 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_time_is_the_calls_within_the_servers() {
    static LEFT: Method = Method::new("pb.Numbers", "Left");
    static TICKS: Method = Method::new("pb.Numbers", "Ticks");
    let left = endpoint_fn(async |cx: &mut Context, _: Number| {
        Ok(number(cx.remaining().map_or(-1, |left| i64::try_from(left.as_millis()).unwrap_or(-1))))
    });
    let ticks = endpoint_fn(async |cx: &mut Context, _: Number| {
        let ticks = stream::unfold(0, async |n| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok(number(n)), n + 1))
        });
        Ok(Streaming::new(cx, ticks))
    });
    let service = Router::new().grpc(&LEFT, unary(left)).grpc(&TICKS, server_stream(ticks)).build().unwrap();
    for (headers, left) in [(&[][..], 30_000), (&[("grpc-timeout", "2S")], 2_000), (&[("grpc-timeout", "1H")], 30_000)]
    {
        assert_eq!(call(&service, "/pb.Numbers/Left", headers, framed([number(0)])).await.numbers(), [left]);
    }
    let begun = Instant::now();
    let answer = call(&service, "/pb.Numbers/Ticks", &[("grpc-timeout", "2500m")], framed([number(0)])).await;
    assert_eq!((answer.code(), answer.numbers(), begun.elapsed()), (4, vec![0, 1], Duration::from_millis(2_500)));
}

#[tokio::test(start_paused = true)]
async fn gzip_is_spoken_where_it_was_chosen_and_is_understood() {
    static ZEROS: Method = Method::new("pb.Numbers", "Zeros");
    #[derive(Clone, PartialEq, prost::Message)]
    struct Raw {
        #[prost(bytes = "vec", tag = "1")]
        raw: Vec<u8>,
    }
    let zeros = endpoint_fn(async |_cx: &mut Context, Raw { raw }: Raw| Ok(Raw { raw: vec![0; raw.len()] }));
    let gzip = Config { gzip: true, ..Config::default() };
    let service = Router::new().grpc(&ZEROS, unary(zeros).config(gzip)).build().unwrap();
    let form = Form { codec: Protobuf, coding: Coding::Gzip, limit: u32::MAX };
    let body = form.message(&Raw { raw: vec![7; 100_000] }).unwrap();
    let asked = [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity,gzip")];
    let response = send(&service, request("/pb.Numbers/Zeros", &asked, body.clone())).await;
    assert_eq!(response.headers()["grpc-encoding"], "gzip");
    let wire = response.into_body().collect().await.unwrap().to_bytes();
    assert!(wire[0] == 1 && wire.len() < 1_000, "{} bytes", wire.len());
    let answer = call(&service, "/pb.Numbers/Zeros", &asked, body.clone()).await;
    assert_eq!((answer.code(), answer.messages[0].len()), (0, 100_004));
    // Who does not say that it reads gzip gets none.
    let answer = call(&service, "/pb.Numbers/Zeros", &asked[..1], body).await;
    assert_eq!((answer.code(), answer.headers.get("grpc-encoding"), answer.messages[0].len()), (0, None, 100_004));
}
