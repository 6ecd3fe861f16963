use std::time::Duration;

use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use kit_core::Code;
use tokio::time::{Instant, advance};

use super::ServingStatus::{NotServing, ServiceUnknown, Serving};
use super::*;
use crate::grpc::double::{call, framed, request, send};
use crate::http::Body;
use crate::http::server::RouterService;

fn service(health: &Health) -> RouterService {
    Router::new().merge(Service::new(health).service("pb.Add").routes()).build().unwrap()
}

fn of(name: &str) -> bytes::Bytes {
    framed([HealthCheckRequest { service: name.to_owned() }])
}

async fn check(service: &RouterService, name: &str) -> Result<ServingStatus, Code> {
    let answer = call(service, "/grpc.health.v1.Health/Check", &[], of(name)).await;
    match answer.code() {
        0 => Ok(answer.read::<HealthCheckResponse>()[0].status()),
        _ => Err(answer.error().code()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_serves_while_the_process_is_ready() {
    let health = Health::new();
    let service = service(&health);
    assert_eq!(check(&service, "").await, Ok(NotServing), "it has not started");
    health.set_started();
    for name in ["", "pb.Add"] {
        assert_eq!(check(&service, name).await, Ok(Serving));
    }
    assert_eq!(check(&service, "pb.Sub").await, Err(Code::NotFound));
    health.set_ready(false);
    assert_eq!(check(&service, "pb.Add").await, Ok(NotServing), "it drains");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_fails_is_told_and_its_error_is_not() {
    let health = Health::new();
    health.set_started();
    health.add(Probe::Readiness, "database", async || Err(Error::unavailable("10.0.0.7 refused hunter2"))).unwrap();
    let answer = call(&service(&health), "/grpc.health.v1.Health/Check", &[], of("")).await;
    assert_eq!(answer.read::<HealthCheckResponse>(), [NotServing.into()]);
}

/// The next status of a watch.
async fn next(body: &mut Body) -> ServingStatus {
    let frame = body.frame().await.expect("a message").unwrap().into_data().unwrap();
    <HealthCheckResponse as prost::Message>::decode(&frame[5..]).unwrap().status()
}

#[tokio::test(start_paused = true)]
async fn a_watch_says_how_it_stands_and_then_what_changes() {
    let health = Health::new();
    let service = service(&health);
    let mut watch = send(&service, request("/grpc.health.v1.Health/Watch", &[], of("pb.Add"))).await.into_body();
    assert_eq!(next(&mut watch).await, NotServing);
    health.set_started();
    let begun = Instant::now();
    assert_eq!(next(&mut watch).await, Serving);
    assert!(begun.elapsed() <= Duration::from_secs(1));
    // Long after any call would have been over, and with nothing to say meanwhile.
    for _ in 0..300 {
        assert!(watch.frame().now_or_never().is_none());
        advance(Duration::from_secs(1)).await;
    }
    health.set_ready(false);
    assert_eq!(next(&mut watch).await, NotServing);
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_an_unknown_service_says_so_and_lasts() {
    let health = Health::new();
    let mut watch =
        send(&service(&health), request("/grpc.health.v1.Health/Watch", &[], of("pb.Sub"))).await.into_body();
    assert_eq!(next(&mut watch).await, ServiceUnknown);
    advance(Duration::from_secs(5)).await;
    assert!(watch.frame().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_at_its_callers_deadline() {
    let health = Health::new();
    let begun = Instant::now();
    let answer = call(&service(&health), "/grpc.health.v1.Health/Watch", &[("grpc-timeout", "90S")], of("")).await;
    assert_eq!((answer.code(), answer.messages.len(), begun.elapsed()), (4, 1, Duration::from_secs(90)));
}
