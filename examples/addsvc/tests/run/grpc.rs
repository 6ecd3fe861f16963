//! What gRPC has beside the service: health, reflection, and the calls of strangers.

use addsvc::endpoints::{CONCAT, ConcatReply, ConcatRequest, SUM, SumReply, SumRequest};
use futures_util::{StreamExt as _, stream};
use kit::grpc::client::{bidi_stream, unary};
use kit::grpc::health::{CHECK, HealthCheckRequest, HealthCheckResponse, ServingStatus};
use kit::grpc::{Messages, reflection};
use kit::http::client::{Client, Config, Target};
use kit::{Code, Context, Endpoint as _, Method};
use program::Program;

use crate::support::start;

fn http2() -> Client {
    Client::new(Config { http2_only: true, ..Config::default() }).expect("a client")
}

fn target(of: &Program) -> Target {
    format!("http://{}", of.addr).parse().expect("a target")
}

#[tokio::test]
async fn it_is_serving_under_its_name_and_as_a_whole() {
    let service = start(&[]).await;
    let check = unary::<HealthCheckResponse>(&CHECK).endpoint(&http2(), &target(&service)).expect("an endpoint");
    for name in ["", "pb.Add"] {
        let answer = check.call(&mut Context::new(), HealthCheckRequest { service: name.into() }).await.unwrap();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name:?}");
    }
    let unknown = check.call(&mut Context::new(), HealthCheckRequest { service: "pb.Sub".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

/// `ServerReflectionRequest` and its answer, as far as a list of services goes.
#[derive(Clone, PartialEq, prost::Message)]
struct ListServices {
    #[prost(string, tag = "7")]
    list_services: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Listed {
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    service: Vec<Named>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(string, tag = "1")]
    name: String,
}

#[tokio::test]
async fn reflection_lists_all_that_answers() {
    let service = start(&[]).await;
    for info in [&reflection::INFO, &reflection::INFO_V1ALPHA] {
        let info = bidi_stream::<Listed>(info).endpoint(&http2(), &target(&service)).expect("an endpoint");
        let asked = Messages::new(stream::iter([Ok(ListServices { list_services: "*".into() })]));
        let mut answers = info.call(&mut Context::new(), asked).await.unwrap();
        let listed = answers.next().await.expect("an answer").unwrap().services.expect("a list");
        let mut names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
        names.sort();
        let all = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
        let all = all.into_iter().chain(["grpc.reflection.v1alpha.ServerReflection", "pb.Add"]);
        assert_eq!(names, all.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_no_method_or_no_message_has_its_code() {
    static SUBTRACT: Method = Method::new("pb.Add", "Subtract");
    static ELSEWHERE: Method = Method::new("pb.Sub", "Subtract");
    let service = start(&[]).await;
    for method in [&SUBTRACT, &ELSEWHERE] {
        let none = unary::<SumReply>(method).endpoint(&http2(), &target(&service)).expect("an endpoint");
        let error = none.call(&mut Context::new(), SumRequest { a: 1, b: 2 }).await.unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented);
    }
    // A text where a number belongs: gRPC has a code of its own for what cannot be parsed.
    let wrong = unary::<SumReply>(&SUM).endpoint(&http2(), &target(&service)).expect("an endpoint");
    let error = wrong.call(&mut Context::new(), ConcatRequest { a: "1".into(), b: "2".into() }).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    // A message of more than 4 MiB.
    let large = unary::<ConcatReply>(&CONCAT).endpoint(&http2(), &target(&service)).expect("an endpoint");
    let request = ConcatRequest { a: "x".repeat(5 << 20), b: String::new() };
    let error = large.call(&mut Context::new(), request).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
}
