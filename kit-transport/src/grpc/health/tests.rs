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
async fn a_service_with_a_health_of_its_own_needs_both() {
    let (health, own) = (Health::new(), Health::new());
    let probed = Service::new(&health).service("pb.Add").service_with("pb.Archive", &own);
    let service = Router::new().merge(probed.routes()).build().unwrap();
    own.set_started();
    assert_eq!(check(&service, "pb.Archive").await, Ok(NotServing), "the server has not started");
    health.set_started();
    for name in ["", "pb.Add", "pb.Archive"] {
        assert_eq!(check(&service, name).await, Ok(Serving));
    }
    let mut watch = send(&service, request("/grpc.health.v1.Health/Watch", &[], of("pb.Archive"))).await.into_body();
    assert_eq!(next(&mut watch).await, Serving);
    own.add(Probe::Readiness, "disk", async || Err(Error::unavailable("it is away"))).unwrap();
    assert_eq!(next(&mut watch).await, NotServing);
    for (name, status) in [("", Serving), ("pb.Add", Serving), ("pb.Archive", NotServing)] {
        assert_eq!(check(&service, name).await, Ok(status), "{name}");
    }
}

async fn list(service: &RouterService) -> Result<Vec<(String, ServingStatus)>, Code> {
    let answer = call(service, "/grpc.health.v1.Health/List", &[], framed([HealthListRequest {}])).await;
    match answer.code() {
        0 => {
            let statuses = answer.read::<HealthListResponse>().remove(0).statuses;
            Ok(statuses.into_iter().map(|(name, response)| (name, response.status())).collect())
        }
        _ => Err(answer.error().code()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_says_how_each_service_stands() {
    let (health, own) = (Health::new(), Health::new());
    let probed = Service::new(&health).service_with("pb.Archive", &own).service("pb.Add");
    let service = Router::new().merge(probed.routes()).build().unwrap();
    let all = |add, archive| {
        [("", add), ("pb.Add", add), ("pb.Archive", archive)].map(|(name, status)| (name.to_owned(), status))
    };
    assert_eq!(list(&service).await.unwrap(), all(NotServing, NotServing));
    health.set_started();
    assert_eq!(list(&service).await.unwrap(), all(Serving, NotServing));
    own.set_started();
    assert_eq!(list(&service).await.unwrap(), all(Serving, Serving));
}

#[tokio::test(start_paused = true)]
async fn a_list_has_a_hundred_services_at_most() {
    let health = Health::new();
    for (named, listed) in [(99, Ok(100)), (100, Err(Code::ResourceExhausted))] {
        let probed = (0..named).fold(Service::new(&health), |probed, n| probed.service(format!("pb.S{n}")));
        let service = Router::new().merge(probed.routes()).build().unwrap();
        assert_eq!(list(&service).await.map(|all| all.len()), listed);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_of_a_list_are_asked_at_once() {
    let health = Health::new();
    health.set_started();
    let probed = (0..10).fold(Service::new(&health), |probed, n| {
        let own = Health::new();
        own.set_started();
        own.add(Probe::Readiness, "hangs", async || std::future::pending().await).unwrap();
        probed.service_with(format!("pb.S{n}"), &own)
    });
    let service = Router::new().merge(probed.routes()).build().unwrap();
    let begun = Instant::now();
    let statuses = list(&service).await.unwrap();
    assert_eq!(statuses.iter().filter(|(_, status)| *status == Serving).count(), 1);
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
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
