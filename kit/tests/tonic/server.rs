//! A generated server in kit's router: its statuses are outcomes.

use std::sync::Mutex;
use std::time::Duration;

use kit::circuit::breaker::{BreakerLayer, Config};
use kit::http::server::{Finished, Router, RouterService};
use kit::{Code, Error, Outcome};

use super::*;

/// What a finalizer heard.
type Heard = Arc<Mutex<Vec<(Outcome, Option<Code>)>>>;

/// tonic's service behind a breaker.
fn served() -> (Arc<Adder>, AddClient<RouterService>, Heard) {
    let (adder, server) = adder();
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let service = Router::with(BreakerLayer::new(Config::default()).unwrap())
        .mount("", server)
        .finalize(move |finished: &Finished<'_>| {
            hears.lock().unwrap().push((finished.outcome, finished.error.map(Error::code)));
        })
        .build()
        .unwrap();
    (adder, AddClient::with_origin(service, origin()), heard)
}

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_on_the_statuses_of_a_generated_server() {
    let (adder, mut client, heard) = served();
    assert_eq!(client.sum(SumRequest { a: 1, b: 2 }).await.unwrap().into_inner().v, 3);
    // The caller's mistakes open nothing.
    for _ in 0..10 {
        let status = client.sum(SumRequest { a: i64::MAX, b: 1 }).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (tonic::Code::OutOfRange, "the sum is too large"));
    }
    adder.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(client.sum(SumRequest::default()).await.unwrap_err().message(), "down");
    }
    assert_eq!(adder.calls.load(Ordering::Relaxed), 16);
    let refused = client.sum(SumRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert!(!refused.details().is_empty(), "the refusal is kit's, with its id");
    assert_eq!(adder.calls.load(Ordering::Relaxed), 16, "and was not asked");
    let heard: Vec<_> = heard.lock().unwrap().iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(
        (heard[0], heard[1], heard[11], heard[16]),
        (Outcome::Success, Outcome::BusinessError, Outcome::BackendError, Outcome::Rejected)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_in_its_trailers_counts_too() {
    let (adder, mut client, heard) = served();
    let read = async |client: &mut AddClient<RouterService>| {
        let mut numbers = client.count(SumRequest::default()).await?.into_inner();
        let mut read = Vec::new();
        while let Some(number) = numbers.message().await? {
            read.push(number.v);
        }
        Ok::<_, Status>(read)
    };
    assert_eq!(read(&mut client).await.unwrap(), [1, 2]);
    adder.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(read(&mut client).await.unwrap_err().message(), "down");
    }
    assert_ne!(read(&mut client).await.unwrap_err().message(), "down");
    assert_eq!(adder.calls.load(Ordering::Relaxed), 6, "the last was refused");
    let heard = heard.lock().unwrap();
    assert_eq!(heard[..2], [(Outcome::Success, None), (Outcome::BackendError, Some(Code::Unavailable))]);
}

#[tokio::test(start_paused = true)]
async fn a_generated_client_reads_what_kit_answers() {
    static SUM: kit::Method = kit::Method::new("pb.Add", "Sum");
    let sum = kit::request_fn(async |SumRequest { a, b }: SumRequest| match a.checked_add(b) {
        Some(v) => Ok(SumReply { v }),
        None => Err(Error::out_of_range("the sum is too large").with_reason("overflow")),
    });
    let service = Router::new().grpc(&SUM, kit::grpc::server::unary(sum)).build().unwrap();
    let mut client = AddClient::with_origin(service, origin());
    assert_eq!(client.sum(SumRequest { a: 1, b: 2 }).await.unwrap().into_inner().v, 3);
    let status = client.sum(SumRequest { a: i64::MAX, b: 1 }).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::OutOfRange, "the sum is too large"));
    assert!(String::from_utf8_lossy(status.details()).contains("overflow"));
    let status = client.count(SumRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

#[tokio::test(start_paused = true)]
async fn the_default_stack_ends_a_call_at_its_callers_deadline() {
    static SUM: kit::Method = kit::Method::new("pb.Add", "Sum");
    let never = kit::request_fn(async |_: SumRequest| std::future::pending::<Result<SumReply, Error>>().await);
    let stack = kit::server::Stack::new(&kit::log::Logger::discard(), &kit::metrics::Registry::new()).unwrap();
    let service = Router::with(stack).grpc(&SUM, kit::grpc::server::unary(never)).build().unwrap();
    let mut client = AddClient::with_origin(service, origin());
    let mut request = Request::new(SumRequest::default());
    request.set_timeout(Duration::from_millis(1_500));
    let begun = tokio::time::Instant::now();
    let status = client.sum(request).await.unwrap_err();
    assert_eq!((status.code(), begun.elapsed()), (tonic::Code::DeadlineExceeded, Duration::from_millis(1_500)));
}
