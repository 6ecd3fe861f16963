//! What Go kit's clients send, and what they look for in an answer; what its service answers (`addsvc/pkg/addtransport`).

use addsvc::client::{Client, Transport};
use addsvc::endpoints::{CONCAT, ConcatRequest, SUM, SumRequest};
use addsvc::error::AddError;
use addsvc::service::{AddService as _, SERVICE};
use kit::discovery::Fixed;
use kit::grpc::server::unary;
use kit::http::server::{Config, Router, Server};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{Code, Context, request_fn};
use serde_json::json;

use crate::support::start;

#[tokio::test]
async fn its_http_client_sends_capitals_and_no_type() {
    let service = start(&[]).await;
    let answer = service.send("POST", "/sum", &[], b"{\"A\":1,\"B\":2}\n").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"v":3})));
    let answer = service.send("POST", "/concat", &[], b"{\"A\":\"1\",\"B\":\"2\"}\n").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"v":"12"})));
}

#[tokio::test]
async fn its_http_client_finds_the_text_of_an_error_under_error() {
    let service = start(&[]).await;
    for (path, body, text) in [
        ("/sum", r#"{"A":0,"B":0}"#, "can't sum two zeroes"),
        ("/sum", r#"{"A":2147483647,"B":2147483647}"#, "integer overflow"),
        ("/concat", r#"{"A":"123456","B":"78901"}"#, "result exceeds maximum size"),
    ] {
        let answer = service.send("POST", path, &[], body.as_bytes()).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(text)));
    }
    // Also of what is no business error, and what is to be escaped.
    let answer = service.send("POST", "/sum", &[], br#"{"A":"\"","B":2}"#).await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &answer.json()["detail"]));
}

#[tokio::test]
async fn its_jsonrpc_client_calls_the_root_with_ids_from_zero_and_an_empty_version() {
    let service = start(&[]).await;
    let json = [("content-type", "application/json; charset=utf-8")];
    let call = br#"{"jsonrpc":"","method":"sum","params":{"A":1,"B":2},"id":0}"#;
    let answer = service.send("POST", "/", &json, call).await;
    assert_eq!(answer.json(), json!({"jsonrpc":"2.0","result":{"v":3},"id":0}));
}

/// A reply of Go kit's service, with what it refuses in it.
#[derive(Clone, PartialEq, prost::Message)]
struct SumReply {
    #[prost(int64, tag = "1")]
    v: i64,
    #[prost(string, tag = "2")]
    err: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ConcatReply {
    #[prost(string, tag = "1")]
    v: String,
    #[prost(string, tag = "2")]
    err: String,
}

#[tokio::test]
async fn its_grpc_service_refuses_in_the_reply_which_is_no_success() {
    let sum = request_fn(async |of: SumRequest| {
        let err = if of.a == 0 && of.b == 0 { "can't sum two zeroes" } else { "" };
        Ok(SumReply { v: of.a + of.b, err: err.into() })
    });
    let concat = request_fn(async |of: ConcatRequest| match of.a.as_str() {
        "long" => Ok(ConcatReply { v: String::new(), err: "result exceeds maximum size".into() }),
        "odd" => Ok(ConcatReply { v: String::new(), err: "something of another version".into() }),
        _ => Ok(ConcatReply { v: of.a + &of.b, err: String::new() }),
    });
    let routes = Router::new().grpc(&SUM, unary(sum)).grpc(&CONCAT, unary(concat)).build().expect("two routes");
    let bound = Server::new(Config::default()).expect("the defaults").bind("127.0.0.1:0").await.expect("a port");
    let source = Fixed::parse(SERVICE, &bound.local_addr().to_string()).expect("an address");
    tokio::spawn(bound.serve(routes, std::future::pending()));
    let (log, metrics) = (Logger::discard(), Registry::new());
    let client = Client::new(Transport::Grpc, source, Default::default(), &log, &metrics).expect("a client");
    client.instances().ready().await.expect("somebody");

    let mut cx = Context::new();
    assert_eq!(client.sum(&mut cx, 1, 2).await.unwrap(), 3);
    assert_eq!(client.concat(&mut cx, "a".into(), "b".into()).await.unwrap(), "ab");
    let zeroes = client.sum(&mut cx, 0, 0).await.unwrap_err();
    assert_eq!(zeroes.cause(), Some(&AddError::TwoZeroes));
    let long = client.concat(&mut cx, "long".into(), String::new()).await.unwrap_err();
    assert_eq!((long.code(), long.reason()), (Code::InvalidArgument, Some("max_size_exceeded")));
    assert_eq!(client.concat(&mut cx, "odd".into(), String::new()).await.unwrap_err().code(), Code::Unknown);
    // Those who look on know it, too.
    let refused =
        [("service", "pb.Add"), ("method", "Sum"), ("outcome", "business_error"), ("code", "InvalidArgument")];
    assert_eq!(metrics.snapshot().value("kit_client_requests_total", &refused), Some(1.0));
}
