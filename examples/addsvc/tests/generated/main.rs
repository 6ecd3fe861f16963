//! Messages as prost-build writes them from what protox compiled, without protoc: bindings take those as they take messages by hand.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

#[rustfmt::skip]
#[allow(clippy::all, dead_code, missing_docs, unreachable_pub, reason = "generated")]
mod pb;

use addsvc::endpoints::{SERIES, SUM};
use futures_util::{StreamExt as _, stream};
use kit::grpc::{client, server};
use kit::http::client::{Client, Config};
use kit::http::server::{Router, Server};
use kit::{Context, Endpoint as _, Streaming, endpoint_fn, request_fn};

const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
const GENERATED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/generated/pb.rs");

/// With `UPDATE=1` in the environment they are written anew instead.
#[test]
fn the_messages_are_what_is_generated_from_the_proto() {
    let compiled = protox::compile(["add.proto"], [PROTO]).unwrap();
    let folder = std::env::temp_dir().join(format!("addsvc-generated-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    prost_build::Config::new().out_dir(&folder).compile_fds(compiled).unwrap();
    let generated = std::fs::read_to_string(folder.join("pb.rs")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(GENERATED, generated).unwrap();
    } else {
        let kept = std::fs::read_to_string(GENERATED).unwrap();
        assert!(kept == generated, "pb.rs is old: UPDATE=1 cargo test -p addsvc --test generated");
    }
}

#[tokio::test]
async fn both_sides_bind_generated_messages() {
    let sum = request_fn(async |two: pb::SumRequest| Ok(pb::SumReply { v: two.a + two.b, err: String::new() }));
    let series = endpoint_fn(async |cx, first: pb::SeriesRequest| {
        let sums = (1..=first.count).map(move |n| Ok(pb::SumReply { v: first.a * i64::from(n), err: String::new() }));
        Ok(Streaming::new(cx, stream::iter(sums)))
    });
    let service = Router::new().grpc(&SUM, server::unary(sum)).grpc(&SERIES, server::server_stream(series));
    let bound = Server::new(Default::default()).unwrap().bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", bound.local_addr()).parse().unwrap();
    tokio::spawn(bound.serve(service.build().unwrap(), std::future::pending()));

    let http2 = Client::new(Config { http2_only: true, ..Config::default() }).unwrap();
    let sum = client::unary::<pb::SumReply>(&SUM).endpoint(&http2, &target).unwrap();
    let series = client::server_stream::<pb::SumReply>(&SERIES).endpoint(&http2, &target).unwrap();
    let cx = &mut Context::new();
    assert_eq!(sum.call(cx, pb::SumRequest { a: 40, b: 2 }).await.unwrap().v, 42);
    let three = pb::SeriesRequest { a: 5, count: 3, ..Default::default() };
    let sums: Vec<i64> = series.call(cx, three).await.unwrap().map(|sum| sum.unwrap().v).collect().await;
    assert_eq!(sums, [5, 10, 15]);
}
