//! A generated client whose calls go through kit's layers.

use std::error::Error as StdError;
use std::time::Duration;

use kit::bridge::{FromHttp, IntoHttp};
use kit::circuit::breaker::{BreakerLayer, Config, Open};
use kit::{Code, Error, Layer as _};

use super::*;

/// What kit's layers said, from under tonic's status.
fn cause(status: &Status) -> &Error {
    std::iter::successors(status.source(), |&error| error.source())
        .find_map(<dyn StdError>::downcast_ref)
        .expect("an error of kit")
}

#[tokio::test(start_paused = true)]
async fn a_breaker_of_a_generated_client_opens_on_statuses() {
    let (adder, server) = adder();
    let breaker = BreakerLayer::new(Config::default()).unwrap();
    let service = IntoHttp::new(breaker.layer(FromHttp::new(server)));
    let mut client = AddClient::with_origin(service, origin());
    assert_eq!(client.sum(SumRequest { a: 1, b: 2 }).await.unwrap().into_inner().v, 3);
    adder.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(client.sum(SumRequest::default()).await.unwrap_err().code(), tonic::Code::Unavailable);
    }
    let refused = client.sum(SumRequest::default()).await.unwrap_err();
    assert!(cause(&refused).cause::<Open>().is_some());
    assert_eq!(adder.calls.load(Ordering::Relaxed), 6);
    // The breaker lets a probe through, and closes.
    adder.down.store(false, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(400)).await;
    assert!(client.sum(SumRequest::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_kit_ends_a_generated_clients_call() {
    let never = kit::endpoint_fn(async |_cx: &mut kit::Context, _: http::Request<tonic::body::Body>| {
        std::future::pending::<Result<http::Response<tonic::body::Body>, Error>>().await
    });
    let timeout = kit::circuit::timeout::TimeoutLayer::new(Duration::from_secs(1)).unwrap();
    let mut client = AddClient::with_origin(IntoHttp::new(timeout.layer(never)), origin());
    let late = client.sum(SumRequest::default()).await.unwrap_err();
    assert_eq!(cause(&late).code(), Code::DeadlineExceeded);
}
